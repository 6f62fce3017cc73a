"""The desk's pages for what is sold: lists, new categories and products, what a product says and how it is delivered.

Its variants and their prices are in `sku_pages`. Owners and operators change, everybody on the staff looks.
"""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, Response

from transactional.accounts.schemas import StaffSubject
from transactional.backoffice.forms import Faults, RefusedForm, command, faults_of, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.product_sheet import Sheet, fields_of, named, product_page
from transactional.backoffice.roles import may
from transactional.backoffice.wording import kind_texts, publish_state_texts
from transactional.catalogue import editing, service
from transactional.catalogue.editing import recorded
from transactional.catalogue.pictures import LARGEST_MIB
from transactional.catalogue.schemas import (
    CategoryChange,
    NewCategory,
    NewForm,
    NewProduct,
    ProductChange,
    PublishState,
)
from transactional.db import ReadSession, WriteSession, reading
from transactional.errors import NotFoundError, ShopError, TooLargeError
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

PRODUCTS_A_PAGE = 100
TEXTS = ("title_zh", "title_en", "description_zh", "description_en", "tutorial_zh", "tutorial_en")

router = APIRouter(prefix="/desk", include_in_schema=False)
may_change = Depends(may("edit_catalogue"))
Typed = Annotated[str, Form(max_length=10_000)]
Slug = Annotated[str, Form(max_length=80)]


@router.get("/products")
async def products(
    page: DeskPage,
    session: PageReading,
    q: Annotated[str, Query(max_length=80)] = "",
    category: Annotated[str, Query(max_length=80)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
    done: str = "",
) -> HTMLResponse:
    offset = (number - 1) * PRODUCTS_A_PAGE
    found = await service.products_for_staff(
        session, category=category or None, search=q, limit=PRODUCTS_A_PAGE, offset=offset
    )
    return page.show(
        "backoffice/products.html",
        tab="products",
        products=found.items,
        total=found.total,
        q=q,
        chosen=category,
        categories=await service.categories(session),
        category_names={each.slug: page.local(each, "name") for each in await service.categories(session)},
        publish_states=publish_state_texts(page.translate),
        page=number,
        more=offset + len(found.items) < found.total,
        done=named(page, done),
    )


@router.get("/categories/new", dependencies=[may_change])
async def category_form(page: DeskPage) -> HTMLResponse:
    return _category_form(page, "", {"position": "0"})


@router.post("/categories/new", dependencies=[may_change])
async def add_category(
    page: DeskPage,
    clerk: Clerk,
    key: FormKey,
    slug: Slug = "",
    name_zh: Typed = "",
    name_en: Typed = "",
    position: Typed = "0",
) -> Response:
    form = {"slug": slug, "name_zh": name_zh, "name_en": name_en, "position": position}
    try:
        new = command(NewCategory, form, page.translate)

        async def work(session: WriteSession) -> Done:
            await recorded(
                session, clerk.id, "add_category", f"category:{slug}", lambda: service.add_category(session, new)
            )
            return Done(said="category")

        await do_once(page, clerk, key, f"new category {new.model_dump_json()}", Done, work)
    except RefusedForm as refused:
        return _category_form(page, "", form, refused.faults)
    except ShopError as refusal:
        return _category_form(page, "", form, faults_of(refusal, page.language), sentence_of(refusal, page.language))
    return go("/desk/products?done=category")


@router.get("/categories/{slug}", dependencies=[may_change])
async def category(page: DeskPage, session: PageReading, slug: str) -> HTMLResponse:
    found = next((each for each in await service.categories(session) if each.slug == slug), None)
    if found is None:
        raise NotFoundError
    form = {"name_zh": found.name_zh, "name_en": found.name_en, "position": str(found.position)}
    return _category_form(page, slug, form)


@router.post("/categories/{slug}", dependencies=[may_change])
async def change_category(
    page: DeskPage,
    clerk: Clerk,
    slug: str,
    key: FormKey,
    name_zh: Typed = "",
    name_en: Typed = "",
    position: Typed = "0",
) -> Response:
    form = {"name_zh": name_zh, "name_en": name_en, "position": position}
    try:
        change = command(CategoryChange, form, page.translate)

        async def work(session: WriteSession) -> Done:
            changed = editing.change_category(session, slug, change)
            await recorded(session, clerk.id, "change_category", f"category:{slug}", lambda: changed)
            return Done(said="category_changed")

        await do_once(page, clerk, key, f"category {slug} {change.model_dump_json()}", Done, work)
    except RefusedForm as refused:
        return _category_form(page, slug, form, refused.faults)
    return go("/desk/products?done=category_changed")


@router.get("/products/new", dependencies=[may_change])
async def product_form(page: DeskPage) -> HTMLResponse:
    return await _product_form(page, {})


@router.post("/products/new", dependencies=[may_change])
async def add_product(page: DeskPage, clerk: Clerk, request: Request, key: FormKey) -> Response:
    form = fields_of(await request.form(), ("category_slug", "slug", "kind", *TEXTS))
    try:
        new = command(NewProduct, form, page.translate)

        async def work(session: WriteSession) -> Done:
            subject = f"product:{new.slug}"
            await recorded(session, clerk.id, "add_product", subject, lambda: service.add_product(session, new))
            return Done(said="product")

        await do_once(page, clerk, key, f"new product {new.model_dump_json()}", Done, work)
    except RefusedForm as refused:
        return await _product_form(page, form, refused.faults)
    except ShopError as refusal:
        return await _product_form(page, form, faults_of(refusal, page.language), sentence_of(refusal, page.language))
    return go(f"/desk/products/{new.slug}?done=product")


@router.get("/products/{slug}")
async def product(page: DeskPage, slug: str, done: str = "") -> HTMLResponse:
    return await product_page(page, Sheet(slug, done=done))


@router.post("/products/{slug}/state", dependencies=[may_change])
async def set_state(
    page: DeskPage, clerk: Clerk, slug: str, publish_state: Annotated[PublishState, Form()], key: FormKey
) -> Response:
    async def work(session: WriteSession) -> Done:
        changed = service.set_product_state(session, slug, publish_state)
        await recorded(
            session, clerk.id, "publish_product", f"product:{slug}", lambda: changed, publish_state=publish_state
        )
        return Done(said=publish_state)

    return await _done(page, clerk, slug, key, f"state {slug} {publish_state}", work)


@router.post("/products/{slug}/texts", dependencies=[may_change])
async def change_texts(page: DeskPage, clerk: Clerk, slug: str, request: Request, key: FormKey) -> Response:
    form = fields_of(await request.form(), ("category_slug", *TEXTS))
    try:
        change = command(ProductChange, form, page.translate)
    except RefusedForm as refused:
        return await product_page(page, Sheet(slug, "texts", form, refused.faults))

    async def work(session: WriteSession) -> Done:
        changed = editing.change_product(session, slug, change)
        await recorded(session, clerk.id, "change_product", f"product:{slug}", lambda: changed)
        return Done(said="changed")

    return await _done(page, clerk, slug, key, f"texts {slug} {change.model_dump_json()}", work, form)


@router.post("/products/{slug}/picture", dependencies=[may_change])
async def set_picture(
    page: DeskPage,
    clerk: Clerk,
    slug: str,
    key: FormKey,
    picture: Annotated[UploadFile | None, File()] = None,
    act: Annotated[str, Form(pattern="^(set|remove)$")] = "set",
) -> Response:
    uploaded = await picture.read(LARGEST_MIB * 2**20 + 1) if picture and act == "set" else None
    if uploaded is not None and len(uploaded) > LARGEST_MIB * 2**20:
        raise TooLargeError(limit_mib=LARGEST_MIB)

    async def work(session: WriteSession) -> Done:
        changed = editing.set_picture(session, slug, uploaded)
        await recorded(session, clerk.id, "set_picture", f"product:{slug}", lambda: changed, what=act)
        return Done(said="picture" if uploaded is not None else "no_picture")

    return await _done(page, clerk, slug, key, f"picture {slug} {act} {len(uploaded or b'')}", work)


@router.post("/products/{slug}/form", dependencies=[may_change])
async def set_form(page: DeskPage, clerk: Clerk, slug: str, request: Request, key: FormKey) -> Response:
    """The questions to buyers, as rows of the form; a row without a name is left out."""
    sent = await request.form()
    rows = zip(*(sent.getlist(f"field_{part}") for part in ("name", "zh", "en", "kind", "options")), strict=False)
    needed = {str(name) for name in sent.getlist("field_required")}
    fields = [
        {
            "name": str(name).strip(),
            "label_zh": str(zh),
            "label_en": str(en) or str(zh),
            "kind": str(kind),
            "required": str(name).strip() in needed or str(number) in needed,
            "options": [each.strip() for each in str(options).splitlines() if each.strip()],
        }
        for number, (name, zh, en, kind, options) in enumerate(rows)
        if str(name).strip()
    ]
    try:
        new = command(NewForm, {"fields": fields}, page.translate)
    except RefusedForm as refused:
        return await product_page(page, Sheet(slug, "form", {}, refused.faults, page.translate("Nothing was changed.")))

    async def work(session: WriteSession) -> Done:
        changed = service.set_form(session, slug, new)
        await recorded(session, clerk.id, "set_form", f"product:{slug}", lambda: changed, fields=len(new.fields))
        return Done(said="form")

    return await _done(page, clerk, slug, key, f"form {slug} {new.model_dump_json()}", work)


async def _done(
    page: Page,
    clerk: StaffSubject,
    slug: str,
    key: str,
    asked: str,
    work: editing.Work[Done],
    form: dict[str, str] | None = None,
) -> Response:
    try:
        done = await do_once(page, clerk, key, asked, Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        fault = sentence_of(refusal, page.language)
        return await product_page(page, Sheet(slug, "texts", form or {}, faults_of(refusal, page.language), fault))
    return go(f"/desk/products/{slug}?done={done.said}")


def _category_form(
    page: Page, slug: str, form: dict[str, str], faults: Faults | None = None, fault: str = ""
) -> HTMLResponse:
    return page.show(
        "backoffice/category_new.html",
        status=422 if faults or fault else 200,
        tab="products",
        slug=slug,
        form=Faults(form),
        faults=faults or Faults(),
        fault=fault,
        key=uuid4().hex,
    )


async def _product_form(
    page: Page, form: dict[str, str], faults: Faults | None = None, fault: str = ""
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        categories = await _categories(session)
    return page.show(
        "backoffice/product_new.html",
        status=422 if faults or fault else 200,
        tab="products",
        categories=categories,
        kinds=kind_texts(page.translate),
        form=Faults(form),
        faults=faults or Faults(),
        fault=fault,
        key=uuid4().hex,
    )


async def _categories(session: ReadSession) -> list[object]:
    return list(await service.categories(session))
