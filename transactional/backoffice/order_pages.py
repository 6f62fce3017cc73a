"""Pages of the desk: orders listed, exported, found by anything, and many of them settled at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.backoffice import exports, order_list, order_sheet, search, stuck
from transactional.backoffice.errors import ReasonNeededError, TooManyRowsError
from transactional.backoffice.exports import Cell
from transactional.backoffice.forms import Faults, RefusedForm
from transactional.backoffice.once_at_desk import FormKey, Reason, command_key, do_once
from transactional.backoffice.order_filter_form import FilterForm, chosen_by, filter_form
from transactional.backoffice.order_list import OrderFilter
from transactional.backoffice.order_wording import found_texts, method_texts, outcome_texts, wait_texts
from transactional.backoffice.roles import may
from transactional.backoffice.stuck_schemas import BulkAct, BulkOrder, BulkResult, OrderNo
from transactional.db import reading, writing
from transactional.errors import NotFoundError
from transactional.idempotency import recorded
from transactional.orders.wording import state_texts
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk", include_in_schema=False, dependencies=[Depends(may("see_orders"))])
AsFiltered = Annotated[FilterForm, Depends(filter_form)]


@router.get("/orders")
async def orders(
    page: DeskPage, session: PageReading, form: AsFiltered, before: Annotated[str, Query(max_length=64)] = ""
) -> HTMLResponse:
    at, zone = clock.now(), page.shop.zone
    faults = Faults()
    try:
        chosen = await chosen_by(form, session, page)
    except RefusedForm as refused:
        chosen, faults = None, refused.faults
    rows, more = await order_list.page_of(session, chosen, at, zone, before) if chosen else ([], False)
    totals = await order_list.totals(session, chosen, at, zone) if chosen else None
    return page.show(
        "backoffice/orders.html",
        status=422 if faults else 200,
        tab="orders",
        orders=rows,
        totals=totals,
        form=form,
        faults=faults,
        products={row.slug: page.local(row, "title") for row in await order_list.products(session)},
        order_states=state_texts(page.translate),
        methods=method_texts(page.translate),
        waits=wait_texts(page.translate),
        older=f"/desk/orders?{form.query(before=rows[-1].order_no)}" if more else "",
        newest=f"/desk/orders?{form.query()}" if before else "",
        most_rows=exports.MOST_ROWS,
        email=_email(page),
        key=uuid4().hex,
    )


@router.post("/orders/export", dependencies=[Depends(may("export_orders"))])
async def export(
    page: DeskPage,
    clerk: Clerk,
    request: Request,
    format: Annotated[str, Form(pattern="^(csv|xlsx)$")],  # noqa: A002
) -> Response:
    """Exactly what the filters find. Who took it and with which filters is on record before the first row leaves."""
    form = FilterForm.of(await request.form())
    at, zone = clock.now(), page.shop.zone
    async with reading(page.shop.engine) as session:
        try:
            chosen = await chosen_by(form, session, page)
        except RefusedForm:
            return go(f"/desk/orders?{form.query()}")  # the list says what is wrong with the filters
        count = (await order_list.totals(session, chosen, at, zone)).count
        customer = await order_sheet.customer_of(session, chosen)
    if count > exports.MOST_ROWS[format]:
        raise TooManyRowsError(most=f"{exports.MOST_ROWS[format]:,}")
    async with writing(page.shop.engine) as writer:
        detail = {**form.on_record(), "customer": customer, "format": format, "rows": count}
        await record_act(writer, clerk.id, "export_orders", "orders", detail=detail)
    name = f"orders-{clock.business_date(at, zone)}.{format}"
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    heading, batches = order_sheet.heading(page), _batches(page, chosen)
    if format == "csv":
        return StreamingResponse(exports.csv_lines(heading, batches), 200, headers, exports.MEDIA_TYPES["csv"])
    rows = [row async for batch in batches for row in batch]
    content = await asyncio.to_thread(exports.xlsx, heading, rows, page.translate("Orders"))
    return Response(content, 200, headers, exports.MEDIA_TYPES["xlsx"])


async def _batches(page: Page, chosen: OrderFilter) -> AsyncIterator[list[list[Cell]]]:
    async with reading(page.shop.engine) as session:
        async for listed in order_list.every(session, chosen, clock.now(), page.shop.zone):
            yield [order_sheet.row(order, page, _email(page)(order.email)) for order in listed]


@router.post("/orders/bulk", dependencies=[Depends(may("settle_orders"))])
async def bulk(
    page: DeskPage,
    clerk: Clerk,
    key: FormKey,
    act: Annotated[BulkAct, Form()],
    order_no: Annotated[list[OrderNo], Form(max_length=200)] = [],  # noqa: B006  (FastAPI copies it)
    reason: Reason = "",
) -> RedirectResponse:
    """Raises ReasonNeededError, and InvalidInputError when no order is chosen."""
    if not reason.strip() or not order_no:
        raise ReasonNeededError
    order = BulkOrder(order_nos=tuple(order_no), act=act, reason=reason)
    await do_once(
        page,
        clerk,
        key,
        f"bulk {order.model_dump_json()}",
        BulkResult,
        lambda session: stuck.act_on(session, clerk.id, order.order_nos, act, order.reason, page.shop.zone),
    )
    return go(f"/desk/orders/bulk/{key}")


@router.get("/orders/bulk/{key}", dependencies=[Depends(may("settle_orders"))])
async def bulk_result(key: str, page: DeskPage, clerk: Clerk, session: PageReading) -> HTMLResponse:
    """What became of each order of a set that this member of staff settled. Raises NotFoundError."""
    answer = await recorded(session, command_key(clerk, key, ""))
    if not answer:
        raise NotFoundError
    result = BulkResult.model_validate_json(answer, by_name=True)
    states = state_texts(page.translate)
    return page.show(
        "backoffice/orders_bulk.html",
        tab="orders",
        results=result.results,
        outcomes=outcome_texts(page.translate),
        problems=order_sheet.problem_texts(page.language),
        order_states=states,
    )


@router.get("/search")
async def find(page: DeskPage, session: PageReading, q: Annotated[str, Query(max_length=200)] = "") -> HTMLResponse:
    return await _found(page, session, q)


@router.post("/search")
async def find_unseen(
    page: DeskPage, session: PageReading, q: Annotated[str, Form(max_length=200)] = ""
) -> HTMLResponse:
    """The same with what was typed in the request's body, so that it is in no address and no history."""
    return await _found(page, session, q)


async def _found(page: Page, session: PageReading, typed: str) -> HTMLResponse:
    found = await search.find(session, page.shop.vault, typed, clock.now())
    return page.show(
        "backoffice/search.html",
        tab="orders",
        query="" if found.is_code else typed.strip(),
        asked=bool(typed.strip()),
        found=found,
        found_texts=found_texts(page.translate),
        order_states=state_texts(page.translate),
        email=_email(page),
    )


def _email(page: Page) -> order_sheet.Shown:
    return order_sheet.email_for(page)
