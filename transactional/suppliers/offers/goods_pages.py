"""The desk's pages that bring goods of a supplier in: chosen from what it offers now, or from its quote sheet."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import text

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.backoffice.forms import Faults, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.db import ReadSession, WriteSession, reading
from transactional.errors import FieldProblem, InvalidInputError, ShopError
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels import supply_views
from transactional.suppliers.models import Supplier, SupplyChannel
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.offers import queries as offer_queries
from transactional.suppliers.offers import quote_rows, quote_sheet, sync
from transactional.suppliers.offers.quote_rows import Quote
from transactional.suppliers.protocols.configured import ConfigurationError
from transactional.suppliers.protocols.interface import OfferFact
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk", include_in_schema=False, dependencies=[Depends(may("manage_channels"))])
SHOWN = 100
MOST_BYTES = 2_000_000
Asked = Annotated[str, Query(max_length=200)]
Line = Annotated[str, Form(max_length=200)]
SKU = text("select id from shop.sku where code = :code")


@router.get("/channels/{channel}/goods")
async def goods(page: DeskPage, channel: UUID, q: Asked = "") -> HTMLResponse:
    """What the supplier says now; a page that asks it, so that nothing of its list has to be kept."""
    return await _goods(page, channel, q.strip())


@router.post("/channels/{channel}/goods")
async def link(page: DeskPage, clerk: Clerk, channel: UUID, key: FormKey, supplier_sku: Line, sku: Line) -> Response:
    """One of its goods supplies a SKU from now on, at the price that it names when asked once more."""
    try:
        said = await sync.goods(page.shop.engine, page.shop.vault, channel, [supplier_sku])
    except ConfigurationError:
        return await _goods(page, channel, supplier_sku)

    async def work(session: WriteSession) -> Done:
        sku_id = await session.scalar(SKU, {"code": sku.strip()})
        told = [fact for fact in said.value or () if fact.supplier_sku == supplier_sku]
        if sku_id is None or not told:
            raise InvalidInputError([FieldProblem("sku", "Cannot be accepted.")])
        row = await channels.by_public_id(session, channel)
        named = {supplier_sku: sku_id}
        await offers.observe(session, row.id, told, "pull", clock.now(), sku_of=named, staff_id=clerk.id)
        detail = {"sku": sku, "supplier_sku": supplier_sku}
        await accounts.record_act(session, clerk.id, "link_good", f"channel:{channel}", detail=detail)
        return Done(said="linked")

    try:
        await do_once(page, clerk, key, f"link {channel} {supplier_sku} {sku}", Done, work)
    except ShopError as refusal:
        return await _goods(page, channel, supplier_sku, refusal)
    return go(f"/desk/channels/{channel}?done=linked")


@router.get("/offers/import")
async def import_form(page: DeskPage, session: PageReading, channel: Asked = "") -> HTMLResponse:
    return await _sheet(page, session, channel)


@router.post("/offers/import/preview")
async def preview(
    page: DeskPage, session: PageReading, channel: Line, file: Annotated[UploadFile, File()]
) -> HTMLResponse:
    """What the sheet would change; nothing is written."""
    try:
        content = await file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise InvalidInputError([FieldProblem("file", "The file is too large.")])
        row, currency = await _channel(session, channel, page.shop.currency)
        quotes = quote_rows.read(file.filename or "", content, currency)
        looks = await quote_sheet.looked_over(session, row, quotes)
    except ShopError as refusal:
        return await _sheet(page, session, channel, refusal=refusal)
    return await _sheet(page, session, channel, looks=looks, content=quote_rows.as_csv(quotes))


@router.post("/offers/import")
async def take(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    key: FormKey,
    channel: Line,
    content: Annotated[str, Form(max_length=MOST_BYTES)],
) -> Response:
    """All rows, or none."""

    async def work(session: WriteSession) -> Done:
        row, currency = await _channel(session, channel, page.shop.currency)
        quotes: list[Quote] = quote_rows.read("sheet.csv", content.encode(), currency)
        changed = len(await quote_sheet.take(session, row, quotes, clerk.id))
        detail = {"rows": len(quotes), "changed": changed}
        await accounts.record_act(session, clerk.id, "import_quotes", f"channel:{row.public_id}", detail=detail)
        return Done(said="imported", count=changed)

    try:
        done = await do_once(page, clerk, key, f"quotes {channel} {content}", Done, work)
    except ShopError as refusal:
        return await _sheet(page, session, channel, refusal=refusal)
    return go(f"/desk/channels/{channel}?done=imported&n={done.count}")


async def _goods(page: Page, channel: UUID, words: str, refusal: ShopError | None = None) -> HTMLResponse:
    problem = ""
    told: tuple[OfferFact, ...] = ()
    try:
        said = await sync.goods(page.shop.engine, page.shop.vault, channel)
        told, problem = said.value or (), "" if said.value is not None else said.reason or said.code
    except ConfigurationError as error:
        problem = str(error)
    async with reading(page.shop.engine) as session:
        row = await supply_views.channel(session, channel)
        supplied = {each.supplier_sku for each in await offer_queries.of_channel(session, row.id)}
        skus = await supply_views.skus(session)
    wanted = words.casefold()
    fitting = [each for each in told if wanted in each.supplier_sku.casefold() or wanted in each.name.casefold()]
    return page.show(
        "suppliers/channels_goods.html",
        status=refusal.status if refusal else 200,
        tab="channels",
        channel=row,
        goods=fitting[:SHOWN],
        count=len(fitting),
        told=len(told),
        supplied=supplied,
        skus=skus,
        words=words,
        problem=problem,
        fault=sentence_of(refusal, page.language) if refusal else "",
        key=lambda: uuid4().hex,
        back=f"/desk/channels/{channel}/goods",
    )


async def _sheet(
    page: Page,
    session: PageReading,
    channel: str,
    *,
    looks: list[quote_sheet.Look] | None = None,
    content: str = "",
    refusal: ShopError | None = None,
) -> HTMLResponse:
    problems = refusal.problems if refusal else ()
    return page.show(
        "suppliers/offers_import.html",
        status=refusal.status if refusal else 200,
        tab="offers",
        channels=[each for each in await supply_views.channels(session) if each.state != "ended"],
        form=Faults({"channel": channel}),
        looks=looks,
        content=content,
        problems=[(each.place, each.sentence(page.language)) for each in problems[:SHOWN]],
        problem_count=len(problems),
        fault=refusal.sentence(page.language) if refusal else "",
        shop_currency=page.shop.currency,
        key=uuid4().hex,
        back="/desk/offers/import",
    )


async def _channel(session: ReadSession, typed: str, own: str) -> tuple[SupplyChannel, str]:
    """The channel, and the currency of a sheet that names none. Raises InvalidInputError, NotFoundError."""
    try:
        channel_id = UUID(typed)
    except ValueError:
        raise InvalidInputError([FieldProblem("channel", "Must not be empty.")]) from None
    row = await channels.by_public_id(session, channel_id)
    supplier = await session.get(Supplier, row.supplier_id) if row.supplier_id else None
    return row, supplier.currency if supplier else own
