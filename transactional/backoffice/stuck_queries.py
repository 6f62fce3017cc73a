"""SQL of stuck orders: paid, with units that wait, by what they wait for and since when."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from transactional.backoffice.stuck_schemas import StuckList, StuckOrder
from transactional.db import ReadSession

STUCK = text("""
select o.order_no, o.state, o.net_fen, o.paid_at as waiting_since, c.email as customer_email,
    count(*) as waiting_units, array_agg(distinct f.waits_for order by f.waits_for) as reasons,
    min(p.title_zh) as title_zh, min(p.title_en) as title_en, count(*) over () as total
from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id
join shop.customer as c on c.id = o.customer_id
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
where f.state = 'waiting' and f.waits_for is not null and o.paid_at <= :before
    and (cast(:reason as text) is null or f.waits_for = :reason)
group by o.id, c.id
order by o.paid_at, o.id limit :limit offset :offset
""")

WAITING = text("""
select f.id from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id
where o.order_no = :order_no and o.paid_at is not null and f.state = 'waiting' order by f.id
""")

COUNTS = text("""
select f.waits_for as reason, count(distinct o.id) as number, min(o.paid_at) as since
from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id
where f.state = 'waiting' and f.waits_for is not null and o.paid_at is not null
group by f.waits_for order by f.waits_for
""")

BY_CUSTOMER = text("""
select asked.order_no from unnest(cast(:order_nos as text[])) as asked (order_no)
left join shop.orders as o using (order_no) order by o.customer_id, asked.order_no
""")


async def stuck(session: ReadSession, reason: str | None, before: datetime, limit: int, offset: int) -> StuckList:
    """Paid before an instant, oldest first."""
    values = {"reason": reason, "before": before, "limit": limit, "offset": offset}
    rows = (await session.execute(STUCK, values)).all()
    return StuckList(items=tuple(StuckOrder.model_validate(row) for row in rows), total=rows[0].total if rows else 0)


async def counts(session: ReadSession) -> Sequence[Any]:
    """By what they wait for: `reason`, the `number` of paid orders, and `since` when the oldest was paid."""
    return (await session.execute(COUNTS)).all()


async def by_customer(session: ReadSession, order_nos: Collection[str]) -> list[str]:
    """Each once, by customer; numbers of no order last."""
    return list(await session.scalars(BY_CUSTOMER, {"order_nos": sorted(set(order_nos))}))


async def waiting_units(session: ReadSession, order_no: str) -> list[int]:
    """Fulfilments of a paid order that wait."""
    return list(await session.scalars(WAITING, {"order_no": order_no}))
