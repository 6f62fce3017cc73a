"""The desk's list of orders: what a filter finds, newest first, page by page, and what it adds up to.

Conditions are only written for what is filtered by, so that each takes its own index. What a row may be used for is
decided by the pages.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from mingsuan.clock import start_of
from transactional.db import ReadSession
from transactional.orders.rules import ORDER_STATES, WAITS

A_PAGE = 50
BATCH = 1000

STATE_NOW = "case when o.state = 'pending_payment' and o.pay_by < :at then 'cancelled' else o.state end"
# Which units wait is counted, not looked for: the index of waiting units would be read whole for each order.
COLUMNS = f"""
o.id, o.order_no, {STATE_NOW} as state, o.gross_fen, o.discount_fen, o.net_fen, o.ordered_at, o.paid_at,
o.delivered_at, c.public_id as customer, c.email,
(select coalesce(sum(i.quantity), 0)::bigint from shop.order_item as i where i.order_id = o.id) as quantity,
coalesce(p.title_zh, '') as title_zh, coalesce(p.title_en, '') as title_en,
(select m.method from shop.payment as m where m.order_id = o.id and m.state = 'succeeded' limit 1) as method,
(
    select coalesce(sum(r.amount_fen), 0)::bigint
    from shop.order_item as i join shop.fulfilment as f on f.order_item_id = i.id
    join shop.refund as r on r.fulfilment_id = f.id where i.order_id = o.id and r.state = 'succeeded'
) as refunded_fen,
coalesce((
    select array_agg(distinct f.waits_for) filter (where f.state = 'waiting' and f.waits_for is not null)
    from shop.order_item as i join shop.fulfilment as f on f.order_item_id = i.id
    where i.order_id = o.id and o.paid_at is not null
), cast(array[] as text[])) as reasons
"""
JOINS = """
join shop.customer as c on c.id = o.customer_id
left join shop.order_item as first on first.order_id = o.id and first.line_no = 1
left join shop.sku as s on s.id = first.sku_id
left join shop.product as p on p.id = s.product_id
"""
NEWEST = "order by o.ordered_at desc, o.id desc"
OLDER = (
    "(o.ordered_at, o.id) < (select last.ordered_at, last.id from shop.orders as last where last.order_no = :before)"
)
OF_METHOD = """exists (
    select from shop.payment as paid where paid.order_id = o.id and paid.method = :method and paid.state = 'succeeded'
)"""
OF_PRODUCT = """exists (
    select from shop.order_item as i join shop.sku as sold on sold.id = i.sku_id
    where i.order_id = o.id and sold.product_id = :product_id
)"""
THAT_WAIT = """o.paid_at is not null and o.id in (
    select i.order_id from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
    where f.state = 'waiting' and {reason}
)"""
PRODUCTS = text("select slug, id, title_zh, title_en from shop.product order by title_zh, id limit 500")


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """Which orders; days are business dates, both included. `waits_for` "any": whatever it waits for."""

    state: str = ""
    since: date | None = None
    until: date | None = None
    method: str = ""
    product_id: int | None = None
    customer_id: int | None = None
    least_fen: int | None = None
    most_fen: int | None = None
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """One row of the list, and of the export."""

    id: int
    order_no: str
    state: str
    gross_fen: int
    discount_fen: int
    net_fen: int
    ordered_at: datetime
    paid_at: datetime | None
    delivered_at: datetime | None
    customer: UUID
    email: str | None
    quantity: int
    title_zh: str
    title_en: str
    method: str | None
    refunded_fen: int
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class Totals:
    """Of every order that a filter finds, not of one page."""

    count: int
    net_fen: int
    paid_fen: int


@dataclass(slots=True)
class _Where:
    """Conditions of a statement and the values that they name."""

    at: datetime
    conditions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, condition: str, **values: Any) -> None:
        self.conditions.append(condition)
        self.values |= values

    @property
    def sql(self) -> str:
        return f"where {' and '.join(self.conditions)}" if self.conditions else ""

    @property
    def bound(self) -> dict[str, Any]:
        """With the instant that tells which unpaid orders ran out."""
        return {**self.values, "at": self.at}


async def page_of(
    session: ReadSession, chosen: OrderFilter, at: datetime, zone: ZoneInfo, before: str = "", limit: int = A_PAGE
) -> tuple[list[ListedOrder], bool]:
    """Orders older than the one numbered `before`, and whether there are more."""
    where = _where(chosen, at, zone)
    if before:
        where.add(OLDER, before=before)
    inner = f"select o.* from shop.orders as o {where.sql} {NEWEST} limit :limit"
    statement = text(f"with page as ({inner}) select {COLUMNS} from page as o {JOINS} {NEWEST}")
    rows = (await session.execute(statement, {**where.bound, "limit": limit + 1})).all()
    return [_listed(row) for row in rows[:limit]], len(rows) > limit


async def totals(session: ReadSession, chosen: OrderFilter, at: datetime, zone: ZoneInfo) -> Totals:
    """Of all that the filter finds."""
    where = _where(chosen, at, zone)
    statement = text(f"""
    select count(*) as number, coalesce(sum(o.net_fen), 0)::bigint as net_fen,
        coalesce(sum(o.net_fen) filter (where o.paid_at is not null), 0)::bigint as paid_fen
    from shop.orders as o {where.sql}
    """)
    row = (await session.execute(statement, where.bound)).one()
    return Totals(row.number, row.net_fen, row.paid_fen)


async def every(
    session: ReadSession, chosen: OrderFilter, at: datetime, zone: ZoneInfo
) -> AsyncIterator[list[ListedOrder]]:
    """Batches of all that the filter finds, as of one instant, in the list's order."""
    where = _where(chosen, at, zone)
    statement = text(f"select {COLUMNS} from shop.orders as o {JOINS} {where.sql} {NEWEST}")
    stream = await session.stream(statement, where.bound, execution_options={"yield_per": BATCH})
    async for rows in stream.partitions():
        yield [_listed(row) for row in rows]


async def by_ids(session: ReadSession, ids: Sequence[int], at: datetime) -> dict[int, ListedOrder]:
    """Orders by their inside keys."""
    statement = text(f"select {COLUMNS} from shop.orders as o {JOINS} where o.id = any(cast(:ids as bigint[]))")
    rows = await session.execute(statement, {"ids": list(ids), "at": at})
    return {row.id: _listed(row) for row in rows}


async def products(session: ReadSession) -> Sequence[Any]:
    """Slug, id and titles of the products to choose from."""
    return (await session.execute(PRODUCTS)).all()


def _listed(row: Any) -> ListedOrder:
    return ListedOrder(**row._mapping)


def _where(chosen: OrderFilter, at: datetime, zone: ZoneInfo) -> _Where:
    where = _Where(at)
    _add_state(where, chosen)
    if chosen.since:
        where.add("o.ordered_at >= :since", since=start_of(chosen.since, zone))
    if chosen.until:
        where.add("o.ordered_at < :until", until=start_of(chosen.until + timedelta(days=1), zone))
    if chosen.method:
        where.add(OF_METHOD, method=chosen.method)
    if chosen.product_id is not None:
        where.add(OF_PRODUCT, product_id=chosen.product_id)
    if chosen.customer_id is not None:
        where.add("o.customer_id = :customer_id", customer_id=chosen.customer_id)
    if chosen.least_fen is not None:
        where.add("o.net_fen >= :least_fen", least_fen=chosen.least_fen)
    if chosen.most_fen is not None:
        where.add("o.net_fen <= :most_fen", most_fen=chosen.most_fen)
    return where


def _add_state(where: _Where, chosen: OrderFilter) -> None:
    """States are written out, not bound: only so is a partial index known to fit."""
    if chosen.state == "pending_payment":
        where.add("o.state = 'pending_payment' and (o.pay_by is null or o.pay_by >= :at)")
    elif chosen.state == "cancelled":
        where.add(
            "(o.state = 'cancelled' or o.state = 'pending_payment' and o.pay_by < :at)"
            " and o.state in ('cancelled', 'pending_payment')"
        )
    elif chosen.state:
        where.add(f"o.state = '{ORDER_STATES[ORDER_STATES.index(chosen.state)]}'")
    if chosen.waits_for == "any":
        where.add(THAT_WAIT.format(reason="f.waits_for is not null"))
    elif chosen.waits_for:
        where.add(THAT_WAIT.format(reason=f"f.waits_for = '{WAITS[WAITS.index(chosen.waits_for)]}'"))
