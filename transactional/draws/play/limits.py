"""A customer's own limits on stakes and losses: tighter at once, looser after a day, and to be seen at any time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from transactional.db import ReadSession, WriteSession
from transactional.draws.models import PlayLimit
from transactional.draws.play import queries
from transactional.draws.play.profiles import LOOSER_AFTER, WINDOWS
from transactional.draws.play.rules import Limit
from transactional.errors import FieldProblem, InvalidInputError

LARGEST_FEN = 1_000_000_000_00
ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('play_limit:' || :customer_id, 0))")
"""Of one customer's wishes, who need not have a wallet to lock yet."""
WRONG_AMOUNT = "Enter an amount of zero or more, or leave it empty for no limit."


@dataclass(frozen=True, slots=True)
class Standing:
    """One kind of limit as its owner sees it: what holds, what will, and how much of the window is used."""

    kind: str
    amount_fen: int | None
    next_amount_fen: int | None
    next_from: datetime | None
    used_fen: int
    days: int


async def set_limits(
    session: WriteSession, customer_id: int, wanted: Mapping[str, int | None], at: datetime
) -> dict[str, Limit]:
    """What holds and will hold after the wish, by kind. None wants no limit, which is the loosest.

    Tighter holds at once and drops a looser one that waited; looser waits for a day, from now on also when another
    waited already; the same as what waits changes nothing. Raises InvalidInputError.
    """
    _checked(wanted)
    await session.execute(ONE_AT_A_TIME, {"customer_id": str(customer_id)})
    await queries.lock(session, [customer_id])
    rows = await session.scalars(
        select(PlayLimit).where(PlayLimit.customer_id == customer_id).order_by(PlayLimit.id).with_for_update()
    )
    have = {row.kind: row for row in rows}
    for kind, amount_fen in wanted.items():
        row = have.get(kind)
        if row is None:
            have[kind] = row = PlayLimit(customer_id=customer_id, kind=kind, amount_fen=amount_fen)
            session.add(row)
        else:
            changed = after(Limit(row.amount_fen, row.next_amount_fen, row.next_from), amount_fen, at)
            row.amount_fen, row.next_amount_fen, row.next_from = (
                changed.amount_fen,
                changed.next_amount_fen,
                changed.next_from,
            )
    await session.flush()
    return {kind: Limit(row.amount_fen, row.next_amount_fen, row.next_from) for kind, row in have.items()}


def after(have: Limit, wanted_fen: int | None, at: datetime) -> Limit:
    """A limit after its owner wished for another."""
    now_fen = have.at(at)
    waits = have.next_from is not None and have.next_from > at
    if wanted_fen == now_fen or not _is_looser(wanted_fen, now_fen):
        return Limit(wanted_fen)
    if waits and wanted_fen == have.next_amount_fen:
        return have
    return Limit(now_fen, wanted_fen, at + LOOSER_AFTER)


async def standing(session: ReadSession, customer_id: int, at: datetime) -> list[Standing]:
    """Every kind in the order of WINDOWS, those without a limit too."""
    limits = (await queries.limits_of(session, [customer_id])).get(customer_id, {})
    used = (await queries.spent_of(session, [customer_id], at, [customer_id])).get(customer_id, {})
    return [_standing(kind, limits.get(kind, Limit(None)), used.get(kind, 0), at) for kind in WINDOWS]


async def was_asked(session: ReadSession, customer_id: int) -> bool:
    """Whether the customer ever said which limits they want, none included."""
    return bool(await queries.limits_of(session, [customer_id]))


def _standing(kind: str, limit: Limit, used_fen: int, at: datetime) -> Standing:
    waits = limit.next_from is not None and limit.next_from > at
    return Standing(
        kind,
        limit.at(at),
        limit.next_amount_fen if waits else None,
        limit.next_from if waits else None,
        used_fen,
        WINDOWS[kind].days,
    )


def _is_looser(wanted_fen: int | None, now_fen: int | None) -> bool:
    return now_fen is not None and (wanted_fen is None or wanted_fen > now_fen)


def _checked(wanted: Mapping[str, int | None]) -> None:
    wrong = [kind for kind, fen in wanted.items() if fen is not None and not 0 <= fen <= LARGEST_FEN]
    if wrong:
        raise InvalidInputError([FieldProblem(kind, WRONG_AMOUNT) for kind in wrong])
    if unknown := set(wanted) - set(WINDOWS):
        raise ValueError(f"there are no such kinds of limits: {sorted(unknown)}")
