"""Brings entitlements in step with the facts: exact and idempotent, however often and from wherever it is called.

An entitlement is locked before its facts are read, so what is written follows from facts that were true then; what a
transaction changes after that is found by the next sweep.
"""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import insert, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from mingsuan.clock import business_date
from transactional.benefits import facts, rules
from transactional.benefits.facts import Held, Unit
from transactional.benefits.models import Entitlement, EntitlementEvent, SweepMark
from transactional.db import ReadSession, WriteSession, writing
from transactional.notices import service as notices

AT_ONCE = 500
log = logging.getLogger("mingsuan.benefits")

LOCK = text("""
select id from shop.entitlement where fulfilment_id = any(cast(:fulfilment_ids as bigint[]))
order by fulfilment_id for update
""")
OLDEST_RUNNING = text("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('mingsuan.benefits.sweep', 0))")
MARK = text("select swept_xid from shop.entitlement_sweep order by id limit 1")
SET_MARK = text("update shop.entitlement_sweep set swept_xid = :swept_xid")


async def bring(session: WriteSession, fulfilment_ids: Collection[int], zone: ZoneInfo) -> int:
    """The entitlements of these fulfilments say what the facts say; how many were made or changed.

    First the missing ones are made and then the others locked, each in the order of their fulfilments: who makes holds
    nothing that others lock yet, so that nobody waits in a circle.
    """
    at, ids = clock.now(), sorted(set(fulfilment_ids))
    units = await facts.of_units(session, ids)
    made = await _make(session, [unit for unit in units if unit.held is None], at, zone)
    held = [unit.fulfilment_id for unit in units if unit.fulfilment_id not in made]
    await session.execute(LOCK, {"fulfilment_ids": held})
    changed = len(made)
    for unit in await facts.of_units(session, held):
        if unit.held is not None:
            changed += await _follow(session, unit, unit.held, at, zone)
    return changed


def is_behind(unit: Unit, at: datetime) -> bool:
    """Whether an entitlement does not say what the facts say, or is not there."""
    return unit.held is None or bool(_values(unit, unit.held, _target(unit, unit.held, at), at))


async def behind_of_customer(session: ReadSession, customer_id: int) -> list[int]:
    """Fulfilments of a customer whose entitlements are behind; nothing is written."""
    at = clock.now()
    return [unit.fulfilment_id for unit in await facts.of_customer(session, customer_id) if is_behind(unit, at)]


async def sweep(engine: AsyncEngine, zone: ZoneInfo, *, everything: bool = False) -> int:
    """Everything that was written since the last sweep reaches the entitlements; how many changed.

    Commits by itself, a batch a transaction. What is under way now is left to the next sweep. A database that was
    restored counts its transactions anew: then everything is looked at, as with `everything`.
    """
    async with writing(engine) as session:
        oldest = int((await session.execute(OLDEST_RUNNING)).scalar_one())
        known = await _mark(session)
        since = 0 if everything or known > oldest else known
        left = await facts.changed(session, since, clock.now())
    changed = 0
    for start in range(0, len(left), AT_ONCE):
        async with writing(engine) as session:
            changed += await bring(session, left[start : start + AT_ONCE], zone)
    async with writing(engine) as session:
        await session.execute(SET_MARK, {"swept_xid": oldest})
    return changed


async def _mark(session: WriteSession) -> int:
    await session.execute(ONE_AT_A_TIME)
    known: int | None = await session.scalar(MARK)
    if known is None:
        session.add(SweepMark(swept_xid=0))
        await session.flush()
    return known or 0


async def _make(session: WriteSession, units: Sequence[Unit], at: datetime, zone: ZoneInfo) -> set[int]:
    """New entitlements; those that another transaction made meanwhile are not among the answer."""
    made: set[int] = set()
    for unit in units:
        state = rules.state_of(unit.facts, at)
        new = {
            "fulfilment_id": unit.fulfilment_id,
            "order_id": unit.order_id,
            "customer_id": unit.customer_id,
            "sku_id": unit.sku_id,
            "product_id": unit.product_id,
            "kind": unit.kind,
            "state": state,
            **_shown(unit, state, at),
        }
        written = insert_or_not(Entitlement).values(new).on_conflict_do_nothing(index_elements=["fulfilment_id"])
        row = (await session.execute(written.returning(Entitlement.id, Entitlement.public_id))).one_or_none()
        if row is not None:
            made.add(unit.fulfilment_id)
            await _note(session, row.id, None, state, "delivered", unit.delivered_at)
            await _tell(session, unit, str(row.public_id), at, zone)
    return made


async def _follow(session: WriteSession, unit: Unit, held: Held, at: datetime, zone: ZoneInfo) -> int:
    """1 when something was written, else 0. A move that the table refuses leaves everything as it is."""
    try:
        move = rules.decide(held.state, unit.facts, at)
    except rules.ForbiddenMoveError as error:
        log.error("entitlement %s stays as it is: %s", held.id, error)
        return 0
    values = _values(unit, held, move.to if move else held.state, at)
    if not values:
        return 0
    await session.execute(update(Entitlement).where(Entitlement.id == held.id).values(values))
    if move is not None:
        await _note(session, held.id, held.state, move.to, move.cause, at)
    elif unit.facts.replaced:
        await _note(session, held.id, held.state, held.state, "replaced", at)
    await _tell(session, unit, str(held.public_id), at, zone)
    return 1


def _target(unit: Unit, held: Held, at: datetime) -> str:
    try:
        move = rules.decide(held.state, unit.facts, at)
    except rules.ForbiddenMoveError:
        return held.state
    return move.to if move else held.state


def _values(unit: Unit, held: Held, state: str, at: datetime) -> dict[str, object]:
    """What of the entitlement is to be written, empty when it is in step."""
    wanted = {"state": state, **_shown(unit, state, at)}
    if unit.facts.replaced:
        wanted |= {"replaced_at": at, "used_at": None}
    return {name: value for name, value in wanted.items() if getattr(held, name) != value}


def _shown(unit: Unit, state: str, at: datetime) -> dict[str, object]:
    """What an entitlement repeats of the facts, so that lists need not ask for them."""
    began = unit.delivered_at if unit.facts.done_on_delivery else unit.confirmed_at or unit.facts.starts_at
    return {
        "card_id": unit.card_id,
        "revealed_at": unit.facts.revealed_at,
        "activated_at": None if state == "pending" else began,
        "expires_at": rules.expires_at(unit.facts),
        "provider_ref": unit.provider_ref,
        "look_at": rules.changes_at(unit.facts, at),
    }


async def _note(
    session: WriteSession, entitlement_id: int, held: str | None, to: str, cause: str, at: datetime
) -> None:
    row = {"entitlement_id": entitlement_id, "from_state": held, "to_state": to, "cause": cause, "happened_at": at}
    await session.execute(insert(EntitlementEvent).values(row))


async def _tell(session: WriteSession, unit: Unit, public_id: str, at: datetime, zone: ZoneInfo) -> None:
    ends = rules.expires_at(unit.facts)
    if ends is not None and rules.is_expiring(unit.facts, at):
        last_day = business_date(ends - timedelta(microseconds=1), zone)
        values = {"product": unit.title_zh, "product_en": unit.title_en, "expires_on": last_day.isoformat()}
        await notices.tell(session, unit.customer_id, "benefit_expiring", f"benefit:{public_id}", values)
