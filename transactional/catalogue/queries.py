"""SQL of the catalogue: the price in force is the latest that has begun, stock is the count of free codes."""

import re
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, func, select, text, update

from transactional.catalogue.models import Category, Product, Sku
from transactional.catalogue.schemas import CategoryView, ProductCard, ProductList, ProductView, SkuView
from transactional.db import ReadSession, WriteSession

PRICE_IN_FORCE = """(
        select price.list_price_fen from shop.price
        where price.sku_id = s.id and price.valid_from <= :at order by price.valid_from desc limit 1
    )"""
STOCK = """(
        select count(*) from shop.card
        where card.sku_id = s.id and card.delivered_fulfilment_id is null
            and card.state = 'available' and card.free_at <= :at
    )"""

CATEGORIES = text("""
select c.public_id as id, c.slug, c.name_zh, c.name_en,
    (select count(*) from shop.product as p where p.category_id = c.id and p.publish_state = 'published') product_count
from shop.category as c order by c.position, c.id
""")

PRODUCT_CARDS = text(f"""
with variant as (
    select s.product_id, {PRICE_IN_FORCE} as list_price_fen, {STOCK} as stock
    from shop.sku as s where s.publish_state = 'published'
)
select p.public_id as id, p.slug, p.kind, p.title_zh, p.title_en, c.slug as category_slug, p.publish_state,
    min(v.list_price_fen) as from_price_fen, coalesce(sum(v.stock), 0)::bigint as stock, count(*) over () as total
from shop.product as p
join shop.category as c on c.id = p.category_id
left join variant as v on v.product_id = p.id
where (p.publish_state = 'published' or not :published_only)
    and (cast(:category as text) is null or c.slug = :category)
    and (:pattern = '%%' or p.title_zh ilike :pattern or p.title_en ilike :pattern or exists (
        select from shop.sku as s where s.product_id = p.id and s.publish_state = 'published'
            and (s.name_zh ilike :pattern or s.name_en ilike :pattern or s.code ilike :pattern)
    ))
group by p.id, c.id
order by coalesce(sum(v.stock), 0) > 0 desc, c.position, c.id, p.id
limit :limit offset :offset
""")

PRODUCT = text("""
select p.id as inside, p.public_id as id, p.slug, p.kind, p.title_zh, p.title_en, p.description_zh, p.description_en,
    p.tutorial_zh, p.tutorial_en, p.publish_state,
    c.slug as category_slug, c.name_zh as category_name_zh, c.name_en as category_name_en
from shop.product as p join shop.category as c on c.id = p.category_id
where p.slug = :slug and (not :published_only or p.publish_state = 'published')
""")

SKUS = text(f"""
select s.public_id as id, s.code, s.name_zh, s.name_en, s.publish_state,
    {PRICE_IN_FORCE} as list_price_fen, {STOCK} as stock
from shop.sku as s
where s.product_id = :product_id and (not :published_only or s.publish_state = 'published')
order by s.position, s.id
""")


async def categories(session: ReadSession) -> tuple[CategoryView, ...]:
    return tuple(CategoryView.model_validate(row) for row in await session.execute(CATEGORIES))


async def products(
    session: ReadSession,
    at: datetime,
    category: str | None,
    search: str,
    limit: int,
    offset: int,
    *,
    published_only: bool = True,
) -> ProductList:
    values = {
        "at": at,
        "category": category,
        "pattern": _pattern(search),
        "limit": limit,
        "offset": offset,
        "published_only": published_only,
    }
    rows = (await session.execute(PRODUCT_CARDS, values)).all()
    return ProductList(items=tuple(ProductCard.model_validate(row) for row in rows), total=rows[0].total if rows else 0)


async def product(session: ReadSession, at: datetime, slug: str, published_only: bool) -> ProductView | None:
    values = {"slug": slug, "published_only": published_only}
    row = (await session.execute(PRODUCT, values)).mappings().one_or_none()
    if row is None:
        return None
    values = {"at": at, "product_id": row["inside"], "published_only": published_only}
    return _whole(row, tuple(SkuView.model_validate(sku) for sku in await session.execute(SKUS, values)))


def _whole(row: RowMapping, skus: tuple[SkuView, ...]) -> ProductView:
    sold = [sku for sku in skus if sku.publish_state == "published"]
    return ProductView(
        **{name: value for name, value in row.items() if name != "inside"},
        skus=skus,
        from_price_fen=min((sku.list_price_fen for sku in sold if sku.list_price_fen is not None), default=None),
        stock=sum(sku.stock for sku in sold),
    )


async def slug_of_sku(session: ReadSession, sku_public_id: UUID) -> str | None:
    found = select(Product.slug).join(Sku, Sku.product_id == Product.id).where(Sku.public_id == sku_public_id)
    return await session.scalar(found)


async def category_id(session: ReadSession, slug: str) -> int | None:
    return await session.scalar(select(Category.id).where(Category.slug == slug))


async def product_id(session: ReadSession, slug: str) -> int | None:
    return await session.scalar(select(Product.id).where(Product.slug == slug))


async def sku_id(session: ReadSession, code: str) -> int | None:
    return await session.scalar(select(Sku.id).where(Sku.code == code))


async def set_product_state(session: WriteSession, slug: str, state: str, at: datetime) -> bool:
    """Whether there was such a product; its first publication is remembered."""
    first = func.coalesce(Product.published_at, at) if state == "published" else Product.published_at
    changed = update(Product).where(Product.slug == slug).values(publish_state=state, published_at=first)
    return (await session.execute(changed.returning(Product.id))).one_or_none() is not None


async def set_sku_state(session: WriteSession, code: str, state: str) -> bool:
    """Whether there was such a SKU."""
    changed = update(Sku).where(Sku.code == code).values(publish_state=state).returning(Sku.id)
    return (await session.execute(changed)).one_or_none() is not None


def _pattern(search: str) -> str:
    """An ILIKE pattern that takes the search literally."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", search) + "%"
