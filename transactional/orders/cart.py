"""What a customer put aside to buy, at today's prices; nothing is kept or promised by it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from transactional.catalogue import service as catalogue
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError
from transactional.orders.cart_schemas import CartLine, CartView

PUT = text("""
insert into shop.cart_item (customer_id, sku_id, quantity)
select :customer_id, id, :quantity from shop.sku where public_id = :sku
on conflict (customer_id, sku_id) do update set quantity = excluded.quantity returning id
""")

ITEMS = text("""
select s.public_id as sku_id, s.code as sku_code, s.name_zh as sku_name_zh, s.name_en as sku_name_en,
    p.slug as product_slug, p.title_zh as product_title_zh, p.title_en as product_title_en, c.quantity
from shop.cart_item as c
join shop.sku as s on s.id = c.sku_id
join shop.product as p on p.id = s.product_id
where c.customer_id = :customer_id and c.quantity > 0 order by c.id
""")

EMPTY = text("""
update shop.cart_item set quantity = 0 from shop.sku
where cart_item.customer_id = :customer_id and sku.id = cart_item.sku_id and cart_item.quantity > 0
    and sku.public_id = any(cast(:skus as uuid[]))
""")


async def put(session: WriteSession, customer_id: int, sku: UUID, quantity: int, at: datetime) -> CartView:
    """So many of a SKU from now on, none when 0; done twice, it is the same. Raises NotFoundError for no such SKU."""
    values = {"customer_id": customer_id, "sku": sku, "quantity": quantity}
    if (await session.execute(PUT, values)).one_or_none() is None:
        raise NotFoundError
    return await show(session, customer_id, at)


async def show(session: ReadSession, customer_id: int, at: datetime) -> CartView:
    """Every line with its price now, and why it cannot be had when it cannot; those are not in the total."""
    rows = (await session.execute(ITEMS, {"customer_id": customer_id})).mappings().all()
    skus = [row["sku_id"] for row in rows]
    offers = await catalogue.offers(session, skus, at)
    stock = await catalogue.stock(session, skus, at)
    lines = []
    for row in rows:
        offer, quantity = offers.get(row["sku_id"]), row["quantity"]
        left = stock.get(row["sku_id"])
        problem = None
        if offer is None:
            problem = "not_for_sale"
        elif left is not None and left < quantity:
            problem = "not_enough_stock" if left else "out_of_stock"
        elif quantity > offer.max_per_order:
            problem = "too_many"
        price_fen = offer.price_fen if offer else None
        total_fen = price_fen * quantity if price_fen is not None else None
        found = {**row, "list_price_fen": price_fen, "total_fen": total_fen, "stock": left, "problem": problem}
        lines.append(CartLine.model_validate(found))
    return CartView(items=tuple(lines), total_fen=sum(line.total_fen or 0 for line in lines if not line.problem))


async def emptied(session: WriteSession, customer_id: int, skus: list[UUID]) -> None:
    """These were ordered: they are in the cart no longer."""
    await session.execute(EMPTY, {"customer_id": customer_id, "skus": skus})
