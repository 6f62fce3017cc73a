"""Pages on which things are found and looked at: home, categories, search, product."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from transactional.catalogue.quote import quote
from transactional.catalogue.schemas import CategoryView
from transactional.errors import NotFoundError
from transactional.orders.schemas import MAX_QUANTITY
from transactional.web.page import OpenPage, Page

PRODUCTS_A_PAGE = 24

router = APIRouter(include_in_schema=False)
PageNumber = Annotated[int, Query(alias="page", ge=1, le=100_000)]


@router.get("/")
async def home(page: OpenPage, number: PageNumber = 1) -> HTMLResponse:
    return await _listed(page, number, address="/?")


@router.get("/categories/{slug}")
async def category(page: OpenPage, slug: str, number: PageNumber = 1) -> HTMLResponse:
    found = next((each for each in await page.shop.catalogue.categories() if each.slug == slug), None)
    if found is None:
        raise NotFoundError
    return await _listed(page, number, address=f"/categories/{slug}?", category=found)


@router.get("/search")
async def search(page: OpenPage, q: Annotated[str, Query(max_length=80)] = "", number: PageNumber = 1) -> HTMLResponse:
    wanted = q.strip()
    return await _listed(page, number, address=f"/search?{urlencode({'q': wanted})}&", query=wanted)


async def _listed(
    page: Page,
    number: int,
    *,
    address: str,
    category: CategoryView | None = None,
    query: str = "",
) -> HTMLResponse:
    offset = (number - 1) * PRODUCTS_A_PAGE
    slug = category.slug if category else None
    found = await page.shop.catalogue.products(category=slug, search=query, limit=PRODUCTS_A_PAGE, offset=offset)
    if number > 1 and not found.items:
        raise NotFoundError
    return page.show(
        "catalogue/_found.html" if page.is_fragment else "catalogue/list.html",
        section="home",
        categories=await page.shop.catalogue.categories(),
        category=category,
        query=query,
        products=found.items,
        total=found.total,
        page=number,
        more=offset + len(found.items) < found.total,
        address=address,
    )


@router.get("/products/{slug}")
async def product(page: OpenPage, slug: str, sku: str = "", quantity: str = "1") -> HTMLResponse:
    found = await page.shop.catalogue.product(slug)
    return page.show(
        "catalogue/product.html",
        section="home",
        product=found,
        skus=found.skus,
        quote=quote(found.skus, sku, quantity),
        max_quantity=MAX_QUANTITY,
    )


@router.get("/products/{slug}/quote")
async def product_quote(page: OpenPage, slug: str, sku: str = "", quantity: str = "1") -> HTMLResponse:
    found = await page.shop.catalogue.product(slug)
    offered = quote(found.skus, sku, quantity)
    if offered is None:
        raise NotFoundError
    return page.show("catalogue/_quote.html", quote=offered)
