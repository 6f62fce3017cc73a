"""Pages of the desk: customers found and looked after. What is sealed for them stays sealed."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.aftersales.wording import case_state_texts, reason_texts
from transactional.backoffice import customers, order_list
from transactional.backoffice.errors import ReasonNeededError
from transactional.backoffice.once_at_desk import Done, FormKey, Reason, do_once
from transactional.backoffice.order_list import OrderFilter
from transactional.backoffice.order_wording import method_texts
from transactional.backoffice.review_wording import done_texts
from transactional.backoffice.roles import may
from transactional.backoffice.trace_wording import words
from transactional.db import WriteSession
from transactional.orders.wording import state_texts
from transactional.web.page import Clerk, DeskPage, PageReading, go

router = APIRouter(prefix="/desk/customers", include_in_schema=False, dependencies=[Depends(may("see_customers"))])
ORDERS_SHOWN = 20


@router.get("")
async def find(
    page: DeskPage,
    session: PageReading,
    q: Annotated[str, Query(max_length=254)] = "",
    before: Annotated[UUID | None, Query()] = None,
) -> Response:
    """Straight to the customer whom somebody means; else who registered last."""
    known = await customers.known_by(session, page.shop.vault, q) if q.strip() else None
    if known:
        return go(f"/desk/customers/{await customers.by_id(session, known[0])}")
    rows, more = await customers.newest(session, before)
    return page.show(
        "backoffice/customers.html",
        tab="customers",
        rows=rows,
        typed=q.strip(),
        older=f"/desk/customers?before={rows[-1].public_id}" if more else "",
        newest="/desk/customers" if before else "",
    )


@router.get("/{customer}")
async def show(customer: UUID, page: DeskPage, session: PageReading, done: str = "") -> HTMLResponse:
    found = await customers.file_of(session, page.shop.vault, customer)
    mine = OrderFilter(customer_id=found.id)
    orders, more = await order_list.page_of(session, mine, clock.now(), page.shop.zone, limit=ORDERS_SHOWN)
    return page.show(
        "backoffice/customer.html",
        tab="customers",
        person=found,
        orders=orders,
        more=more,
        refunds=await customers.refunds(session, found.id),
        cases=await customers.cases(session, found.id),
        places=() if found.erased_at else await customers.places(session, page.shop.vault, found.id),
        case_states=case_state_texts(page.translate),
        reasons=reason_texts(page.translate),
        order_states=state_texts(page.translate),
        words=words(page.translate),
        methods=method_texts(page.translate),
        key=uuid4().hex,
        done=done_texts(page.translate).get(done, ""),
    )


@router.post("/{customer}/end-sessions", dependencies=[Depends(may("end_sessions"))])
async def end_sessions(customer: UUID, page: DeskPage, clerk: Clerk, key: FormKey, reason: Reason = "") -> Response:
    """Raises ReasonNeededError, NotFoundError."""
    if not reason.strip():
        raise ReasonNeededError

    async def work(session: WriteSession) -> Done:
        return Done(said="ended", count=await customers.end_sessions(session, customer, clerk.id, reason.strip()))

    await do_once(page, clerk, key, f"end sessions {customer} {reason}", Done, work)
    return go(f"/desk/customers/{customer}?done=ended")
