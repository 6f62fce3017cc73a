"""SQL of the desk's figures: what the ledger says day by day, and what orders, refunds and stock say of the same days.

Definitions are those of the profit marts, so that desk and dashboards agree; what a figure is called is the page's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text

from mingsuan.clock import start_of
from transactional.db import ReadSession

BEST = 10
SHORTEST = 50

# A unit's own cost decides whether it is known; a line that names no unit is judged by its whole order line.
MONEY = text("""
select t.ledger_date as day, l.component, sum(l.amount_fen)::bigint as fen,
    coalesce(sum(l.amount_fen) filter (where case
        when l.fulfilment_id is not null then f.cost_fen is not null
        else l.order_item_id is not null and not exists (
            select from shop.fulfilment as u
            where u.order_item_id = l.order_item_id and u.delivered_at is not null and u.cost_fen is null
        )
    end), 0)::bigint as known_fen
from shop.ledger_transaction as t
join shop.document_line as l on l.transaction_id = t.id
left join shop.fulfilment as f on f.id = l.fulfilment_id
where t.ledger_date between :since and :until
group by 1, 2
""")
PAID = text("""
select (o.paid_at at time zone :zone)::date as day, count(*) as orders, coalesce(sum(i.units), 0)::bigint as units
from shop.orders as o
cross join lateral (select sum(quantity) as units from shop.order_item where order_id = o.id) as i
where o.paid_at >= :start and o.paid_at < :end
group by 1
""")
# An order whose time to pay is not over may still be paid: it is neither a success nor a failure yet.
PLACED = text("""
select (o.ordered_at at time zone :zone)::date as day, count(*) filter (where o.paid_at is not null) as paid,
    count(*) filter (where o.paid_at is not null or o.state <> 'pending_payment' or o.pay_by < :at) as decided
from shop.orders as o where o.ordered_at >= :start and o.ordered_at < :end
group by 1
""")
DELIVERY = text("""
select p.kind, count(*) as paid, count(f.delivered_at) as delivered,
    percentile_disc(0.5) within group (order by f.delivered_at - o.paid_at) as median,
    percentile_disc(0.95) within group (order by f.delivered_at - o.paid_at) as p95
from shop.orders as o
join shop.order_item as i on i.order_id = o.id
join shop.sku as s on s.id = i.sku_id join shop.product as p on p.id = s.product_id
join shop.fulfilment as f on f.order_item_id = i.id
where o.paid_at >= :start and o.paid_at < :end
group by p.kind order by count(*) desc, p.kind
""")
REFUNDS = text("""
select coalesce(asked.reason, case when r.reason = :late then 'late' else 'staff' end) as cause,
    count(*) as refunds, sum(r.amount_fen)::bigint as fen
from shop.refund as r
left join lateral (
    select c.reason from shop.aftersales_case_unit as u join shop.aftersales_case as c on c.id = u.case_id
    where u.fulfilment_id = r.fulfilment_id and c.opened_at <= r.refunded_at
    order by c.opened_at desc, c.id desc limit 1
) as asked on true
where r.refunded_at >= :start and r.refunded_at < :end
group by 1 order by 2 desc, 1
""")
BEST_PRODUCTS = text("""
select p.slug, p.title_zh, p.title_en, sum(i.quantity)::bigint as units, sum(i.net_fen)::bigint as net_fen
from shop.orders as o
join shop.order_item as i on i.order_id = o.id
join shop.sku as s on s.id = i.sku_id join shop.product as p on p.id = s.product_id
where o.paid_at >= :start and o.paid_at < :end
group by p.id order by 4 desc, 5 desc, p.slug limit :limit
""")
STOCK = text("""
with sold as (
    select i.sku_id, sum(i.quantity)::bigint as units
    from shop.orders as o join shop.order_item as i on i.order_id = o.id
    where o.paid_at >= :start and o.paid_at < :end
    group by i.sku_id
)
select s.code, s.name_zh, s.name_en, p.title_zh, p.title_en, p.kind, coalesce(sold.units, 0)::bigint as sold,
    free.units as free
from shop.sku as s join shop.product as p on p.id = s.product_id
left join sold on sold.sku_id = s.id
cross join lateral (
    select count(*) as units from shop.card
    where card.sku_id = s.id and card.delivered_fulfilment_id is null and card.state = 'available'
        and card.free_at <= :at and (card.expires_at is null or card.expires_at > :at)
) as free
where p.publish_state = 'published' and s.publish_state = 'published' and p.kind in ('card_code', 'physical')
order by free.units > 0, free.units::float8 / nullif(sold.units, 0) nulls last, free.units, s.code
limit :limit
""")


@dataclass(frozen=True, slots=True)
class Days:
    """Business dates, both included, as instants of the shop's zone; `at` is now."""

    since: date
    until: date
    start: datetime
    end: datetime
    at: datetime
    zone: ZoneInfo

    @property
    def bound(self) -> dict[str, Any]:
        return {"start": self.start, "end": self.end}


async def money(session: ReadSession, days: Days) -> Sequence[Any]:
    """Fen by business date and component of the ledger's document lines, and of it what was sold at known cost."""
    return (await session.execute(MONEY, {"since": days.since, "until": days.until})).all()


async def paid(session: ReadSession, days: Days) -> dict[date, tuple[int, int]]:
    """(orders, units) by the business date on which the orders were paid."""
    rows = await session.execute(PAID, {**days.bound, "zone": days.zone.key})
    return {row.day: (row.orders, row.units) for row in rows}


async def placed(session: ReadSession, days: Days) -> dict[date, tuple[int, int]]:
    """(paid, decided) of the orders placed, by business date."""
    rows = await session.execute(PLACED, {**days.bound, "zone": days.zone.key, "at": days.at})
    return {row.day: (row.paid, row.decided) for row in rows}


async def delivery(session: ReadSession, days: Days) -> Sequence[Any]:
    """Seconds from payment to delivery, by kind of product, of the units of orders paid in these days."""
    return (await session.execute(DELIVERY, days.bound)).all()


async def refunds(session: ReadSession, days: Days, late: str) -> Sequence[Any]:
    """Refunds given in these days by what the customer said in a case; `late`: the reason of a late payment's."""
    return (await session.execute(REFUNDS, {**days.bound, "late": late})).all()


async def best_products(session: ReadSession, days: Days) -> Sequence[Any]:
    """Products with most units in orders paid in these days."""
    return (await session.execute(BEST_PRODUCTS, {**days.bound, "limit": BEST})).all()


async def stock(session: ReadSession, days: Days) -> Sequence[Any]:
    """SKUs on sale from stock, those that are empty or run out first at the top."""
    return (await session.execute(STOCK, {**days.bound, "at": days.at, "limit": SHORTEST})).all()


def days_of(since: date, until: date, at: datetime, zone: ZoneInfo) -> Days:
    """Both dates included."""
    return Days(since, until, start_of(since, zone), start_of(date.fromordinal(until.toordinal() + 1), zone), at, zone)
