"""Pages on which things are found and looked at: home, categories, search, product; and products' pictures."""

from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response

from transactional.catalogue import pictures, structured
from transactional.catalogue.quote import quote
from transactional.catalogue.schemas import CategoryView, ProductCard, ProductOrder
from transactional.catalogue.wording import order_texts
from transactional.errors import NotFoundError
from transactional.notices import restock
from transactional.orders.schemas import MAX_QUANTITY
from transactional.web.page import OpenPage, Page, PageReading

PRODUCTS_A_PAGE = 24
POPULAR = 4
YEAR_S = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)
PageNumber = Annotated[int, Query(alias="page", ge=1, le=100_000)]


@dataclass(frozen=True, slots=True)
class Sorted:
    """How a list is asked for; the shop's own order is the plain address."""

    order: ProductOrder
    in_stock: bool

    @property
    def query(self) -> dict[str, str]:
        order = {} if self.order == "shelf" else {"sort": self.order}
        return {**order, **({"in_stock": "1"} if self.in_stock else {})}


def asked_order(sort: Annotated[ProductOrder, Query()] = "shelf", in_stock: Annotated[bool, Query()] = False) -> Sorted:
    return Sorted(sort, in_stock)


AskedOrder = Annotated[Sorted, Depends(asked_order)]


@router.get("/")
async def home(page: OpenPage, order: AskedOrder, number: PageNumber = 1) -> HTMLResponse:
    plain = number == 1 and not order.query and not page.is_fragment
    return await _listed(page, number, order, path="/", popular=await _popular(page) if plain else ())


@router.get("/categories/{slug}")
async def category(page: OpenPage, slug: str, order: AskedOrder, number: PageNumber = 1) -> HTMLResponse:
    found = next((each for each in await page.shop.catalogue.categories() if each.slug == slug), None)
    if found is None:
        raise NotFoundError
    return await _listed(page, number, order, path=f"/categories/{slug}", category=found)


@router.get("/search")
async def search(
    page: OpenPage, order: AskedOrder, q: Annotated[str, Query(max_length=80)] = "", number: PageNumber = 1
) -> HTMLResponse:
    return await _listed(page, number, order, path="/search", query=q.strip())


async def _popular(page: Page) -> tuple[ProductCard, ...]:
    """What sold most in the last thirty days and can be had; nothing when hardly anything was sold."""
    found = await page.shop.catalogue.products(order="popular", in_stock=True, limit=POPULAR)
    sold = tuple(product for product in found.items if product.sold_units)
    return sold if len(sold) == POPULAR and found.total > POPULAR else ()


async def _listed(
    page: Page,
    number: int,
    order: Sorted,
    *,
    path: str,
    category: CategoryView | None = None,
    query: str = "",
    popular: tuple[ProductCard, ...] = (),
) -> HTMLResponse:
    offset = (number - 1) * PRODUCTS_A_PAGE
    slug = category.slug if category else None
    found = await page.shop.catalogue.products(
        category=slug,
        search=query,
        limit=PRODUCTS_A_PAGE,
        offset=offset,
        order=order.order,
        in_stock=order.in_stock,
    )
    if number > 1 and not found.items:
        raise NotFoundError
    asked = {**({"q": query} if query else {}), **order.query}
    return page.show(
        "catalogue/_found.html" if page.is_fragment else "catalogue/list.html",
        section="home",
        categories=await page.shop.catalogue.categories(),
        category=category,
        query=query,
        order=order,
        orders=order_texts(page.translate),
        popular=popular,
        products=found.items,
        total=found.total,
        page=number,
        more=offset + len(found.items) < found.total,
        path=path,
        address=f"{path}?{urlencode(asked)}&" if asked else f"{path}?",
    )


@router.get("/pictures/{sha256}/{size}.webp")
async def product_picture(session: PageReading, sha256: str, size: Literal["wide", "small"]) -> Response:
    """A picture; its address changes with its content, so it may be kept for ever."""
    content = await pictures.picture(session, sha256, size)
    return Response(content, 200, {"Cache-Control": f"public, max-age={YEAR_S}, immutable"}, "image/webp")


@router.get("/products/{slug}")
async def product(page: OpenPage, session: PageReading, slug: str, sku: str = "", quantity: str = "1") -> HTMLResponse:
    found = await page.shop.catalogue.product(slug)
    watched = await restock.watched(session, page.customer.id, slug) if page.customer else frozenset()
    return page.show(
        "catalogue/product.html",
        section="home",
        product=found,
        skus=found.skus,
        watched=watched,
        quote=quote(found.skus, sku, quantity),
        max_quantity=MAX_QUANTITY,
        data=structured.product(found, page.language, page.shop.currency, page.public_url),
    )


@router.get("/products/{slug}/quote")
async def product_quote(page: OpenPage, slug: str, sku: str = "", quantity: str = "1") -> HTMLResponse:
    found = await page.shop.catalogue.product(slug)
    offered = quote(found.skus, sku, quantity)
    if offered is None:
        raise NotFoundError
    return page.show("catalogue/_quote.html", quote=offered)
