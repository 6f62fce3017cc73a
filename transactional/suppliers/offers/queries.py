"""Rows of offers: those that a batch of facts is about, the cost believed last, what is sold of the same SKUs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select, text

from transactional.db import ReadSession, WriteSession
from transactional.suppliers.models import Offer

POLICY_IN_FORCE = """left join lateral (
    select floor_margin_fen, floor_margin_per_myriad from (
        (select * from shop.routing_policy where sku_id = o.sku_id order by id desc limit 1)
        union all
        (select * from shop.routing_policy where sku_id is null order by id desc limit 1)
    ) as newest where not follows_shop order by sku_id is null limit 1
) as policy on true"""
"""Joined to an offer `o`: the floor of its SKU's newest rules, of the shop's when the SKU has none or gave them up."""
ADD = text("""
insert into shop.offer (channel_id, sku_id, supplier_sku, currency, state, state_reason, observed_at)
select :channel_id, given.sku_id, given.supplier_sku, given.currency, 'withdrawn', 'new', :at
from unnest(cast(:sku_ids as bigint[]), cast(:supplier_skus as text[]), cast(:currencies as text[]))
    as given (sku_id, supplier_sku, currency)
on conflict (channel_id, sku_id, supplier_sku) do nothing returning id
""")
BELIEVED = text("""
select offer_id, unit_cost, currency from unnest(cast(:offer_ids as bigint[])) as given (offer_id)
cross join lateral (
    select seen.unit_cost, seen.currency from shop.offer_observation as seen
    where seen.offer_id = given.offer_id and seen.state = 'active' order by seen.observed_at desc, seen.id desc limit 1
) as last
""")
TOUCH = text("""
update shop.offer set observed_at = :at
where id = any(cast(:offer_ids as bigint[])) and observed_at < cast(:at as timestamptz) - interval '10 minutes'
""")
NAMES = text("""
select s.code as sku, c.name as channel, o.supplier_sku from shop.offer as o
join shop.sku as s on s.id = o.sku_id join shop.supply_channel as c on c.id = o.channel_id where o.id = :offer_id
""")
PROFILE = text("select currency, timezone from shop.shop_profile")


@dataclass(frozen=True, slots=True)
class NewOffer:
    """A good of a channel that supplies a SKU from now on."""

    sku_id: int
    supplier_sku: str
    currency: str


async def add(session: WriteSession, channel_id: int, new: Sequence[NewOffer], at: datetime) -> set[int]:
    """Those of them that were not there yet, not for sale until they are observed; their ids."""
    values = {
        "channel_id": channel_id,
        "at": at,
        "sku_ids": [each.sku_id for each in new],
        "supplier_skus": [each.supplier_sku for each in new],
        "currencies": [each.currency for each in new],
    }
    return set(await session.scalars(ADD, values)) if new else set()


async def locked(session: WriteSession, channel_id: int, supplier_skus: Collection[str]) -> Sequence[Offer]:
    """The channel's offers of these goods, in the order in which everybody locks them."""
    found = select(Offer).where(Offer.channel_id == channel_id, Offer.supplier_sku.in_(supplier_skus))
    return (await session.scalars(found.order_by(Offer.id).with_for_update(key_share=True))).all()


async def believed(session: ReadSession, offer_ids: Collection[int]) -> Mapping[int, tuple[Decimal, str]]:
    """By offer, cost and currency that were last taken for true."""
    rows = await session.execute(BELIEVED, {"offer_ids": list(offer_ids)})
    return {row.offer_id: (row.unit_cost, row.currency) for row in rows}


async def touch(session: WriteSession, offer_ids: Collection[int], at: datetime) -> None:
    """They were seen to be as before; written at most every ten minutes."""
    if offer_ids:
        await session.execute(TOUCH, {"offer_ids": list(offer_ids), "at": at})


async def profile(session: ReadSession) -> tuple[str, str]:
    """The shop's currency and zone."""
    row = (await session.execute(PROFILE)).one()
    return row.currency, row.timezone


async def names(session: ReadSession, offer_id: int) -> dict[str, str]:
    """What an offer is of, for people: SKU, channel, the supplier's number."""
    row = (await session.execute(NAMES, {"offer_id": offer_id})).one()
    return {"sku": row.sku, "channel": row.channel, "supplier_sku": row.supplier_sku}


async def of_channel(session: ReadSession, channel_id: int) -> Sequence[Offer]:
    """All offers of a channel."""
    return (await session.scalars(select(Offer).where(Offer.channel_id == channel_id).order_by(Offer.id))).all()
