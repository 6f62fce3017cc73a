"""SQL that finds what can be ordered: published SKUs at their prices in force, and the parts of bundles."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.catalogue.offers import FORM, Good, Offer
from transactional.catalogue.queries import PRICE_IN_FORCE
from transactional.db import ReadSession

# A membership without a duration cannot be sold.
USABLE_PRICE = f"case when p.kind <> 'membership' or s.duration_days > 0 then {PRICE_IN_FORCE} end"

OFFERS = text(f"""
select s.public_id, s.id as sku_id, p.kind, s.max_per_order, p.delivery_form, {USABLE_PRICE} as price_fen
from shop.sku as s join shop.product as p on p.id = s.product_id
where s.public_id = any(cast(:skus as uuid[])) and s.publish_state = 'published' and p.publish_state = 'published'
""")

PARTS = text(f"""
select b.bundle_sku_id, b.quantity, s.id as sku_id, p.kind, p.delivery_form, {USABLE_PRICE} as list_price_fen
from shop.bundle_item as b
join shop.sku as s on s.id = b.part_sku_id
join shop.product as p on p.id = s.product_id
where b.bundle_sku_id = any(cast(:bundles as bigint[])) and b.removed_at is null
order by b.bundle_sku_id, b.position, b.id
""")

BUNDLE_SUMS = text(f"""
with bundle as (
    select s.id, {PRICE_IN_FORCE} as price_fen from shop.sku as s where s.code = any(cast(:codes as text[]))
), part as (
    select b.bundle_sku_id, b.quantity, {PRICE_IN_FORCE} as list_price_fen
    from shop.bundle_item as b join shop.sku as s on s.id = b.part_sku_id where b.removed_at is null
)
select bundle.price_fen, sum(part.quantity * part.list_price_fen)::bigint as parts_fen
from bundle join part on part.bundle_sku_id = bundle.id
where bundle.price_fen is not null
group by bundle.id, bundle.price_fen having bool_and(part.list_price_fen is not null)
""")


async def offers(session: ReadSession, skus: Sequence[UUID], at: datetime) -> dict[UUID, Offer]:
    """By public id, those that can be ordered: published and priced, every part of a bundle priced too."""
    rows = [row for row in await session.execute(OFFERS, {"skus": list(skus), "at": at}) if row.price_fen is not None]
    parts = await _parts(session, [row.sku_id for row in rows if row.kind == "bundle"], at)
    found = (_offer(row, parts[row.sku_id] if row.kind == "bundle" else (_itself(row),)) for row in rows)
    return {offer.sku_public_id: offer for offer in found if offer.goods}


async def _parts(session: ReadSession, bundles: Sequence[int], at: datetime) -> dict[int, tuple[Good, ...]]:
    by_bundle: dict[int, list[Any]] = defaultdict(list)
    if bundles:
        for row in await session.execute(PARTS, {"bundles": list(bundles), "at": at}):
            by_bundle[row.bundle_sku_id].append(row)
    priced = defaultdict[int, tuple[Good, ...]](tuple)
    for bundle, rows in by_bundle.items():
        if all(row.list_price_fen is not None for row in rows):
            priced[bundle] = tuple(_part(row) for row in rows)
    return priced


def _part(row: Any) -> Good:
    return Good(row.sku_id, row.kind, row.quantity, row.list_price_fen, FORM.validate_python(row.delivery_form))


def _itself(row: Any) -> Good:
    return Good(row.sku_id, row.kind, 1, row.price_fen, FORM.validate_python(row.delivery_form))


def _offer(row: Any, goods: tuple[Good, ...]) -> Offer:
    form = FORM.validate_python(row.delivery_form)
    return Offer(row.public_id, row.sku_id, row.kind, row.price_fen, row.max_per_order, goods, form)


async def bundle_sums(session: ReadSession, codes: Sequence[str], at: datetime) -> list[tuple[int, int]]:
    """(price, list prices of the parts together) of the bundles among these SKUs, where all of them are known."""
    rows = await session.execute(BUNDLE_SUMS, {"codes": list(codes), "at": at})
    return [(row.price_fen, row.parts_fen) for row in rows]
