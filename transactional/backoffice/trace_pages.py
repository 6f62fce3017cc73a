"""Pages of the desk: one order from end to end, and what may be done to it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from transactional.backoffice import order_acts, order_sheet, trace
from transactional.backoffice.errors import ReasonNeededError
from transactional.backoffice.forms import RefusedForm, amount_fen, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, Reason, do_once
from transactional.backoffice.order_wording import method_texts, wait_texts
from transactional.backoffice.roles import may
from transactional.backoffice.trace_wording import said
from transactional.db import WriteSession, reading, writing
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError, ShopError
from transactional.ledger.events import name_of
from transactional.orders.wording import state_texts
from transactional.payments.schemas import NewRefund, RefundPart
from transactional.web.page import Clerk, DeskPage, Page, go
from transactional.web.templating import when

router = APIRouter(prefix="/desk/orders/{order_no}", include_in_schema=False, dependencies=[Depends(may("see_orders"))])
settles = Depends(may("settle_orders"))
Seen = Annotated[str, Form(max_length=64)]
LONGEST_CONTENT = 4000
Work = Callable[[WriteSession], Awaitable[Done]]


@router.get("")
async def show(order_no: str, page: DeskPage, done: str = "") -> HTMLResponse:
    return await _shown(page, order_no, done=done)


@router.post("/cancel", dependencies=[settles])
async def cancel(
    order_no: str, page: DeskPage, clerk: Clerk, key: FormKey, seen: Seen = "", reason: Reason = ""
) -> Response:
    asked = f"cancel {order_no} {seen} {reason}"
    return await _act(
        page, clerk, order_no, key, asked, reason, lambda s: order_acts.cancel(s, order_no, seen, clerk.id, reason)
    )


@router.post("/complete", dependencies=[settles])
async def complete(
    order_no: str, page: DeskPage, clerk: Clerk, key: FormKey, seen: Seen = "", reason: Reason = ""
) -> Response:
    asked = f"complete {order_no} {seen} {reason}"
    return await _act(
        page, clerk, order_no, key, asked, reason, lambda s: order_acts.complete(s, order_no, seen, clerk.id, reason)
    )


@router.post("/redeliver", dependencies=[settles])
async def redeliver(
    order_no: str, page: DeskPage, clerk: Clerk, key: FormKey, seen: Seen = "", reason: Reason = ""
) -> Response:
    asked = f"redeliver {order_no} {seen} {reason}"
    return await _act(
        page,
        clerk,
        order_no,
        key,
        asked,
        reason,
        lambda s: order_acts.redeliver(s, page.shop, order_no, seen, clerk.id, reason),
    )


@router.post("/deliver", dependencies=[Depends(may("deliver"))])
async def deliver(
    order_no: str,
    page: DeskPage,
    clerk: Clerk,
    key: FormKey,
    unit: Annotated[UUID, Form()],
    content: Annotated[str, Form(max_length=LONGEST_CONTENT)] = "",
    cost: Annotated[str, Form(max_length=40)] = "",
    seen: Seen = "",
) -> Response:
    """Content for a unit that waits; an empty cost is an unknown one."""
    try:
        cost_fen = amount_fen("cost", cost, page.shop.currency, page.translate) if cost.strip() else None
    except RefusedForm as refused:
        return await _shown(page, order_no, status=422, fault=refused.faults["cost"])
    if not content.strip():
        return await _shown(page, order_no, status=422, fault=page.translate("There is nothing to deliver yet."))
    asked = f"deliver {order_no} {unit} {cost_fen} {seen} {content}"
    about = (unit, content.strip(), cost_fen, seen, clerk.id)
    return await _act(
        page, clerk, order_no, key, asked, "-", lambda s: order_acts.deliver(s, page.shop, order_no, *about)
    )


@router.post("/replace", dependencies=[Depends(may("mend_stock"))])
async def replace(
    order_no: str,
    page: DeskPage,
    clerk: Clerk,
    key: FormKey,
    unit: Annotated[UUID, Form()],
    seen: Seen = "",
    reason: Reason = "",
) -> Response:
    asked = f"replace {order_no} {unit} {seen} {reason}"
    about = (unit, seen, clerk.id, reason)
    return await _act(
        page, clerk, order_no, key, asked, reason, lambda s: order_acts.replace(s, page.shop, order_no, *about)
    )


@router.get("/refund", dependencies=[Depends(may("refund"))])
async def refund_form(order_no: str, page: DeskPage) -> HTMLResponse:
    return await _refund_page(page, order_no, {})


@router.post("/refund", dependencies=[Depends(may("refund"))])
async def refund(order_no: str, page: DeskPage, clerk: Clerk, request: Request, key: FormKey) -> Response:
    """Shows first what would be posted; with `confirmed` it happens."""
    form = await request.form()
    typed = {name: str(value) for name, value in form.items() if isinstance(value, str)}
    seen = typed.get("seen", "")[:64]
    try:
        new = _wanted(form, page)
        if typed.get("confirmed"):
            asked = f"refund {order_no} {seen} {new.model_dump_json()}"
            work = lambda s: order_acts.refund(s, page.shop, order_no, new, seen, clerk.id)  # noqa: E731
            done = await do_once(page, clerk, key, asked, Done, work)
            return go(f"/desk/orders/{order_no}?done={done.said}")
        async with writing(page.shop.engine) as session:
            shown = await order_acts.preview(session, page.shop, order_no, new, seen, clerk.id)
            await session.rollback()
    except NotFoundError:
        raise
    except (RefusedForm, ShopError) as refusal:
        return await _refund_page(page, order_no, typed, _sentence(refusal, page))
    return await _refund_page(page, order_no, typed, preview=shown, key=key, seen=seen, units=_chosen(form))


def _wanted(form: FormData, page: Page) -> NewRefund:
    """Raises InvalidInputError, RefusedForm, ReasonNeededError."""
    reason = str(form.get("reason", ""))[:500].strip()
    if not reason:
        raise ReasonNeededError
    parts = []
    for unit in _chosen(form):
        typed = str(form.get(f"amount-{unit}", "")).strip()
        fen = amount_fen("amount", typed, page.shop.currency, page.translate) if typed else None
        if fen == 0:
            raise InvalidInputError([FieldProblem("amount", "Must be more than zero.")])
        parts.append(RefundPart(fulfilment_id=unit, amount_fen=fen))
    if not parts:
        raise InvalidInputError([FieldProblem("unit", "This is not a value that can be used here.")])
    return NewRefund(parts=tuple(parts), reason=reason)


def _chosen(form: FormData) -> list[UUID]:
    try:
        return list(dict.fromkeys(UUID(str(each)) for each in form.getlist("unit")))[:500]
    except ValueError:
        raise InvalidInputError([FieldProblem("unit", "This is not a value that can be used here.")]) from None


async def _refund_page(
    page: Page,
    order_no: str,
    typed: dict[str, str],
    fault: str = "",
    preview: order_acts.Preview | None = None,
    key: str = "",
    seen: str = "",
    units: list[UUID] | None = None,
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        found = await trace.trace(session, order_no)
        every = await order_acts.units(session, order_no)
    return page.show(
        "backoffice/order_refund.html",
        status=422 if fault else 200,
        tab="orders",
        order=found.order,
        sums=found.sums,
        units=every,
        typed=typed,
        chosen=set(units or ()),
        fault=fault,
        preview=preview,
        key=key or uuid4().hex,
        seen=seen or found.situation,
        methods=method_texts(page.translate),
        event_name=lambda event: name_of(event, page.language),
    )


async def _act(page: Page, clerk: Clerk, order_no: str, key: str, asked: str, reason: str, work: Work) -> Response:
    """Done once, then back to the order; a refusal shows the order as it is now, and why."""
    try:
        if not reason.strip():
            raise ReasonNeededError
        done = await do_once(page, clerk, key, asked, Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _shown(page, order_no, status=refusal.status, fault=sentence_of(refusal, page.language))
    return go(f"/desk/orders/{order_no}?done={done.said}")


def _sentence(refusal: RefusedForm | ShopError, page: Page) -> str:
    if isinstance(refusal, RefusedForm):
        return " ".join(refusal.faults.values())
    return sentence_of(refusal, page.language)


async def _shown(page: Page, order_no: str, *, status: int = 200, done: str = "", fault: str = "") -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        found = await trace.trace(session, order_no)
        units = await order_acts.units(session, order_no)
    _ = page.translate
    words = partial(
        said,
        _=_,
        money=page.money,
        when=partial(when, zone=page.shop.zone),
        ledger=lambda event: name_of(event, page.language),
    )
    return page.show(
        "backoffice/order.html",
        status=status,
        tab="orders",
        order=found.order,
        sums=found.sums,
        balances=found.balances,
        events=[(event, words(event)) for event in found.events],
        units=units,
        seen=found.situation,
        key=lambda: uuid4().hex,
        done=order_acts.done_texts(_).get(done, ""),
        fault=fault,
        order_states=state_texts(_),
        waits=wait_texts(_),
        email=order_sheet.email_for(page)(found.order.email),
    )
