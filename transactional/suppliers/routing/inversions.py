"""Costs that do not sell at the floor any more: the alert that is raised when one is learnt, and ends when it is over.

Whether a sale or a purchase goes ahead is the router's; here the owner is only told.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text

from mingsuan import clock
from transactional.alerts.service import Lasting, Severity, end_alert, lasting, raise_alert
from transactional.db import ReadSession, WriteSession
from transactional.suppliers.errors import NoRateError
from transactional.suppliers.offers import queries as offer_queries
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.rate_rules import to_fen

KIND = "cost_inversion"
PER_MYRIAD = 10_000
OFFERS = text(f"""
select o.public_id, o.sku_id, o.unit_cost, o.currency, o.supplier_sku, c.name as channel, s.code as sku,
    coalesce(price.list_price_fen, 0) as price_fen,
    coalesce(policy.floor_margin_fen, 0) as floor_margin_fen,
    coalesce(policy.floor_margin_per_myriad, 0) as floor_margin_per_myriad,
    o.state = 'active' and c.state = 'active' and c.protocol <> 'own_pool' and s.publish_state = 'published'
        and p.publish_state = 'published' and price.list_price_fen is not null as counts
from shop.offer as o
join shop.supply_channel as c on c.id = o.channel_id
join shop.sku as s on s.id = o.sku_id join shop.product as p on p.id = s.product_id
left join lateral (
    select list_price_fen from shop.price where sku_id = o.sku_id and valid_from <= :at
    order by valid_from desc limit 1
) as price on true
{offer_queries.POLICY_IN_FORCE}
where o.sku_id = any(cast(:sku_ids as bigint[])) order by o.id
""")
SKUS = text("select distinct sku_id from shop.offer order by sku_id")


@dataclass(frozen=True, slots=True)
class Costed:
    """An offer of a SKU that is sold; `cost_fen` None: it is not bought by now, or no rate tells what it costs."""

    public_id: UUID
    sku: str
    channel: str
    supplier_sku: str
    cost_fen: int | None
    price_fen: int
    floor_fen: int

    @property
    def is_inverted(self) -> bool:
        return self.cost_fen is not None and self.price_fen - self.cost_fen < self.floor_fen


async def judge(session: WriteSession, sku_ids: Collection[int]) -> int:
    """Raises the alert of each offer whose cost does not leave the floor of the list price, and ends the others'.

    Critical when no other offer of the SKU keeps it: then it cannot be sold. How many are inverted.
    """
    by_sku = defaultdict(list)
    for sku_id, offer in await _costed(session, sku_ids):
        by_sku[sku_id].append(offer)
    known = await lasting(session, KIND)
    inverted = 0
    for offers in by_sku.values():
        others = sum(1 for each in offers if each.cost_fen is not None and not each.is_inverted)
        for each in offers:
            inverted += each.is_inverted
            await _tell(session, each, others, known)
    return inverted


async def judge_all(session: WriteSession) -> int:
    """The same for every SKU that has offers: prices, policies and rates change without any sync."""
    return await judge(session, list(await session.scalars(SKUS)))


def least_margin_fen(price_fen: int, floor_fen: int, floor_per_myriad: int) -> int:
    """What a sale must earn: fen or parts of ten thousand of the price (rounded up), the larger of both."""
    return max(floor_fen, -(-price_fen * floor_per_myriad // PER_MYRIAD))


async def _tell(session: WriteSession, offer: Costed, others: int, known: Mapping[str, Lasting]) -> None:
    subject = f"offer:{offer.public_id}"
    if not offer.is_inverted:
        if subject in known:
            await end_alert(session, KIND, subject)
        return
    severity: Severity = "warning" if others else "critical"
    detail: dict[str, Any] = {
        "sku": offer.sku,
        "channel": offer.channel,
        "supplier_sku": offer.supplier_sku,
        "cost_fen": offer.cost_fen,
        "price_fen": offer.price_fen,
        "floor_fen": offer.floor_fen,
        "others": others,
    }
    if known.get(subject) != Lasting(severity, detail):
        await raise_alert(session, KIND, subject, severity, detail)


async def _costed(session: ReadSession, sku_ids: Collection[int]) -> list[tuple[int, Costed]]:
    if not sku_ids:
        return []
    at = clock.now()
    currency, timezone = await offer_queries.profile(session)
    rows = (await session.execute(OFFERS, {"sku_ids": list(sku_ids), "at": at})).all()
    rate_of: dict[str, Decimal] = {}
    for name in {row.currency for row in rows}:
        try:
            rate_of[name] = await rates.fen_per(session, name, currency, clock.business_date(at, ZoneInfo(timezone)))
        except NoRateError:
            continue
    return [(row.sku_id, _of(row, rate_of.get(row.currency))) for row in rows]


def _of(row: Row[Any], rate: Decimal | None) -> Costed:
    cost = to_fen(row.unit_cost, rate) if row.counts and rate is not None else None
    floor = least_margin_fen(row.price_fen, row.floor_margin_fen, row.floor_margin_per_myriad)
    return Costed(row.public_id, row.sku, row.channel, row.supplier_sku, cost, row.price_fen, floor)
