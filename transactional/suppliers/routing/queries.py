"""SQL of routing: who offers a SKU now, on which terms, and what purchases taught of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from transactional.db import ReadSession

# What the own pool's units cost is known when every free one's is; together they cost their average.
OFFERED = text("""
select o.id as offer_id, o.sku_id, o.channel_id, c.name as channel, c.protocol, c.regions, c.state as channel_state,
    case when c.breaker <> 'closed' and (c.breaker_until is null or c.breaker_until > :at)
        then 'open' else 'closed' end as breaker,
    case when c.protocol = 'own_pool' then pool.unit_cost else o.unit_cost end as unit_cost,
    case when c.protocol = 'own_pool' then pool.stock else o.stock end as stock,
    o.currency, o.state as offer_state,
    case when s.terms = 'prepaid' then coalesce(b.prepaid_fen, 0) end as prepaid_fen, e.sums
from shop.offer as o
join shop.supply_channel as c on c.id = o.channel_id
left join shop.supplier as s on s.id = c.supplier_id
left join shop.supplier_balance as b on b.supplier_id = s.id
left join shop.channel_estimate as e on e.channel_id = c.id
left join lateral (
    select count(*) as stock, case when count(*) = count(card.cost_fen) then avg(card.cost_fen) end as unit_cost
    from shop.card where c.protocol = 'own_pool' and card.sku_id = o.sku_id and card.state = 'available'
        and card.delivered_fulfilment_id is null and card.free_at <= :at
        and (card.expires_at is null or card.expires_at > :at)
) as pool on true
where (cast(:skus as bigint[]) is null or o.sku_id = any(cast(:skus as bigint[])))
    and c.state <> 'ended' and s.ended_at is null
order by o.sku_id, o.channel_id, o.id
""")
GROUND = text("select currency, timezone from shop.shop_profile")


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer with its channel and supplier. Of the own pool, `unit_cost` is in minor units already."""

    offer_id: int
    sku_id: int
    channel_id: int
    channel: str
    protocol: str
    regions: Sequence[str]
    channel_state: str
    breaker: str
    unit_cost: Decimal | None
    stock: int | None
    currency: str
    offer_state: str
    prepaid_fen: int | None
    sums: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What the shop counts in, and whose hours count."""

    currency: str
    timezone: str


async def offered(session: ReadSession, sku_ids: Collection[int] | None, at: datetime) -> list[Offered]:
    """Offers of these SKUs (None: of all) from channels that are not ended, by SKU."""
    values = {"skus": None if sku_ids is None else list(sku_ids), "at": at}
    rows: Sequence[Any] = (await session.execute(OFFERED, values)).all()
    return [Offered(*row) for row in rows]


async def ground(session: ReadSession) -> Ground:
    return Ground(**(await session.execute(GROUND)).mappings().one())
