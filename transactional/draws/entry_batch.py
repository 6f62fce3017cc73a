"""Entries accepted a batch at a time: lock the draws, look at everything, decide in order, write in one statement.

Alone among draws, this names other slices' tables in its statements, as purchases from the wallet do.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from transactional.db import WriteSession
from transactional.draws import entry_alarms, entry_rows
from transactional.draws.entry_deciding import Chance, Standing, usable
from transactional.draws.entry_queries import CHANCES, LOOK, WRITE
from transactional.draws.entry_requests import EnterRequest
from transactional.draws.entry_rows import Accepted
from transactional.draws.entry_schemas import Entered
from transactional.draws.entry_standings import locked
from transactional.draws.moving import step_at
from transactional.draws.play import guard
from transactional.errors import IdempotencyKeyReusedError, NotFoundError, ShopError

Outcome = Entered | ShopError


async def enter(session: WriteSession, requests: Sequence[EnterRequest], zone: ZoneInfo) -> list[Outcome]:
    """For each request its entries, or why it was refused; all in the caller's transaction.

    At most one request per customer (ValueError otherwise). Raises IntegrityError when another transaction used the
    same key for another draw meanwhile: to be tried again in a new transaction. Raises DrawBusyError.
    """
    if len({request.customer_id for request in requests}) != len(requests):
        raise ValueError("a batch takes one request per customer, whose wallet it weighs once")
    standings, at = await locked(session, {request.draw for request in requests})
    rows = await _look(session, requests, standings, at)
    chances = await _chances(session, requests, at)
    forbidden = await _forbidden(session, requests, rows, standings, at)
    outcomes: list[Outcome] = []
    accepted: list[Accepted] = []
    for request, row in zip(requests, rows, strict=True):
        outcome = _answered(request, row) or forbidden.get(request) or _decided(request, row, standings, chances)
        if isinstance(outcome, Accepted):
            accepted.append(outcome)
            outcome = outcome.answer()
        outcomes.append(outcome)
    if accepted:
        await _write(session, accepted, zone)
    await entry_alarms.clocks(session, standings.values())
    for standing in standings.values():
        if standing.was_filled():
            await step_at(session, standing.draw.id)
    return outcomes


async def _look(
    session: WriteSession, requests: Sequence[EnterRequest], standings: Mapping[UUID, Standing], at: datetime
) -> Sequence[Any]:
    there = {name: standing.draw.id for name, standing in standings.items()}
    values = {
        "place": list(range(len(requests))),
        "customer_id": [request.customer_id for request in requests],
        "draw_id": [there.get(request.draw) for request in requests],
        "subject": [request.subject for request in requests],
        "key": [request.idempotency_key for request in requests],
        "hold": [request.hold_id for request in requests],
        "payer": [r.customer_id for r in requests if r.pay == "wallet" and _is_open(standings.get(r.draw))],
        "at": at,
    }
    return (await session.execute(LOOK, values)).all()


async def _chances(session: WriteSession, requests: Sequence[EnterRequest], at: datetime) -> dict[int, list[Chance]]:
    users = [request.customer_id for request in requests if request.pay == "chances"]
    found: dict[int, list[Chance]] = defaultdict(list)
    if users:
        for row in await session.execute(CHANCES, {"customer_id": users, "at": at}):
            found[row.customer_id].append(Chance(row.id, row.draw_id, row.source, row.left, row.expires_at))
    return found


async def _forbidden(
    session: WriteSession,
    requests: Sequence[EnterRequest],
    rows: Sequence[Any],
    standings: Mapping[UUID, Standing],
    at: datetime,
) -> dict[EnterRequest, ShopError]:
    """What the rules of play refuse. Asked once wallets are locked, so that what was staked elsewhere is counted."""
    fresh = [request for request, row in zip(requests, rows, strict=True) if row.request_sha256 is None]
    asking = [(request, standings[request.draw]) for request in fresh if _is_open(standings.get(request.draw))]
    if not asking:
        return {}
    wishes = [
        (standing.draw, guard.Wish(request.customer_id, standing.stake_fen(request))) for request, standing in asking
    ]
    refusals = await guard.refusals_of_many(session, wishes, at)
    return {request: why for (request, _), why in zip(asking, refusals, strict=True) if why is not None}


def _is_open(standing: Standing | None) -> bool:
    """Whether the request has to be weighed at all: nothing is locked for one that comes too late."""
    return standing is not None and standing.takes_entries()


def _answered(request: EnterRequest, row: Any) -> Outcome | None:
    """The first answer under this key, if it was used."""
    if row.request_sha256 is None:
        return None
    if bytes(row.request_sha256) != request.sha256:
        return IdempotencyKeyReusedError()
    return Entered.model_validate_json(row.answer)


def _decided(
    request: EnterRequest, row: Any, standings: Mapping[UUID, Standing], chances: Mapping[int, list[Chance]]
) -> Accepted | ShopError:
    standing = standings.get(request.draw)
    if standing is None:
        return NotFoundError()
    mine = usable(chances.get(request.customer_id, ()), standing.draw)
    return standing.refusal(request, row, mine) or standing.accept(request, row, mine)


async def _write(session: WriteSession, accepted: Sequence[Accepted], zone: ZoneInfo) -> None:
    """Raises RuntimeError when something moved under the locks: the transaction must not be committed."""
    values = entry_rows.parameters(accepted, zone)
    written = (await session.execute(WRITE, values)).one()
    expected = tuple(len(values[name]) for name in ("payer", "hold", "chance", "draw"))
    if tuple(written) != expected:
        raise RuntimeError(f"weighed {expected} wallets, holds, chances and draws, wrote {written}")
