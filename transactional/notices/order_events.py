"""Tells customers what became of their orders, from the orders' events: purchases themselves do no work for it.

Events are read by transaction in the order in which all of a transaction's neighbours have ended, so none is missed
that committed late. Imported and simulated orders, and what happened long ago, are passed over.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text

from mingsuan import clock
from transactional.db import WriteSession, writing
from transactional.notices.service import tell
from transactional.shop import Shop

AT_ONCE = 500
NEWS = timedelta(days=2)
"""What is older is told to nobody: the worker was down for days, or the shop was restored."""

TAKE = text("""
select id, last_xid, last_id, pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon
from shop.notice_sweep order by id limit 1 for update skip locked
""")
EVENTS = text("""
select e.id, e.row_xid, e.kind, e.happened_at, o.id as order_id, o.order_no, o.customer_id, o.net_fen
from shop.order_event as e join shop.orders as o on o.id = e.order_id
where (e.row_xid, e.id) > (:last_xid, :last_id) and e.row_xid < :horizon and o.source is null
    and e.kind in ('paid', 'delivered', 'cancelled', 'expired')
order by e.row_xid, e.id limit :limit
""")
GOODS = text("""
select i.order_id, (array_agg(p.title_zh order by i.line_no))[1] as product,
    (array_agg(p.title_en order by i.line_no))[1] as product_en, bool_and(p.kind = 'physical') as only_parcels,
    exists (select from shop.order_event as d where d.order_id = i.order_id and d.kind = 'delivered') as is_delivered
from shop.order_item as i
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
where i.order_id = any(cast(:order_ids as bigint[])) group by i.order_id
""")
MOVE = text("update shop.notice_sweep set last_xid = :last_xid, last_id = :last_id where id = :id")
KIND = {"paid": "paid", "delivered": "delivered", "cancelled": "cancelled", "expired": "cancelled"}


async def tell_of_orders(shop: Shop) -> None:
    """All events since the last time, a batch a transaction."""
    while True:
        async with writing(shop.engine) as session:
            if not await _batch(session, clock.now()):
                return


async def _batch(session: WriteSession, at: datetime) -> bool:
    """One batch; whether there may be more."""
    place = (await session.execute(TAKE)).one_or_none()
    if place is None:  # another worker is at it
        return False
    known = place.last_xid <= place.horizon  # a restored database begins its count of transactions anew
    since = {"last_xid": place.last_xid, "last_id": place.last_id} if known else {"last_xid": 0, "last_id": 0}
    asked = {**since, "horizon": place.horizon, "limit": AT_ONCE}
    events = list(await session.execute(EVENTS, asked))
    await _tell(session, [event for event in events if at - event.happened_at < NEWS])
    more = len(events) == AT_ONCE
    reached = (events[-1].row_xid, events[-1].id) if more else (place.horizon, 0)
    await session.execute(MOVE, {"id": place.id, "last_xid": reached[0], "last_id": reached[1]})
    return more


async def _tell(session: WriteSession, events: list[Any]) -> None:
    order_ids = sorted({event.order_id for event in events})
    goods = {row.order_id: row for row in await session.execute(GOODS, {"order_ids": order_ids})}
    for event in events:
        of = goods.get(event.order_id)
        if of is None or _is_told_otherwise(event.kind, of):
            continue
        values = {"product": of.product, "product_en": of.product_en, "amount_fen": event.net_fen}
        kind = KIND[event.kind]
        if kind != "paid":
            del values["amount_fen"]
        await tell(session, event.customer_id, kind, f"order:{event.order_no}", values)


def _is_told_otherwise(kind: str, goods: Any) -> bool:
    """Delivered at once says paid, too; parcels have a notice of their own."""
    return bool((kind == "paid" and goods.is_delivered) or (kind == "delivered" and goods.only_parcels))
