"""SQL of the margin guard: which SKUs suppliers offer, what they sell for, what of an order has to be bought."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from transactional.db import ReadSession

# Once a channel was to supply a SKU, its price is guarded for good, even when all channels are gone.
GUARDED = text("""
select distinct o.sku_id from shop.offer as o join shop.supply_channel as c on c.id = o.channel_id
where c.protocol <> 'own_pool' and (cast(:skus as bigint[]) is null or o.sku_id = any(cast(:skus as bigint[])))
""")
PRICES = text("""
select s.id as sku_id, price.list_price_fen from shop.sku as s cross join lateral (
    select list_price_fen from shop.price where sku_id = s.id and valid_from <= :at order by valid_from desc limit 1
) as price where s.id = any(cast(:skus as bigint[]))
""")
ITEMS = text("""
select i.sku_id, p.kind, i.quantity, i.net_fen, (
        select count(*) from shop.card where card.held_item_id = i.id and card.delivered_fulfilment_id is null
            and card.state = 'available' and (card.expires_at is null or card.expires_at > :at)
    ) as held
from shop.order_item as i
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
where i.order_id = :order_id and p.kind in ('api_topup', 'card_code') order by i.id
""")


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an order, and how many codes are kept for it."""

    sku_id: int
    kind: str
    quantity: int
    net_fen: int
    held: int


async def guarded(session: ReadSession, sku_ids: Collection[int] | None) -> frozenset[int]:
    """Those of these SKUs, or of all, that a channel offers or ever offered; own stock apart."""
    return frozenset(await session.scalars(GUARDED, {"skus": None if sku_ids is None else list(sku_ids)}))


async def prices(session: ReadSession, sku_ids: Collection[int], at: datetime) -> dict[int, int]:
    """List prices in force, in fen; what has none is not among them."""
    rows = await session.execute(PRICES, {"skus": list(sku_ids), "at": at})
    return {row.sku_id: row.list_price_fen for row in rows}


async def items(session: ReadSession, order_id: int, at: datetime) -> list[Item]:
    """The lines of an order that codes or suppliers serve."""
    rows = await session.execute(ITEMS, {"order_id": order_id, "at": at})
    return [Item(**row) for row in rows.mappings()]
