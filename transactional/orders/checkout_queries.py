"""SQL of checkouts: who the customer is to the shop, and what they keep unpaid."""

from datetime import datetime

from sqlalchemy import text

from transactional.catalogue.offers import STOCK_KINDS
from transactional.db import ReadSession, WriteSession
from transactional.orders.hold_rules import Standing

LOCK = text("select pg_advisory_xact_lock(hashtextextended('mingsuan.checkout', :customer_id))")

STANDING = text("""
select count(*) filter (where paid_at is not null and net_fen > 0) as paid_orders,
    count(*) filter (where paid_at is null and pay_by <= :at and pay_by > :at - interval '1 day'
        and (cancelled_at is null or cancelled_at >= pay_by)) as expired_orders
from shop.orders where customer_id = :customer_id
""")

UNPAID_UNITS = text("""
select i.sku_id, sum(i.quantity)::bigint as quantity
from shop.orders as o
join shop.order_item as i on i.order_id = o.id
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
where o.customer_id = :customer_id and o.state = 'pending_payment' and o.pay_by > :at
    and p.kind = any(cast(:kinds as text[]))
group by i.sku_id
""")


async def lock_checkouts(session: WriteSession, customer_id: int) -> None:
    """Waits until no other checkout of the customer is under way, and keeps others waiting until this one ends."""
    await session.execute(LOCK, {"customer_id": customer_id})


async def standing(session: ReadSession, customer_id: int, at: datetime) -> Standing:
    """Orders that cost something and were paid; orders that ran out within the day before."""
    row = (await session.execute(STANDING, {"customer_id": customer_id, "at": at})).one()
    return Standing(row.paid_orders, row.expired_orders)


async def unpaid_units(session: ReadSession, customer_id: int, at: datetime) -> dict[int, int]:
    """Units by SKU that the customer's unpaid orders keep."""
    values = {"customer_id": customer_id, "at": at, "kinds": sorted(STOCK_KINDS)}
    return {row.sku_id: row.quantity for row in await session.execute(UNPAID_UNITS, values)}
