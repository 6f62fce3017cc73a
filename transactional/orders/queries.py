"""SQL that reads orders for their customers and for staff. Codes are not readable from here."""

from typing import Any

from sqlalchemy import text

from mingsuan import clock
from transactional.db import ReadSession
from transactional.orders.schemas import OrderEventView, OrderItemView, OrderList, OrderSummary, OrderView, UnitView

# Unpaid beyond its time, an order is shown as cancelled before anything has tidied it.
STATE_NOW = "case when o.state = 'pending_payment' and o.pay_by < :at then 'cancelled' else o.state end as state"

ORDER = text(f"""
select o.id as inside, public_id as id, order_no, {STATE_NOW}, gross_fen, discount_fen, net_fen, ordered_at, paid_at,
    delivered_at, pay_by, cancelled_at, completed_at
from shop.orders as o
where order_no = :order_no and (cast(:customer_id as bigint) is null or customer_id = :customer_id)
""")

ITEMS = text("""
select i.id as inside, i.line_no, p.kind, i.quantity, i.gross_fen, i.discount_fen, i.net_fen, s.public_id as sku_id,
    s.code as sku_code, s.name_zh as sku_name_zh, s.name_en as sku_name_en, p.slug as product_slug,
    p.title_zh as product_title_zh, p.title_en as product_title_en, bundle.public_id as bundle_sku_id,
    bundle.name_zh as bundle_name_zh, bundle.name_en as bundle_name_en, i.bundle_quantity
from shop.order_item as i
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
left join shop.sku as bundle on bundle.id = i.bundle_sku_id
where i.order_id = :order_id order by i.line_no
""")

UNITS = text("""
select f.order_item_id as item, f.public_id as id, f.unit_no, f.state, f.delivered_at,
    f.waits_for, f.quantity,
    f.state = 'delivered' and (card.ciphertext is not null or sealed.id is not null) as is_revealable,
    (
        select min(r.revealed_at) from shop.card_reveal as r
        where r.card_id = card.id or r.sealed_delivery_id = sealed.id
    ) as first_revealed_at
from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id
left join shop.card on card.delivered_fulfilment_id = f.id
left join shop.sealed_delivery as sealed on sealed.fulfilment_id = f.id
where i.order_id = :order_id order by f.order_item_id, f.unit_no
""")

EVENTS = text("select kind, happened_at from shop.order_event where order_id = :order_id order by id")

ORDERS = text(f"""
with page as (
    select * from shop.orders
    where cast(:customer_id as bigint) is null or customer_id = :customer_id
    order by ordered_at desc, id desc limit :limit offset :offset
)
select o.public_id as id, o.order_no, {STATE_NOW}, o.net_fen, o.ordered_at, c.email as customer_email,
    (select coalesce(sum(i.quantity), 0)::bigint from shop.order_item as i where i.order_id = o.id) as quantity,
    coalesce(p.title_zh, '') as title_zh, coalesce(p.title_en, '') as title_en
from page as o
join shop.customer as c on c.id = o.customer_id
left join shop.order_item as first on first.order_id = o.id and first.line_no = 1
left join shop.sku as s on s.id = first.sku_id
left join shop.product as p on p.id = s.product_id
order by o.ordered_at desc, o.id desc
""")

COUNT = text(
    "select count(*) from shop.orders where cast(:customer_id as bigint) is null or customer_id = :customer_id"
)


async def order(session: ReadSession, order_no: str, customer_id: int | None) -> OrderView | None:
    """The order with its lines, units and events; of anybody when no customer is named."""
    found = await session.execute(ORDER, {"order_no": order_no, "customer_id": customer_id, "at": clock.now()})
    row = found.mappings().one_or_none()
    if row is None:
        return None
    of = {"order_id": row["inside"]}
    units = (await session.execute(UNITS, of)).all()
    items = (await session.execute(ITEMS, of)).mappings().all()
    return OrderView(
        **_shown(row),
        items=tuple(
            OrderItemView(
                **_shown(item),
                units=tuple(UnitView.model_validate(unit) for unit in units if unit.item == item["inside"]),
            )
            for item in items
        ),
        events=tuple(OrderEventView.model_validate(event) for event in await session.execute(EVENTS, of)),
    )


async def orders(session: ReadSession, customer_id: int | None, limit: int, offset: int) -> OrderList:
    values = {"customer_id": customer_id, "limit": limit, "offset": offset, "at": clock.now()}
    rows = await session.execute(ORDERS, values)
    total: int = (await session.execute(COUNT, {"customer_id": customer_id})).scalar_one()
    return OrderList(items=tuple(OrderSummary.model_validate(row) for row in rows), total=total)


def _shown(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "inside"}
