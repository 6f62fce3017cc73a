"""The desk's pages for what is sold: categories, products, SKUs, prices. Owners and operators change, all look."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, RedirectResponse

from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, command, faults_of, sentence_of
from transactional.backoffice.roles import may
from transactional.backoffice.wording import amount_hint, publish_state_texts
from transactional.catalogue import service
from transactional.catalogue.schemas import NewCategory, NewPrice, NewProduct, NewSku, PublishState
from transactional.db import reading, writing
from transactional.errors import ShopError
from transactional.web.page import DeskPage, Page, PageReading, go

PRODUCTS_SHOWN = 500

router = APIRouter(prefix="/desk", include_in_schema=False)
may_change = Depends(may("edit_catalogue"))
Typed = Annotated[str, Form(max_length=10_000)]


@router.get("/products")
async def products(page: DeskPage, session: PageReading, done: str = "") -> HTMLResponse:
    found = await service.products_for_staff(session, limit=PRODUCTS_SHOWN)
    return page.show(
        "backoffice/products.html",
        tab="products",
        products=found.items,
        category_names={each.slug: page.local(each, "name") for each in await service.categories(session)},
        publish_states=publish_state_texts(page.translate),
        done=_done(page, done),
    )


@router.get("/categories/new", dependencies=[may_change])
async def category_form(page: DeskPage) -> HTMLResponse:
    return _category_form(page, {"position": "0"})


@router.post("/categories/new", dependencies=[may_change], response_model=None)
async def add_category(
    page: DeskPage, slug: Typed = "", name_zh: Typed = "", name_en: Typed = "", position: Typed = "0"
) -> HTMLResponse | RedirectResponse:
    form = {"slug": slug, "name_zh": name_zh, "name_en": name_en, "position": position}
    try:
        new = command(NewCategory, form, page.translate)
        async with writing(page.shop.engine) as session:
            await service.add_category(session, new)
    except RefusedForm as refused:
        return _category_form(page, form, refused.faults)
    except ShopError as refusal:
        return _category_form(page, form, faults_of(refusal, page.language), sentence_of(refusal, page.language))
    return go("/desk/products?done=category")


@router.get("/products/new", dependencies=[may_change])
async def product_form(page: DeskPage) -> HTMLResponse:
    return await _product_form(page, {})


@router.post("/products/new", dependencies=[may_change], response_model=None)
async def add_product(
    page: DeskPage,
    category_slug: Typed = "",
    slug: Typed = "",
    title_zh: Typed = "",
    title_en: Typed = "",
    description_zh: Typed = "",
    description_en: Typed = "",
    tutorial_zh: Typed = "",
    tutorial_en: Typed = "",
) -> HTMLResponse | RedirectResponse:
    form = {
        "category_slug": category_slug,
        "slug": slug,
        "title_zh": title_zh,
        "title_en": title_en,
        "description_zh": description_zh,
        "description_en": description_en,
        "tutorial_zh": tutorial_zh,
        "tutorial_en": tutorial_en,
    }
    try:
        new = command(NewProduct, form, page.translate)
        async with writing(page.shop.engine) as session:
            await service.add_product(session, new)
    except RefusedForm as refused:
        return await _product_form(page, form, refused.faults)
    except ShopError as refusal:
        return await _product_form(page, form, faults_of(refusal, page.language), sentence_of(refusal, page.language))
    return go(f"/desk/products/{slug.strip()}?done=product")


@router.get("/products/{slug}")
async def product(page: DeskPage, slug: str, done: str = "") -> HTMLResponse:
    return await _product(page, slug, done=done)


@router.post("/products/{slug}/state", dependencies=[may_change])
async def set_state(page: DeskPage, slug: str, publish_state: Annotated[PublishState, Form()]) -> RedirectResponse:
    async with writing(page.shop.engine) as session:
        await service.set_product_state(session, slug, publish_state)
    return go(f"/desk/products/{slug}?done={publish_state}")


@router.post("/products/{slug}/skus", dependencies=[may_change], response_model=None)
async def add_sku(
    page: DeskPage, slug: str, code: Typed = "", name_zh: Typed = "", name_en: Typed = "", list_price: Typed = ""
) -> HTMLResponse | RedirectResponse:
    form = {"code": code, "name_zh": name_zh, "name_en": name_en, "list_price": list_price}
    try:
        price_fen = amount_fen("list_price", list_price, page.shop.currency, page.translate)
        named = {"product_slug": slug, "code": code, "name_zh": name_zh, "name_en": name_en}
        new = command(NewSku, {**named, "list_price_fen": price_fen}, page.translate)
        async with writing(page.shop.engine) as session:
            await service.add_sku(session, new)
    except RefusedForm as refused:
        return await _product(page, slug, form, refused.faults)
    except ShopError as refusal:
        return await _product(page, slug, form, fault=sentence_of(refusal, page.language))
    return go(f"/desk/products/{slug}?done=sku")


@router.post("/products/{slug}/price", dependencies=[may_change], response_model=None)
async def set_price(
    page: DeskPage, slug: str, sku_code: Typed = "", price: Typed = ""
) -> HTMLResponse | RedirectResponse:
    form = {"sku_code": sku_code, "price": price}
    try:
        fen = amount_fen("price", price, page.shop.currency, page.translate)
        async with writing(page.shop.engine) as session:
            await service.set_price(session, NewPrice(sku_code=sku_code, list_price_fen=fen))
    except RefusedForm as refused:
        return await _product(page, slug, form, refused.faults)
    except ShopError as refusal:
        return await _product(page, slug, form, fault=sentence_of(refusal, page.language))
    return go(f"/desk/products/{slug}?done=price")


async def _product(
    page: Page,
    slug: str,
    form: Mapping[str, str] | None = None,
    faults: Faults | None = None,
    fault: str = "",
    done: str = "",
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        found = await service.product_for_staff(session, slug)
    return page.show(
        "backoffice/product.html",
        status=422 if faults or fault else 200,
        tab="products",
        product=found,
        publish_states=publish_state_texts(page.translate),
        amount_hint=amount_hint(page.shop.currency, page.translate),
        form=Faults(form),
        faults=faults or Faults(),
        fault=fault,
        done=_done(page, done),
        back=f"/desk/products/{slug}",
    )


def _category_form(page: Page, form: Mapping[str, str], faults: Faults | None = None, fault: str = "") -> HTMLResponse:
    return page.show(
        "backoffice/category_new.html",
        status=422 if faults or fault else 200,
        tab="products",
        form=Faults(form),
        faults=faults or Faults(),
        fault=fault,
    )


async def _product_form(
    page: Page, form: Mapping[str, str], faults: Faults | None = None, fault: str = ""
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        categories = await service.categories(session)
    return page.show(
        "backoffice/product_new.html",
        status=422 if faults or fault else 200,
        tab="products",
        categories=categories,
        form=Faults(form),
        faults=faults or Faults(),
        fault=fault,
    )


def _done(page: Page, what: str) -> str:
    """What the form before has done, said once on the page that it led to."""
    _ = page.translate
    return {
        "category": _("The category is there."),
        "product": _("The product is there as a draft. Give it a SKU with a price, then publish it."),
        "sku": _("The SKU is there. Import its cards to have stock."),
        "price": _("The new price is in force."),
        "published": _("It is on sale now."),
        "withdrawn": _("It is no longer on sale."),
    }.get(what, "")
