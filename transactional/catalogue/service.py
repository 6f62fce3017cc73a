"""What the catalogue does: list, find and show what is sold; add categories, products, SKUs and prices; publish."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from mingsuan import clock
from transactional.catalogue import bundles, offer_queries, queries
from transactional.catalogue.models import Category, Price, Product, Sku
from transactional.catalogue.offers import Offer
from transactional.catalogue.schemas import (
    CategoryView,
    NewCategory,
    NewForm,
    NewParts,
    NewPrice,
    NewProduct,
    NewSku,
    PriceView,
    ProductList,
    ProductOrder,
    ProductView,
    PublishState,
    SkuChange,
    SkuView,
)
from transactional.db import Base, ReadSession, WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NameTakenError, NotFoundError
from transactional.suppliers.routing import guard


async def categories(session: ReadSession) -> tuple[CategoryView, ...]:
    """All categories in their order."""
    return await queries.categories(session)


async def products(
    session: ReadSession,
    *,
    category: str | None = None,
    search: str = "",
    limit: int = 60,
    offset: int = 0,
    order: ProductOrder = "shelf",
    in_stock: bool = False,
) -> ProductList:
    """Published products, those in stock first; `search` looks at titles, SKU names and codes in both languages."""
    at = clock.now()
    supply = await guard.at_quote(session, at)
    return await queries.products(
        session, at, supply, category, search.strip(), limit, offset, order=order, in_stock=in_stock
    )


async def published(session: ReadSession) -> list[tuple[str, datetime]]:
    """Slugs of published products, and when each was changed last."""
    return await queries.published(session)


async def products_for_staff(
    session: ReadSession, *, category: str | None = None, search: str = "", limit: int = 60, offset: int = 0
) -> ProductList:
    """Products in any state."""
    at = clock.now()
    supply = await guard.at_quote(session, at)
    return await queries.products(session, at, supply, category, search.strip(), limit, offset, published_only=False)


async def product(session: ReadSession, slug: str) -> ProductView:
    """One published product with its published SKUs. Raises NotFoundError."""
    return await _product(session, slug, published_only=True)


async def product_for_staff(session: ReadSession, slug: str) -> ProductView:
    """One product in any state with all its SKUs. Raises NotFoundError."""
    return await _product(session, slug, published_only=False)


async def _product(session: ReadSession, slug: str, *, published_only: bool) -> ProductView:
    found = await queries.product(session, clock.now(), slug, published_only)
    if found is None:
        raise NotFoundError
    return found


async def product_of_sku(session: ReadSession, sku_public_id: UUID) -> tuple[ProductView, SkuView]:
    """The published product that a SKU belongs to, and the SKU. Raises NotFoundError."""
    slug = await queries.slug_of_sku(session, sku_public_id)
    found = await product(session, slug or "")
    for sku in found.skus:
        if sku.id == sku_public_id:
            return found, sku
    raise NotFoundError


async def offers(session: ReadSession, skus: Sequence[UUID], at: datetime) -> dict[UUID, Offer]:
    """What of these can be ordered at an instant, by public id; what is not for sale is not among it."""
    return await offer_queries.offers(session, skus, at)


async def stock(session: ReadSession, skus: Sequence[UUID], at: datetime) -> dict[UUID, int | None]:
    """What of each SKU can be sold at an instant, by public id; None for what is made to order."""
    return await queries.stock(session, skus, at)


async def sku_id(session: ReadSession, code: str) -> int:
    """The inside key of a SKU by its code, for other slices. Raises NotFoundError."""
    found = await queries.sku_id(session, code)
    if found is None:
        raise NotFoundError
    return found


async def add_category(session: WriteSession, new: NewCategory) -> CategoryView:
    """Raises NameTakenError."""
    category = Category(**new.model_dump())
    await _add(session, category, new.slug)
    return CategoryView(id=category.public_id, slug=new.slug, name_zh=new.name_zh, name_en=new.name_en, product_count=0)


async def add_product(session: WriteSession, new: NewProduct) -> ProductView:
    """Raises InvalidInputError for an unknown category, NameTakenError."""
    category_id = await queries.category_id(session, new.category_slug)
    if category_id is None:
        raise InvalidInputError([FieldProblem("category_slug", "There is no such category.")])
    fields = new.model_dump(mode="json", exclude={"category_slug"})
    published_at = clock.now() if new.publish_state == "published" else None
    await _add(session, Product(category_id=category_id, published_at=published_at, **fields), new.slug)
    return await product_for_staff(session, new.slug)


async def add_sku(session: WriteSession, new: NewSku) -> SkuView:
    """A variant, with its first price when one is given. Raises InvalidInputError, NameTakenError."""
    product_id = await queries.product_id(session, new.product_slug)
    if product_id is None:
        raise InvalidInputError([FieldProblem("product_slug", "There is no such product.")])
    if await queries.kind(session, new.product_slug) == "membership" and new.duration_days is None:
        raise InvalidInputError([FieldProblem("duration_days", "Is required.")])
    sku = Sku(product_id=product_id, **new.model_dump(exclude={"product_slug", "list_price_fen"}))
    await _add(session, sku, new.code)
    if new.list_price_fen is not None:
        await set_price(session, NewPrice(sku_code=new.code, list_price_fen=new.list_price_fen))
    return await _sku(session, new.product_slug, new.code)


async def set_price(session: WriteSession, new: NewPrice) -> PriceView:
    """A list price from now or a later instant on; older prices stay on record.

    Raises InvalidInputError for an unknown SKU or an instant in the past, NameTakenError for one already priced,
    DearBundleError for a bundle that would cost more than its parts.
    """
    found = await queries.sku_id(session, new.sku_code)
    if found is None:
        raise InvalidInputError([FieldProblem("sku_code", "There is no such SKU.")])
    at = _from_now_on(new.valid_from)
    await _add(session, Price(sku_id=found, list_price_fen=new.list_price_fen, valid_from=at), at.isoformat())
    await bundles.refuse_dear(session, [new.sku_code])
    return PriceView(sku_code=new.sku_code, list_price_fen=new.list_price_fen, valid_from=at)


async def set_product_state(session: WriteSession, slug: str, state: PublishState) -> ProductView:
    """Publish or withdraw a product. Raises NotFoundError, DearBundleError."""
    if not await queries.set_product_state(session, slug, state, clock.now()):
        raise NotFoundError
    shown = await product_for_staff(session, slug)
    if state == "published":
        await bundles.refuse_dear(session, [sku.code for sku in shown.skus if sku.publish_state == "published"])
    return shown


async def set_sku_state(session: WriteSession, code: str, state: PublishState) -> None:
    """Publish or withdraw a SKU. Raises NotFoundError."""
    await change_sku(session, code, SkuChange(publish_state=state))


async def change_sku(session: WriteSession, code: str, change: SkuChange) -> SkuView:
    """Publish state, most units an order, duration: what is given. Raises NotFoundError, DearBundleError."""
    slug = await queries.change_sku(session, code, change.model_dump(exclude_none=True))
    if slug is None:
        raise NotFoundError
    if change.publish_state == "published":
        await bundles.refuse_dear(session, [code])
    return await _sku(session, slug, code)


async def set_parts(session: WriteSession, code: str, new: NewParts) -> SkuView:
    """What a bundle contains from now on. Raises as `bundles.set_parts` does."""
    return await _sku(session, await bundles.set_parts(session, code, new.parts), code)


async def set_form(session: WriteSession, slug: str, new: NewForm) -> ProductView:
    """What the buyers of a product are asked from now on. Raises NotFoundError, InvalidInputError for a name twice."""
    names = [field.name for field in new.fields]
    if len(set(names)) < len(names):
        raise InvalidInputError([FieldProblem("fields", "Two fields have the same name.")])
    if not await queries.set_form(session, slug, [field.model_dump(mode="json") for field in new.fields]):
        raise NotFoundError
    return await product_for_staff(session, slug)


async def _sku(session: ReadSession, slug: str, code: str) -> SkuView:
    shown = await product_for_staff(session, slug)
    return next(view for view in shown.skus if view.code == code)


def _from_now_on(valid_from: datetime | None) -> datetime:
    now = clock.now()
    if valid_from is None:
        return now
    if valid_from < now:
        raise InvalidInputError([FieldProblem("valid_from", "A price cannot begin in the past.")])
    return valid_from


async def _add(session: WriteSession, row: Base, name: str) -> None:
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise NameTakenError(name=name) from None
