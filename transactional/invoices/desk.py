"""The desk's invoices: what was asked for, its export for tax software, and recording what that software made."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from mingsuan.clock import business_date
from transactional.accounts import rules
from transactional.accounts.schemas import StaffSubject
from transactional.accounts.service import record_act
from transactional.backoffice.exports import MEDIA_TYPES, Cell, csv_lines, xlsx
from transactional.backoffice.forms import sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession, reading, writing
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError, ShopError
from transactional.invoices import deciding, export, service
from transactional.invoices.deciding import Issued
from transactional.invoices.pages import file_answer
from transactional.invoices.rules import LARGEST_FILE_BYTES, STATES
from transactional.invoices.schemas import InvoiceView
from transactional.invoices.wording import invoice_states, kind_names
from transactional.wallets.pages import filters_of, span_of
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

A_PAGE = 50
MOST_EXPORTED = 2_000
RED = "to_red_flush"

router = APIRouter(prefix="/desk", include_in_schema=False)
may_see = Depends(may("see_money"))
may_settle = Depends(may("settle_invoices"))
Words = Annotated[str, Form(max_length=500)]
Filter = Annotated[str, Query(max_length=20)]
Act = Callable[[WriteSession], Awaitable[None]]


@router.get("/invoices", dependencies=[may_see])
async def queue(
    page: DeskPage,
    session: PageReading,
    state: Filter = "requested",
    since: Filter = "",
    until: Filter = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    first, last = span_of(since, until, page.shop.zone)
    offset = (number - 1) * A_PAGE
    found = await service.listed(session, _state(state), state == RED, first, last, A_PAGE + 1, offset)
    names = invoice_states(page.translate)
    chosen = {"state": state, "since": since, "until": until}
    return page.show(
        "invoices/desk_invoices.html",
        tab="invoices",
        invoices=found[:A_PAGE],
        more=len(found) > A_PAGE,
        page=number,
        chosen=chosen,
        filters=filters_of(chosen),
        states=names,
        kinds=kind_names(page.translate),
        choices={**{key: each.name for key, each in names.items()}, RED: page.translate("To be red-flushed")},
        most=MOST_EXPORTED,
    )


@router.get("/invoices/export", dependencies=[may_settle])
async def exported(
    page: DeskPage,
    clerk: Clerk,
    format: Literal["csv", "xlsx"] = "csv",  # noqa: A002  (public name)
    state: Filter = "requested",
    since: Filter = "",
    until: Filter = "",
) -> Response:
    """What is listed, at most MOST_EXPORTED of it, as tax software takes it; that it was taken is recorded."""
    first, last = span_of(since, until, page.shop.zone)
    table: list[list[Cell]] = []
    async with writing(page.shop.engine) as session:
        found = await service.listed(session, _state(state), state == RED, first, last, MOST_EXPORTED)
        for each in found:
            buyer = await service.buyer_of(session, page.shop, each.id)
            if buyer is not None:
                table += export.rows(each, buyer, await service.goods(session, each.id), page.shop.currency)
        await record_act(session, clerk.id, "export_invoices", state, detail={"invoices": len(found)})
    name = f"invoices-{business_date(clock.now(), page.shop.zone):%Y%m%d}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(await _table(table, format), media_type=MEDIA_TYPES[format], headers=headers)


@router.get("/invoices/{invoice_id}", dependencies=[may_see])
async def look(page: DeskPage, clerk: Clerk, invoice_id: UUID) -> HTMLResponse:
    return await _shown(page, clerk, invoice_id)


@router.get("/invoices/{invoice_id}/file", dependencies=[may_settle])
async def file(page: DeskPage, session: PageReading, invoice_id: UUID) -> Response:
    found = await service.invoice(session, invoice_id, None)
    content = await service.file_of(session, page.shop, invoice_id)
    return file_answer(content, found.file_type or "pdf", found.number or str(found.id))


@router.post("/invoices/{invoice_id}/issue", dependencies=[may_settle])
async def issue(
    page: DeskPage,
    clerk: Clerk,
    invoice_id: UUID,
    key: FormKey,
    amount_fen: Annotated[int, Form()],
    number: Words = "",
    code: Words = "",
    issued_on: Words = "",
    upload: Annotated[UploadFile | None, File(alias="file")] = None,
) -> Response:
    content = await upload.read(LARGEST_FILE_BYTES + 1) if upload else b""

    async def act(session: WriteSession) -> None:
        issued = Issued(number, code, _day(issued_on), amount_fen, content)
        await deciding.issue(session, page.shop, invoice_id, issued, clerk.id, clock.now())

    return await _done(page, clerk, invoice_id, key, f"issue {number} {code} {issued_on} {amount_fen}", act)


@router.post("/invoices/{invoice_id}/refuse", dependencies=[may_settle])
async def refuse(page: DeskPage, clerk: Clerk, invoice_id: UUID, key: FormKey, reason: Words = "") -> Response:
    async def act(session: WriteSession) -> None:
        await deciding.refuse(session, invoice_id, reason, clerk.id, clock.now())

    return await _done(page, clerk, invoice_id, key, f"refuse {reason}", act)


@router.post("/invoices/{invoice_id}/red-flush", dependencies=[may_settle])
async def red_flush(
    page: DeskPage, clerk: Clerk, invoice_id: UUID, key: FormKey, red_number: Words = "", flushed_on: Words = ""
) -> Response:
    async def act(session: WriteSession) -> None:
        day = _day(flushed_on)
        await deciding.red_flush(session, invoice_id, red_number, day, clerk.id, clock.now(), page.shop)

    return await _done(page, clerk, invoice_id, key, f"red-flush {red_number} {flushed_on}", act)


def _state(chosen: str) -> str | None:
    return chosen if chosen in STATES else None


def _day(typed: str) -> date:
    """Raises InvalidInputError."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InvalidInputError([FieldProblem("body.day", "This is not a value that can be used here.")]) from None


async def _table(rows: list[list[Cell]], form: str) -> bytes:
    if form == "xlsx":
        return xlsx(export.HEADING, rows, "发票")

    async def batches() -> AsyncIterator[list[list[Cell]]]:
        yield rows

    return b"".join([part async for part in csv_lines(export.HEADING, batches())])


async def _done(page: Page, clerk: StaffSubject, invoice_id: UUID, key: str, asked: str, act: Act) -> Response:
    async def work(session: WriteSession) -> Done:
        await act(session)
        return Done(said="done")

    try:
        await do_once(page, clerk, key, f"invoice {invoice_id} {asked}", Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _shown(page, clerk, invoice_id, refusal)
    return go(f"/desk/invoices/{invoice_id}")


async def _shown(page: Page, clerk: StaffSubject, invoice_id: UUID, refusal: ShopError | None = None) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        found: InvoiceView = await service.invoice(session, invoice_id, None)
        may_settle_it = rules.may(clerk.role, "settle_invoices")
        named = await service.buyer_of(session, page.shop, invoice_id) if may_settle_it else None
        goods = await service.goods(session, invoice_id)
    return page.show(
        "invoices/desk_invoice.html",
        status=refusal.status if refusal else 200,
        tab="invoices",
        invoice=found,
        named=named,
        goods=goods,
        standing=invoice_states(page.translate)[found.state],
        kinds=kind_names(page.translate),
        may_settle=may_settle_it,
        today=business_date(clock.now(), page.shop.zone).isoformat(),
        key=lambda: uuid4().hex,
        fault=sentence_of(refusal, page.language) if refusal else "",
        back=f"/desk/invoices/{invoice_id}",
    )
