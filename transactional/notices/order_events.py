"""Tells customers what became of their orders and money, from the rows that say so: purchases do no work for it.

Rows are read by transaction, those below the oldest that is still running, so that none is missed which committed
late. Imported and simulated orders, and what happened long ago, are passed over.
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
where (e.row_xid, e.id) > (cast(:last_xid as bigint), cast(:last_id as bigint)) and e.row_xid < :horizon
    and o.source is null and e.kind in ('paid', 'delivered', 'cancelled', 'expired')
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
REFUNDS = text("""
select p.out_refund_no, p.amount_fen, o.order_no, o.customer_id
from shop.refund_payout as p
join shop.payment as y on y.id = p.payment_id
join shop.orders as o on o.id = y.order_id
where p.row_xid between :last_xid and :reached and p.row_xid < :horizon and p.state = 'succeeded'
    and p.paid_out_at > :since and o.source is null and exists (select from shop.refund as r where r.payout_id = p.id)
order by p.id
""")
RECEIPTS = text("""
select r.public_id, r.amount_fen, o.order_no, o.customer_id
from shop.unapplied_receipt as r
join shop.payment as y on y.id = r.payment_id
join shop.orders as o on o.id = y.order_id
where r.row_xid between :last_xid and :reached and r.row_xid < :horizon and r.state = 'returned'
order by r.id
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
    await _tell_of_money(session, {**since, "reached": reached[0], "horizon": place.horizon, "since": at - NEWS})
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


async def _tell_of_money(session: WriteSession, between: dict[str, Any]) -> None:
    """Money that went back: refunds, and payments that no order could take. Looked at twice, it is told once."""
    for row in await session.execute(REFUNDS, between):
        values = {"order_no": row.order_no, "amount_fen": row.amount_fen}
        await tell(session, row.customer_id, "refunded", f"order:{row.order_no}#{row.out_refund_no}", values)
    for row in await session.execute(RECEIPTS, between):
        values = {"order_no": row.order_no, "amount_fen": row.amount_fen}
        await tell(session, row.customer_id, "receipt_returned", f"receipt:{row.public_id}", values)


def _is_told_otherwise(kind: str, goods: Any) -> bool:
    """Delivered at once says paid, too; parcels have a notice of their own."""
    return bool((kind == "paid" and goods.is_delivered) or (kind == "delivered" and goods.only_parcels))
