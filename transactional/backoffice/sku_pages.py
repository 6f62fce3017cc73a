"""The desk's forms for the variants of a product: new ones, their names and limits, prices, what a bundle contains."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import Response

from mingsuan import clock
from transactional.accounts.schemas import StaffSubject
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, command, faults_of, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.product_sheet import Sheet, fields_of, product_page
from transactional.backoffice.roles import may
from transactional.catalogue import service
from transactional.catalogue.editing import Work, recorded
from transactional.catalogue.schemas import NewParts, NewPrice, NewSku, SkuChange
from transactional.db import WriteSession, reading
from transactional.errors import NotFoundError, ShopError
from transactional.suppliers.routing import price_check
from transactional.web.page import Clerk, DeskPage, Page, go

router = APIRouter(
    prefix="/desk/products/{slug}", include_in_schema=False, dependencies=[Depends(may("edit_catalogue"))]
)
Typed = Annotated[str, Form(max_length=200)]


@router.post("/skus")
async def add_sku(page: DeskPage, clerk: Clerk, slug: str, request: Request, key: FormKey) -> Response:
    form = fields_of(await request.form(), ("code", "name_zh", "name_en", "list_price", "duration_days"))
    try:
        price_fen = amount_fen("list_price", form["list_price"], page.shop.currency, page.translate)
        typed = {name: form[name] for name in ("code", "name_zh", "name_en")}
        days = {"duration_days": form["duration_days"]} if form["duration_days"].strip() else {}
        new = command(NewSku, {"product_slug": slug, "list_price_fen": price_fen, **typed, **days}, page.translate)
    except RefusedForm as refused:
        return await product_page(page, Sheet(slug, "sku", form, refused.faults))

    async def work(session: WriteSession) -> Done:
        await recorded(
            session, clerk.id, "add_sku", f"sku:{new.code}", lambda: service.add_sku(session, new), product=slug
        )
        return Done(said="sku")

    return await _done(page, clerk, slug, key, f"new sku {new.model_dump_json()}", work, "sku", form)


@router.post("/skus/{code}")
async def change_sku(page: DeskPage, clerk: Clerk, slug: str, code: str, request: Request, key: FormKey) -> Response:
    names = ("name_zh", "name_en", "position", "max_per_order", "duration_days", "publish_state")
    form = fields_of(await request.form(), names)
    try:
        change = command(SkuChange, {name: value for name, value in form.items() if value.strip()}, page.translate)
    except RefusedForm as refused:
        return await product_page(page, Sheet(slug, f"sku-{code}", form, refused.faults))

    async def work(session: WriteSession) -> Done:
        changed = service.change_sku(session, code, change)
        await recorded(session, clerk.id, "change_sku", f"sku:{code}", lambda: changed, product=slug)
        return Done(said="sku_changed")

    return await _done(page, clerk, slug, key, f"sku {code} {change.model_dump_json()}", work, f"sku-{code}", form)


@router.post("/skus/{code}/parts")
async def set_parts(page: DeskPage, clerk: Clerk, slug: str, code: str, key: FormKey, parts: Typed = "") -> Response:
    """One part a line: its SKU's code, and how many when it is more than one (`STEAM-50 2`)."""
    form = {"parts": parts}
    try:
        new = command(NewParts, {"parts": _parts(parts, page)}, page.translate)
    except RefusedForm as refused:
        return await product_page(page, Sheet(slug, f"parts-{code}", form, refused.faults))

    async def work(session: WriteSession) -> Done:
        changed = service.set_parts(session, code, new)
        await recorded(session, clerk.id, "set_parts", f"sku:{code}", lambda: changed, parts=len(new.parts))
        return Done(said="parts")

    return await _done(page, clerk, slug, key, f"parts {code} {new.model_dump_json()}", work, f"parts-{code}", form)


@router.post("/price")
async def set_price(
    page: DeskPage,
    clerk: Clerk,
    slug: str,
    key: FormKey,
    sku_code: Typed = "",
    price: Typed = "",
    begins: Typed = "",
    below_cost: Typed = "",
) -> Response:
    """From now on, or from an instant in the shop's zone. One that earns less than the floor wants to be accepted."""
    form = {"sku_code": sku_code, "price": price, "begins": begins}
    try:
        fen = amount_fen("price", price, page.shop.currency, page.translate)
        new = NewPrice(sku_code=sku_code, list_price_fen=fen, valid_from=_instant(begins, page))
    except RefusedForm as refused:
        return await product_page(page, Sheet(slug, "price", form, refused.faults))
    async with reading(page.shop.engine) as session:
        cheap = await price_check.too_cheap(session, sku_code, fen, clock.now())
    if cheap and below_cost != "accept":
        warnings = tuple(price_check.warning(page.translate, page.money, each) for each in cheap)
        return await product_page(page, Sheet(slug, "price", form, warnings=warnings))

    async def work(session: WriteSession) -> Done:
        await recorded(
            session,
            clerk.id,
            "set_price",
            f"sku:{sku_code}",
            lambda: service.set_price(session, new),
            list_price_fen=fen,
            least_margin_fen=min((each.margin_fen for each in cheap), default=None),
            product=slug,
        )
        return Done(said="price_later" if new.valid_from else "price")

    return await _done(page, clerk, slug, key, f"price {new.model_dump_json()}", work, "price", form)


async def _done(
    page: Page,
    clerk: StaffSubject,
    slug: str,
    key: str,
    asked: str,
    work: Work[Done],
    part: str,
    form: dict[str, str],
) -> Response:
    try:
        done = await do_once(page, clerk, key, asked, Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        faults, fault = faults_of(refusal, page.language), sentence_of(refusal, page.language)
        return await product_page(page, Sheet(slug, part, form, faults, fault))
    return go(f"/desk/products/{slug}?done={done.said}")


def _parts(typed: str, page: Page) -> list[dict[str, object]]:
    """Raises RefusedForm naming the first line that is neither."""
    parts: list[dict[str, object]] = []
    for line in filter(None, (line.strip() for line in typed.splitlines())):
        code, _space, count = line.partition(" ")
        if count.strip() and not count.strip().isdecimal():
            fault = page.translate("“{line}” is not a code and a number").format(line=line)
            raise RefusedForm(Faults({"parts": fault}))
        parts.append({"sku_code": code, "quantity": int(count) if count.strip() else 1})
    return parts


def _instant(typed: str, page: Page) -> datetime | None:
    """Raises RefusedForm for what is not a day and time."""
    if not typed.strip():
        return None
    try:
        return datetime.fromisoformat(typed.strip()).replace(tzinfo=page.shop.zone)
    except ValueError:
        raise RefusedForm(Faults({"begins": page.translate("Not a day and time, such as 2027-01-31 08:00")})) from None
