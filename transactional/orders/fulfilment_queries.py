"""SQL of fulfilment: units with what they are, orders locked while they move, states written."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession, WriteSession

LOCK_ORDERS = text("""
select id, order_no, customer_id, state, pay_by, cancelled_at, completed_at from shop.orders
where id = any(cast(:order_ids as bigint[])) order by id for update
""")

UNITS = """
select f.id as fulfilment_id, f.public_id, i.id as item_id, i.order_id, o.order_no, o.customer_id, o.paid_at, i.sku_id,
    p.kind, s.duration_days, f.quantity, f.state, f.waits_for, f.gross_fen, f.discount_fen, f.cost_fen, f.delivered_at
from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
where {condition} order by i.order_id, i.line_no, f.unit_no
"""
UNITS_OF_ORDER = text(UNITS.format(condition="i.order_id = :order_id"))
UNITS_BY_ID = text(UNITS.format(condition="f.id = any(cast(:fulfilment_ids as bigint[]))"))
UNIT_BY_PUBLIC_ID = text(UNITS.format(condition="f.public_id = :public_id"))

MARK = text("""
update shop.fulfilment set state = :state, waits_for = :waits_for where id = any(cast(:fulfilment_ids as bigint[]))
""")
MARK_DELIVERED = text("""
update shop.fulfilment set state = 'delivered', waits_for = null, delivered_at = :at, delivered_by = :staff_id,
    cost_fen = given.cost_fen
from unnest(cast(:fulfilment_ids as bigint[]), cast(:cost_fen as bigint[])) as given (id, cost_fen)
where fulfilment.id = given.id
""")

EXPIRED = text("""
select id from shop.orders where state = 'pending_payment' and pay_by < :at
order by pay_by limit :limit for update skip locked
""")

REFUND_STANDS = text("""
select f.id as fulfilment_id, f.delivered_at, f.gross_fen - f.discount_fen as net_fen,
    coalesce(sum(r.amount_fen) filter (where r.state = 'succeeded'), 0)::bigint as refunded_fen,
    count(r.id) filter (where r.state = 'pending') as pending
from shop.fulfilment as f left join shop.refund as r on r.fulfilment_id = f.id
where f.id = any(cast(:fulfilment_ids as bigint[])) group by f.id
""")


@dataclass(frozen=True, slots=True)
class LockedOrder:
    """An order that nobody else can move until this transaction ends."""

    id: int
    order_no: str
    customer_id: int
    state: str
    pay_by: datetime | None
    cancelled_at: datetime | None
    completed_at: datetime | None

    @property
    def was_withdrawn(self) -> bool:
        """Cancelled by somebody, not by time."""
        ran_out = self.pay_by is not None and self.cancelled_at is not None and self.cancelled_at > self.pay_by
        return self.state == "cancelled" and not ran_out


@dataclass(frozen=True, slots=True)
class Unit:
    """A fulfilment with what it is a unit of."""

    fulfilment_id: int
    public_id: UUID
    item_id: int
    order_id: int
    order_no: str
    customer_id: int
    paid_at: datetime | None
    sku_id: int
    kind: str
    duration_days: int | None
    quantity: int
    state: str
    waits_for: str | None
    gross_fen: int
    discount_fen: int
    cost_fen: int | None
    delivered_at: datetime | None

    @property
    def net_fen(self) -> int:
        return self.gross_fen - self.discount_fen


@dataclass(frozen=True, slots=True)
class RefundStands:
    """How much of a unit has been refunded, and how many refunds of it are under way."""

    fulfilment_id: int
    delivered_at: datetime | None
    net_fen: int
    refunded_fen: int
    pending: int


async def lock_orders(session: WriteSession, order_ids: Collection[int]) -> dict[int, LockedOrder]:
    """In the order of their keys, so that two who lock several never wait for each other."""
    rows = await session.execute(LOCK_ORDERS, {"order_ids": sorted(order_ids)})
    return {row.id: LockedOrder(**row._mapping) for row in rows}


async def units_of_order(session: ReadSession, order_id: int) -> list[Unit]:
    return _units(await session.execute(UNITS_OF_ORDER, {"order_id": order_id}))


async def units_by_id(session: ReadSession, fulfilment_ids: Collection[int]) -> list[Unit]:
    return _units(await session.execute(UNITS_BY_ID, {"fulfilment_ids": list(fulfilment_ids)}))


async def unit_by_public_id(session: ReadSession, public_id: UUID) -> Unit | None:
    found = _units(await session.execute(UNIT_BY_PUBLIC_ID, {"public_id": public_id}))
    return found[0] if found else None


async def mark(session: WriteSession, units: Sequence[Unit], state: str, waits_for: str | None = None) -> None:
    if units:
        ids = [unit.fulfilment_id for unit in units]
        await session.execute(MARK, {"fulfilment_ids": ids, "state": state, "waits_for": waits_for})


async def mark_delivered(
    session: WriteSession, costs: Sequence[tuple[int, int | None]], at: datetime, staff_id: int | None
) -> None:
    """`costs` is (fulfilment, cost in fen or None when unknown) for each unit."""
    ids, fen = [unit for unit, _ in costs], [cost for _, cost in costs]
    await session.execute(MARK_DELIVERED, {"fulfilment_ids": ids, "cost_fen": fen, "at": at, "staff_id": staff_id})


async def expired(session: WriteSession, at: datetime, limit: int) -> list[int]:
    """Unpaid orders whose time is over, locked; those that another is deciding about are left to it."""
    return list(await session.scalars(EXPIRED, {"at": at, "limit": limit}))


async def refund_stands(session: ReadSession, fulfilment_ids: Collection[int]) -> dict[int, RefundStands]:
    rows = await session.execute(REFUND_STANDS, {"fulfilment_ids": list(fulfilment_ids)})
    return {row.fulfilment_id: RefundStands(**row._mapping) for row in rows}


def _units(rows: Any) -> list[Unit]:
    return [Unit(**row._mapping) for row in rows]
