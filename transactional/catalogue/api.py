"""JSON API of the catalogue: what is sold, for everybody; adding and publishing, for staff."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel

from transactional.accounts.rules import may
from transactional.accounts.schemas import StaffSubject
from transactional.catalogue import service
from transactional.catalogue.editing import recorded
from transactional.catalogue.errors import DearBundleError, NotABundleError
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
    ProductView,
    PublishChange,
    SkuChange,
    SkuView,
)
from transactional.db import WriteSession
from transactional.edge import AsStaff, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NameTakenError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.problems import responses

router = APIRouter()
ACTS: dict[type[BaseModel], str] = {
    NewCategory: "add_category",
    NewProduct: "add_product",
    PublishChange: "publish_product",
    NewSku: "add_sku",
    SkuChange: "change_sku",
    NewParts: "set_parts",
    NewForm: "set_form",
    NewPrice: "set_price",
}
KINDS: dict[type[BaseModel], str] = {
    NewCategory: "category",
    NewSku: "sku",
    SkuChange: "sku",
    NewParts: "sku",
    NewPrice: "sku",
}
"""What an act is about, where it is not a product."""
Answer = TypeVar("Answer", bound=BaseModel)
COMMAND = responses(
    NotLoggedInError,
    NotAllowedError,
    NameTakenError,
    DearBundleError,
    MissingIdempotencyKeyError,
    IdempotencyKeyReusedError,
)
CHANGE = responses(
    NotLoggedInError,
    NotAllowedError,
    NotFoundError,
    DearBundleError,
    MissingIdempotencyKeyError,
    IdempotencyKeyReusedError,
)
SKU_CHANGE = responses(
    NotLoggedInError,
    NotAllowedError,
    NotFoundError,
    NotABundleError,
    DearBundleError,
    MissingIdempotencyKeyError,
    IdempotencyKeyReusedError,
)


@router.get("/categories", tags=["catalogue"])
async def list_categories(shop: ShopHere) -> tuple[CategoryView, ...]:
    """All categories in their order."""
    return await shop.catalogue.categories()


@router.get("/products", tags=["catalogue"], responses=responses())
async def list_products(
    shop: ShopHere,
    category: str | None = None,
    q: Annotated[str, Query(max_length=100, description="Words of titles, variants or codes")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 60,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> ProductList:
    """Published products, those in stock first. Stock is at most two seconds old; an order is checked at once."""
    return await shop.catalogue.products(category=category, search=q, limit=limit, offset=offset)


@router.get("/products/{slug}", tags=["catalogue"], responses=responses(NotFoundError))
async def show_product(slug: str, shop: ShopHere) -> ProductView:
    """One published product with its variants, prices and stock, which is at most two seconds old."""
    return await shop.catalogue.product(slug)


@router.post("/staff/categories", tags=["staff"], status_code=201, responses=COMMAND)
async def add_category(body: NewCategory, member: AsStaff, session: Writing, key: Key) -> CategoryView:
    """Add a category."""
    return await _edit(session, member, key, body, CategoryView, lambda: service.add_category(session, body))


@router.post("/staff/products", tags=["staff"], status_code=201, responses=COMMAND)
async def add_product(body: NewProduct, member: AsStaff, session: Writing, key: Key) -> ProductView:
    """Add a product, as a draft unless said otherwise."""
    return await _edit(session, member, key, body, ProductView, lambda: service.add_product(session, body))


@router.post("/staff/products/{slug}/publish-state", tags=["staff"], responses=CHANGE)
async def set_product_state(slug: str, body: PublishChange, member: AsStaff, session: Writing, key: Key) -> ProductView:
    """Publish or withdraw a product."""

    async def work() -> ProductView:
        return await service.set_product_state(session, slug, body.publish_state)

    return await _edit(session, member, key, body, ProductView, work, slug)


@router.post("/staff/skus", tags=["staff"], status_code=201, responses=COMMAND)
async def add_sku(body: NewSku, member: AsStaff, session: Writing, key: Key) -> SkuView:
    """Add a variant of a product, with its first price."""
    return await _edit(session, member, key, body, SkuView, lambda: service.add_sku(session, body))


@router.post("/staff/skus/{code}/change", tags=["staff"], responses=SKU_CHANGE)
async def change_sku(code: str, body: SkuChange, member: AsStaff, session: Writing, key: Key) -> SkuView:
    """Publish or withdraw a variant, or change its limits."""

    async def work() -> SkuView:
        return await service.change_sku(session, code, body)

    return await _edit(session, member, key, body, SkuView, work, code)


@router.post("/staff/skus/{code}/parts", tags=["staff"], responses=SKU_CHANGE)
async def set_parts(code: str, body: NewParts, member: AsStaff, session: Writing, key: Key) -> SkuView:
    """Say what a bundle contains; it cannot cost more than its parts together."""

    async def work() -> SkuView:
        return await service.set_parts(session, code, body)

    return await _edit(session, member, key, body, SkuView, work, code)


@router.post("/staff/products/{slug}/delivery-form", tags=["staff"], responses=CHANGE)
async def set_form(slug: str, body: NewForm, member: AsStaff, session: Writing, key: Key) -> ProductView:
    """Say what the buyers of a product are asked at checkout."""

    async def work() -> ProductView:
        return await service.set_form(session, slug, body)

    return await _edit(session, member, key, body, ProductView, work, slug)


@router.post("/staff/prices", tags=["staff"], status_code=201, responses=COMMAND)
async def set_price(body: NewPrice, member: AsStaff, session: Writing, key: Key) -> PriceView:
    """Set a SKU's list price from now or a later instant on."""
    return await _edit(session, member, key, body, PriceView, lambda: service.set_price(session, body))


async def _edit(
    session: WriteSession,
    member: StaffSubject,
    key: str,
    body: BaseModel,
    view: type[Answer],
    work: Callable[[], Awaitable[Answer]],
    about: str = "",
) -> Answer:
    """A change of the catalogue by someone who may, once."""
    if not may(member.role, "edit_catalogue"):
        raise NotAllowedError
    asked = f"{type(body).__name__} {about} {body.model_dump_json()}"
    act, subject = ACTS[type(body)], getattr(body, "slug", None) or getattr(body, "code", None) or about

    async def on_record() -> Answer:
        named = subject or getattr(body, "sku_code", "")
        return await recorded(session, member.id, act, f"{KINDS.get(type(body), 'product')}:{named}", work)

    return await once(session, CommandKey(f"staff:{member.public_id}", key, asked), view, on_record)
