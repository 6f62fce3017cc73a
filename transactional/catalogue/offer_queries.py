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

OFFERS = text(f"""
select s.public_id, s.id as sku_id, p.kind, s.max_per_order, p.delivery_form, {PRICE_IN_FORCE} as price_fen
from shop.sku as s join shop.product as p on p.id = s.product_id
where s.public_id = any(cast(:skus as uuid[])) and s.publish_state = 'published' and p.publish_state = 'published'
""")

PARTS = text(f"""
select b.bundle_sku_id, b.quantity, s.id as sku_id, p.kind, p.delivery_form, {PRICE_IN_FORCE} as list_price_fen
from shop.bundle_item as b
join shop.sku as s on s.id = b.part_sku_id
join shop.product as p on p.id = s.product_id
where b.bundle_sku_id = any(cast(:bundles as bigint[])) and b.removed_at is null
order by b.bundle_sku_id, b.position, b.id
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
