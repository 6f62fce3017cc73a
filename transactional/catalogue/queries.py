"""SQL of the catalogue: the price in force is the latest that has begun, stock is what can be sold at this moment."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, func, select, text, update

from transactional.catalogue.models import Category, Price, Product, Sku
from transactional.catalogue.schemas import (
    BundlePartView,
    CategoryView,
    PriceView,
    ProductCard,
    ProductList,
    ProductOrder,
    ProductView,
    SkuView,
)
from transactional.db import ReadSession, WriteSession
from transactional.suppliers.routing import guard
from transactional.suppliers.routing.guard import Supply

PRICE_IN_FORCE = """(
        select price.list_price_fen from shop.price
        where price.sku_id = s.id and price.valid_from <= :at order by price.valid_from desc limit 1
    )"""


def _free(sku: str) -> str:
    """Units of a SKU that can be sold now: not held, not sold, not expired."""
    return f"""(
        select count(*) from shop.card
        where card.sku_id = {sku} and card.delivered_fulfilment_id is null and card.state = 'available'
            and card.free_at <= :at and (card.expires_at is null or card.expires_at > :at)
    )"""


def _left(sku: str, kind: str) -> str:
    """Units of a SKU that can be sold: of codes that suppliers have, too, as many as are wanted; of what only they
    have, none while it cannot be bought at the floor."""
    return f"""(case
            when {kind} = 'card_code' and {sku} = any(cast(:supplied as bigint[])) then null
            when {kind} in ('card_code', 'physical') then {_free(sku)}
            when {kind} = 'api_topup' and {sku} = any(cast(:guarded as bigint[]))
                and {sku} <> all(cast(:supplied as bigint[])) then 0
        end)"""


# None for what is made to order; of a bundle as many as its scarcest part allows.
STOCK = f"""(case
        when p.kind = 'bundle' then (
            select case when count(*) = 0 then 0 else min({_left("part.id", "made.kind")} / b.quantity) end
            from shop.bundle_item as b
            join shop.sku as part on part.id = b.part_sku_id
            join shop.product as made on made.id = part.product_id
            where b.bundle_sku_id = s.id and b.removed_at is null
        )
        else {_left("s.id", "p.kind")}
    end)"""

# Hash of a product's picture, by which its address is made.
PICTURE = """(
        select encode(picture.sha256, 'hex') from shop.product_picture as picture
        where picture.product_id = p.id and picture.removed_at is null order by picture.id desc limit 1
    )"""

ORDERS: dict[ProductOrder, str] = {
    "shelf": "c.position, c.id, p.id",
    "popular": "coalesce(sold.units, 0) desc, c.position, c.id, p.id",
    "new": "p.published_at desc nulls last, p.id desc",
    "cheap": "o.from_price_fen nulls last, p.id",
    "dear": "o.from_price_fen desc nulls last, p.id",
}

CATEGORIES = text("""
select c.public_id as id, c.slug, c.name_zh, c.name_en, c.position,
    (select count(*) from shop.product as p where p.category_id = c.id and p.publish_state = 'published') product_count
from shop.category as c order by c.position, c.id
""")

PRODUCT_CARDS = f"""
with variant as (
    select s.product_id, {PRICE_IN_FORCE} as list_price_fen, {STOCK} as stock
    from shop.sku as s join shop.product as p on p.id = s.product_id where s.publish_state = 'published'
), offered as (
    select product_id, min(list_price_fen) as from_price_fen,
        case when bool_or(stock is null) then null else sum(stock)::bigint end as stock
    from variant group by product_id
)
select p.public_id as id, p.slug, p.kind, p.title_zh, p.title_en, c.slug as category_slug, p.publish_state,
    o.from_price_fen, case when o.product_id is null then 0 else o.stock end as stock, count(*) over () as total,
    {PICTURE} as picture, coalesce(sold.units, 0) as sold_units
from shop.product as p
join shop.category as c on c.id = p.category_id
left join offered as o on o.product_id = p.id
left join shop.product_sales as sold on sold.product_id = p.id
where (p.publish_state = 'published' or not :published_only)
    and (cast(:category as text) is null or c.slug = :category)
    and (:pattern = '%%' or p.title_zh ilike :pattern or p.title_en ilike :pattern or exists (
        select from shop.sku as s where s.product_id = p.id and s.publish_state = 'published'
            and (s.name_zh ilike :pattern or s.name_en ilike :pattern or s.code ilike :pattern)
    ))
    and (not :in_stock or (o.product_id is not null and coalesce(o.stock, 1) > 0))
order by o.product_id is not null and coalesce(o.stock, 1) > 0 desc, {{order}}
limit :limit offset :offset
"""
BY_ORDER = {order: text(PRODUCT_CARDS.format(order=columns)) for order, columns in ORDERS.items()}

PRODUCT = text(f"""
select p.id as inside, p.public_id as id, p.slug, p.kind, p.title_zh, p.title_en, p.description_zh, p.description_en,
    p.tutorial_zh, p.tutorial_en, p.publish_state, p.delivery_form, {PICTURE} as picture,
    c.slug as category_slug, c.name_zh as category_name_zh, c.name_en as category_name_en
from shop.product as p join shop.category as c on c.id = p.category_id
where p.slug = :slug and (not :published_only or p.publish_state = 'published')
""")

SKUS = text(f"""
select s.id as inside, s.public_id as id, s.code, s.name_zh, s.name_en, s.publish_state, s.max_per_order,
    s.duration_days, {PRICE_IN_FORCE} as list_price_fen, {STOCK} as stock
from shop.sku as s join shop.product as p on p.id = s.product_id
where s.product_id = :product_id and (not :published_only or s.publish_state = 'published')
order by s.position, s.id
""")

PARTS = text(f"""
select b.bundle_sku_id, b.quantity, s.public_id as sku_id, s.code as sku_code, s.name_zh as sku_name_zh,
    s.name_en as sku_name_en, p.title_zh as product_title_zh, p.title_en as product_title_en,
    {PRICE_IN_FORCE} as list_price_fen
from shop.bundle_item as b
join shop.sku as s on s.id = b.part_sku_id
join shop.product as p on p.id = s.product_id
where b.bundle_sku_id = any(cast(:skus as bigint[])) and b.removed_at is null
order by b.position, b.id
""")


# SKUs of a product, or those named, and what bundles among them consist of.
INSIDE = text("""
with asked as (
    select id from shop.sku where product_id = :product_id or public_id = any(cast(:skus as uuid[]))
)
select id from asked
union select part_sku_id from shop.bundle_item where bundle_sku_id in (select id from asked) and removed_at is null
""")

STOCKS = text(f"""
select s.public_id as id, {STOCK} as stock
from shop.sku as s join shop.product as p on p.id = s.product_id where s.public_id = any(cast(:skus as uuid[]))
""")


async def categories(session: ReadSession) -> tuple[CategoryView, ...]:
    return tuple(CategoryView.model_validate(row) for row in await session.execute(CATEGORIES))


async def products(
    session: ReadSession,
    at: datetime,
    supply: Supply,
    category: str | None,
    search: str,
    limit: int,
    offset: int,
    *,
    published_only: bool = True,
    order: ProductOrder = "shelf",
    in_stock: bool = False,
) -> ProductList:
    values = {
        "at": at,
        "in_stock": in_stock,
        "category": category,
        "pattern": _pattern(search),
        "limit": limit,
        "offset": offset,
        "published_only": published_only,
        **_bound(supply),
    }
    rows = (await session.execute(BY_ORDER[order], values)).all()
    return ProductList(items=tuple(ProductCard.model_validate(row) for row in rows), total=rows[0].total if rows else 0)


async def product(session: ReadSession, at: datetime, slug: str, published_only: bool) -> ProductView | None:
    values = {"slug": slug, "published_only": published_only}
    row = (await session.execute(PRODUCT, values)).mappings().one_or_none()
    if row is None:
        return None
    supply = await guard.at_quote(session, at, await _inside(session, row["inside"], ()))
    values = {"at": at, "product_id": row["inside"], "published_only": published_only, **_bound(supply)}
    skus = (await session.execute(SKUS, values)).mappings().all()
    parts: dict[int, list[BundlePartView]] = defaultdict(list)
    if row["kind"] == "bundle":
        for part in await session.execute(PARTS, {"skus": [sku["inside"] for sku in skus], "at": at}):
            parts[part.bundle_sku_id].append(BundlePartView.model_validate(part))
    return _whole(row, tuple(SkuView.model_validate({**sku, "parts": parts[sku["inside"]]}) for sku in skus))


def _whole(row: RowMapping, skus: tuple[SkuView, ...]) -> ProductView:
    sold = [sku for sku in skus if sku.publish_state == "published"]
    return ProductView(
        **{name: value for name, value in row.items() if name != "inside"},
        skus=skus,
        from_price_fen=min((sku.list_price_fen for sku in sold if sku.list_price_fen is not None), default=None),
        stock=_together([sku.stock for sku in sold]),
    )


def _together(stocks: Sequence[int | None]) -> int | None:
    counted = [stock for stock in stocks if stock is not None]
    return None if len(counted) < len(stocks) else sum(counted)


async def stock(session: ReadSession, skus: Sequence[UUID], at: datetime) -> dict[UUID, int | None]:
    supply = await guard.at_quote(session, at, await _inside(session, None, skus))
    values = {"skus": list(skus), "at": at, **_bound(supply)}
    return {row.id: row.stock for row in await session.execute(STOCKS, values)}


async def _inside(session: ReadSession, product_id: int | None, skus: Sequence[UUID]) -> list[int]:
    """Inside keys of a product's SKUs or of those named, with the parts of bundles."""
    return list(await session.scalars(INSIDE, {"product_id": product_id, "skus": list(skus)}))


def _bound(supply: Supply) -> dict[str, list[int]]:
    return {"guarded": sorted(supply.guarded), "supplied": sorted(supply.supplied)}


async def published(session: ReadSession) -> list[tuple[str, datetime]]:
    """Slugs of published products, and when each was changed last."""
    found = select(Product.slug, Product.updated_at).where(Product.publish_state == "published").order_by(Product.id)
    return [(row.slug, row.updated_at) for row in await session.execute(found)]


async def slug_of_sku(session: ReadSession, sku_public_id: UUID) -> str | None:
    found = select(Product.slug).join(Sku, Sku.product_id == Product.id).where(Sku.public_id == sku_public_id)
    return await session.scalar(found)


async def category_id(session: ReadSession, slug: str) -> int | None:
    return await session.scalar(select(Category.id).where(Category.slug == slug))


async def product_id(session: ReadSession, slug: str) -> int | None:
    return await session.scalar(select(Product.id).where(Product.slug == slug))


async def kind(session: ReadSession, slug: str) -> str | None:
    return await session.scalar(select(Product.kind).where(Product.slug == slug))


async def sku_id(session: ReadSession, code: str) -> int | None:
    return await session.scalar(select(Sku.id).where(Sku.code == code))


async def set_product_state(session: WriteSession, slug: str, state: str, at: datetime) -> bool:
    """Whether there was such a product; its first publication is remembered."""
    first = func.coalesce(Product.published_at, at) if state == "published" else Product.published_at
    changed = update(Product).where(Product.slug == slug).values(publish_state=state, published_at=first)
    return (await session.execute(changed.returning(Product.id))).one_or_none() is not None


async def change_sku(session: WriteSession, code: str, values: Mapping[str, object]) -> str | None:
    """The slug of the changed SKU's product, None when there is no such SKU."""
    if values:
        await session.execute(update(Sku).where(Sku.code == code).values(**values))
    found = select(Product.slug).join(Sku, Sku.product_id == Product.id).where(Sku.code == code)
    return await session.scalar(found)


async def change_product(session: WriteSession, slug: str, values: Mapping[str, object]) -> bool:
    """Whether there was such a product."""
    changed = update(Product).where(Product.slug == slug).values(**values).returning(Product.id)
    return (await session.execute(changed)).one_or_none() is not None


async def change_category(session: WriteSession, slug: str, values: Mapping[str, object]) -> bool:
    """Whether there was such a category."""
    changed = update(Category).where(Category.slug == slug).values(**values).returning(Category.id)
    return (await session.execute(changed)).one_or_none() is not None


async def prices(session: ReadSession, slug: str) -> tuple[PriceView, ...]:
    found = (
        select(Sku.code.label("sku_code"), Price.list_price_fen, Price.valid_from)
        .join(Sku, Sku.id == Price.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(Product.slug == slug)
        .order_by(Price.valid_from.desc(), Price.id.desc())
    )
    return tuple(PriceView.model_validate(row) for row in await session.execute(found))


async def set_form(session: WriteSession, slug: str, fields: Sequence[Mapping[str, object]]) -> bool:
    """Whether there was such a product."""
    changed = update(Product).where(Product.slug == slug).values(delivery_form=list(fields)).returning(Product.id)
    return (await session.execute(changed)).one_or_none() is not None


def _pattern(search: str) -> str:
    """An ILIKE pattern that takes the search literally."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", search) + "%"
