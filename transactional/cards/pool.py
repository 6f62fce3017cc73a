"""Statements over the pool of codes and physical units: hold, deliver, reclaim, keep, release, replace.

A hold ends by time alone and belongs to its order item until another claims the unit. Whom a unit is for, and what it
posts, is decided by the callers; codes are not readable from here. Physical units are cards without ciphertext.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from transactional.db import ReadSession, WriteSession
from transactional.errors import OutOfStockError

ATTEMPTS = 6
FREE = """delivered_fulfilment_id is null and state = 'available' and free_at <= :at
            and (expires_at is null or expires_at > :at)"""

# Who claims for several takers of one SKU numbers its units: each taker gets the next ones in its turn.
CLAIM = f"""
with asked as materialized (
    select taker, sku_id, quantity,
        sum(quantity) over (partition by sku_id order by taker) - quantity as before
    from unnest(cast(:taker as bigint[]), cast(:sku_id as bigint[]), cast(:quantity as bigint[]))
        as given (taker, sku_id, quantity)
), wanted as materialized (
    select sku_id, sum(quantity) as quantity from asked group by sku_id order by sku_id
), claimed as materialized (
    select wanted.sku_id, free.id
    from wanted cross join lateral (
        select card.id from shop.card
        where card.sku_id = wanted.sku_id and {FREE}
        order by card.free_at, card.pick limit wanted.quantity for update skip locked
    ) as free
), numbered as (
    select id, sku_id, row_number() over (partition by sku_id order by id) as number from claimed
), given as (
    select numbered.id, asked.taker from numbered
    join asked on asked.sku_id = numbered.sku_id
        and numbered.number > asked.before and numbered.number <= asked.before + asked.quantity
)
"""
HOLD = text(f"""{CLAIM}
update shop.card set free_at = coalesce(cast(:until as timestamptz), 'infinity'), held_item_id = given.taker
from given where card.id = given.id returning card.held_item_id as taker
""")
RECLAIM = text(f"""{CLAIM}
update shop.card set state = 'delivered', free_at = 'infinity', delivered_fulfilment_id = given.taker,
    held_item_id = null
from given where card.id = given.id
returning card.delivered_fulfilment_id as fulfilment_id, card.id as card_id, card.cost_fen
""")

DELIVER = text("""
with unit as materialized (
    select fulfilment_id, item_id, row_number() over (partition by item_id order by fulfilment_id) as number
    from unnest(cast(:fulfilment_id as bigint[]), cast(:item_id as bigint[])) as given (fulfilment_id, item_id)
), own as materialized (
    select id, held_item_id from shop.card
    where held_item_id = any(cast(:item_id as bigint[])) and delivered_fulfilment_id is null
        and state = 'available' and (expires_at is null or expires_at > :at)
    order by id for update
), numbered as (
    select id, held_item_id, row_number() over (partition by held_item_id order by id) as number from own
)
update shop.card set state = 'delivered', free_at = 'infinity', delivered_fulfilment_id = unit.fulfilment_id,
    held_item_id = null
from numbered join unit on unit.item_id = numbered.held_item_id and unit.number = numbered.number
where card.id = numbered.id
returning card.delivered_fulfilment_id as fulfilment_id, card.id as card_id, card.cost_fen
""")

KEEP = text("""
with own as materialized (
    select id, held_item_id from shop.card
    where held_item_id = any(cast(:item_id as bigint[])) and delivered_fulfilment_id is null
        and state = 'available' and (expires_at is null or expires_at > :at)
    order by id for update
)
update shop.card set free_at = 'infinity' from own where card.id = own.id returning card.held_item_id as taker
""")

RELEASE = text("""
with given as materialized (
    select * from unnest(cast(:item_id as bigint[]), cast(:quantity as bigint[])) as given (item_id, quantity)
), own as materialized (
    select id, held_item_id from shop.card
    where held_item_id = any(cast(:item_id as bigint[])) and delivered_fulfilment_id is null and state = 'available'
    order by id for update
), numbered as (
    select id, held_item_id, row_number() over (partition by held_item_id order by id) as number from own
)
update shop.card set free_at = '-infinity', held_item_id = null
from numbered join given on given.item_id = numbered.held_item_id and numbered.number <= given.quantity
where card.id = numbered.id returning card.id
""")

REPLACEMENT = text(f"""
select card.id as card_id, card.cost_fen from shop.card
where card.sku_id = :sku_id and {FREE} order by card.free_at, card.pick limit 1 for update skip locked
""")
GIVE_UP = text("""
update shop.card set state = 'defective', free_at = 'infinity', delivered_fulfilment_id = null
where id = :card_id and delivered_fulfilment_id = :fulfilment_id and state = 'delivered' returning id
""")
HAND_OVER = text("""
update shop.card set state = 'delivered', free_at = 'infinity', delivered_fulfilment_id = :fulfilment_id,
    held_item_id = null
where id = :card_id
""")

FREE_UNITS = text(f"""
select sku_id, count(*) as quantity from shop.card
where sku_id = any(cast(:sku_id as bigint[])) and {FREE} group by sku_id
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many units of a SKU for an order item."""

    item_id: int
    sku_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class UnitOfItem:
    """A fulfilment of one unit, the order item that it belongs to, and its SKU."""

    fulfilment_id: int
    item_id: int
    sku_id: int


@dataclass(frozen=True, slots=True)
class Handed:
    """A unit that was given to a fulfilment; its cost in fen, None when unknown."""

    fulfilment_id: int
    card_id: int
    cost_fen: int | None


async def hold(session: WriteSession, wants: Sequence[Wanted], at: datetime, until: datetime) -> None:
    """Keeps units for their items until an instant, all of them or none. Raises OutOfStockError."""
    needed = sum(want.quantity for want in wants)

    async def attempt() -> int:
        async with session.begin_nested() as savepoint:
            held = len((await session.execute(HOLD, {**_takers(wants), "at": at, "until": until})).all())
            if held < needed:
                await savepoint.rollback()
        return held

    demand = Counter[int]()
    for want in wants:
        demand[want.sku_id] += want.quantity
    if await _patiently(session, attempt, needed, demand, at) < needed:
        raise OutOfStockError


async def deliver(session: WriteSession, units: Sequence[UnitOfItem], at: datetime) -> tuple[Handed, ...]:
    """Gives units their items' own holds, expired or not; those whose hold was lost to another are not answered for."""
    values = {"fulfilment_id": [unit.fulfilment_id for unit in units], "item_id": [unit.item_id for unit in units]}
    return _handed(await session.execute(DELIVER, {**values, "at": at}))


async def reclaim(session: WriteSession, units: Sequence[UnitOfItem], at: datetime) -> tuple[Handed, ...]:
    """Gives fulfilments free units of their SKUs, as many as there are; the rest are not answered for."""
    handed: list[Handed] = []
    missing = list(units)

    async def attempt() -> int:
        takers = [Wanted(unit.fulfilment_id, unit.sku_id, 1) for unit in missing]
        taken = _handed(await session.execute(RECLAIM, {**_takers(takers), "at": at}))
        served = {one.fulfilment_id for one in taken}
        handed.extend(taken)
        missing[:] = [unit for unit in missing if unit.fulfilment_id not in served]
        return len(handed)

    demand = Counter(unit.sku_id for unit in units)
    await _patiently(session, attempt, len(units), demand, at, lambda: Counter(unit.sku_id for unit in missing))
    return tuple(handed)


async def keep(session: WriteSession, wants: Sequence[Wanted], at: datetime) -> dict[int, int]:
    """Paid units that are shipped later: own holds last for ever, lost ones are claimed anew as far as there are.

    Answers how many units each item has.
    """
    own = Counter(await session.scalars(KEEP, {"item_id": [want.item_id for want in wants], "at": at}))
    lost = [Wanted(w.item_id, w.sku_id, w.quantity - own[w.item_id]) for w in wants if own[w.item_id] < w.quantity]
    if lost:
        own.update(await session.scalars(HOLD, {**_takers(lost), "at": at, "until": None}))
    return dict(own)


async def release(session: WriteSession, quantities: Mapping[int, int]) -> int:
    """Gives up at most so many undelivered units of each order item; how many are free again."""
    values = {"item_id": list(quantities), "quantity": list(quantities.values())}
    return len((await session.execute(RELEASE, values)).all())


async def replace(session: WriteSession, card_id: int, fulfilment_id: int, sku_id: int, at: datetime) -> Handed | None:
    """Another code for a fulfilment whose delivered code is bad; None, and nothing changed, when none is free.

    Raises LookupError when the fulfilment does not hold that card.
    """
    free = (await session.execute(REPLACEMENT, {"sku_id": sku_id, "at": at})).one_or_none()
    if free is None:
        return None
    of = {"card_id": card_id, "fulfilment_id": fulfilment_id}
    if (await session.execute(GIVE_UP, of)).one_or_none() is None:
        raise LookupError(f"fulfilment {fulfilment_id} does not hold card {card_id}")
    await session.execute(HAND_OVER, {"card_id": free.card_id, "fulfilment_id": fulfilment_id})
    return Handed(fulfilment_id, free.card_id, free.cost_fen)


async def free_units(session: ReadSession, sku_ids: Iterable[int], at: datetime) -> dict[int, int]:
    """Free, unexpired units of each SKU, whether or not a transaction under way has locked them."""
    rows = await session.execute(FREE_UNITS, {"sku_id": list(sku_ids), "at": at})
    return {row.sku_id: row.quantity for row in rows}


async def _patiently(
    session: WriteSession,
    attempt: Callable[[], Awaitable[int]],
    needed: int,
    demand: Mapping[int, int],
    at: datetime,
    still: Callable[[], Mapping[int, int]] | None = None,
) -> int:
    """Tries again while others hold locks on units that they may give back; the result of the last attempt."""
    for number in range(ATTEMPTS):
        got = await attempt()
        if got >= needed or number == ATTEMPTS - 1:
            return got
        missing = still() if still else demand
        free = await free_units(session, missing, at)
        if not _hopeful(missing, free, everything=still is None):
            return got
        await asyncio.sleep(random.uniform(0, 0.005 * 2**number))  # noqa: S311  (spreads out who tries again)
    raise AssertionError("unreachable")


def _hopeful(missing: Mapping[int, int], free: Mapping[int, int], *, everything: bool) -> bool:
    enough = [free.get(sku_id, 0) >= (quantity if everything else 1) for sku_id, quantity in missing.items()]
    return all(enough) if everything else any(enough)


def _takers(wants: Sequence[Wanted]) -> dict[str, list[int]]:
    return {
        "taker": [want.item_id for want in wants],
        "sku_id": [want.sku_id for want in wants],
        "quantity": [want.quantity for want in wants],
    }


def _handed(rows: Iterable[object]) -> tuple[Handed, ...]:
    return tuple(Handed(row.fulfilment_id, row.card_id, row.cost_fen) for row in rows)  # type: ignore[attr-defined]
