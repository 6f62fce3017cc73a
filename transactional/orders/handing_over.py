"""Handing goods over: codes from the pool, memberships at once, the rest marked with what it waits for.

Each unit handed over is marked and posted here; what the order becomes of it is `progress`.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from transactional.cards import pool
from transactional.db import WriteSession
from transactional.ledger import service as ledger
from transactional.ledger.rules import Account, Delivered, item_delivered
from transactional.orders import fulfilment_queries as queries
from transactional.orders import memberships
from transactional.orders.fulfilment_queries import Unit
from transactional.suppliers import service as suppliers


@dataclass(frozen=True, slots=True)
class Source:
    """Whom goods were bought from for the order that they go to, and over which channel; the own stock names none."""

    supplier_id: int | None = None
    channel_id: int | None = None


OWN_STOCK = Source()


async def hand_over(session: WriteSession, units: Sequence[Unit], at: datetime, zone: ZoneInfo) -> list[Unit]:
    """Whatever can be handed over now, or bought; answers the waiting units for which there is no stock."""
    by_kind: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        if unit.state == "waiting":
            by_kind[unit.kind].append(unit)
    await queries.mark(session, by_kind["manual_service"], "waiting", "manual")
    await queries.mark(session, by_kind["api_topup"], "waiting", "supplier")
    await suppliers.obtain(session, [unit.fulfilment_id for unit in by_kind["api_topup"]])
    await _activate(session, by_kind["membership"], at)
    without = await _bought(session, await _codes(session, by_kind["card_code"], at, zone))
    without += await _shipped_later(session, by_kind["physical"], at)
    await queries.mark(session, without, "waiting", "stock")
    return without


async def record(
    session: WriteSession,
    units: Sequence[Unit],
    costs: Mapping[int, int | None],
    at: datetime,
    zone: ZoneInfo,
    staff_id: int | None = None,
    cost_from: Account = Account.CARD_INVENTORY,
    source: Source = OWN_STOCK,
) -> None:
    """Marks units as delivered and earns their revenue; `costs` by fulfilment, None when unknown."""
    if not units:
        return
    await queries.mark_delivered(session, [(u.fulfilment_id, costs[u.fulfilment_id]) for u in units], at, staff_id)
    await ledger.post(session, [item_delivered(_delivered(u, costs, at, cost_from, source)) for u in units], zone)


async def _codes(session: WriteSession, units: Sequence[Unit], at: datetime, zone: ZoneInfo) -> list[Unit]:
    """Own holds first, then whatever is free; answers the units that got none."""
    if not units:
        return []
    wanted = [pool.UnitOfItem(unit.fulfilment_id, unit.item_id, unit.sku_id) for unit in units]
    costs = {handed.fulfilment_id: handed.cost_fen for handed in await pool.deliver(session, wanted, at)}
    lost = [unit for unit in wanted if unit.fulfilment_id not in costs]
    if lost:
        costs |= {handed.fulfilment_id: handed.cost_fen for handed in await pool.reclaim(session, lost, at)}
    await record(session, [unit for unit in units if unit.fulfilment_id in costs], costs, at, zone)
    return [unit for unit in units if unit.fulfilment_id not in costs]


async def _bought(session: WriteSession, units: Sequence[Unit]) -> list[Unit]:
    """Codes that are not in stock but that channels offer are bought; answers the units that nobody offers."""
    if not units:
        return []
    offered = await suppliers.offered(session, {unit.sku_id for unit in units})
    to_buy = [unit for unit in units if unit.sku_id in offered]
    await queries.mark(session, to_buy, "waiting", "supplier")
    await suppliers.obtain(session, [unit.fulfilment_id for unit in to_buy])
    return [unit for unit in units if unit.sku_id not in offered]


async def _shipped_later(session: WriteSession, units: Sequence[Unit], at: datetime) -> list[Unit]:
    """Physical units are kept until staff ship them; answers those of which there is none."""
    if not units:
        return []
    counts = Counter((unit.item_id, unit.sku_id) for unit in units)
    wants = [pool.Wanted(item_id, sku_id, count) for (item_id, sku_id), count in counts.items()]
    have = Counter(await pool.keep(session, wants, at))
    there: list[Unit] = []
    for unit in units:
        if have[unit.item_id] > 0:
            have[unit.item_id] -= 1
            there.append(unit)
    await queries.mark(session, there, "waiting", "manual")
    return [unit for unit in units if unit not in there]


async def _activate(session: WriteSession, units: Sequence[Unit], at: datetime) -> None:
    if units:
        await memberships.activate(session, units, at)
        await queries.mark_delivered(session, [(unit.fulfilment_id, 0) for unit in units], at, None)


def _delivered(
    unit: Unit, costs: Mapping[int, int | None], at: datetime, cost_from: Account, source: Source
) -> Delivered:
    return Delivered(
        fulfilment_id=unit.fulfilment_id,
        order_item_id=unit.item_id,
        order_id=unit.order_id,
        customer_id=unit.customer_id,
        gross_fen=unit.gross_fen,
        discount_fen=unit.discount_fen,
        cost_fen=costs[unit.fulfilment_id],
        delivered_at=at,
        cost_from=cost_from,
        supplier_id=source.supplier_id,
        channel_id=source.channel_id,
    )
