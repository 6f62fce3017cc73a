"""Pages of a customer's cases: ask for help with an order, follow the conversation, withdraw. Sending is `sending`."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse

from mingsuan import clock
from transactional.aftersales import evidence, opening, service, unit_queries
from transactional.aftersales.errors import CaseRefusedError
from transactional.aftersales.rules import ANSWER_WITHIN, MOST_EVIDENCE, REASONS
from transactional.aftersales.timeline import timeline
from transactional.aftersales.wording import case_state_texts, decision_texts, reason_texts, unit_state_text
from transactional.db import ReadSession, reading
from transactional.errors import NotFoundError
from transactional.web.page import Buyer, OpenPage, Page, PageReading

CASES_A_PAGE = 20
FILES_AT_ONCE = 3
"""A request holds so many files of the largest size."""

router = APIRouter(include_in_schema=False)


@router.get("/orders/{order_no}/help")
async def help_with_order(
    page: OpenPage,
    buyer: Buyer,
    session: PageReading,
    order_no: str,
    unit: Annotated[list[UUID], Query(max_length=100)] = [],  # noqa: B006  (FastAPI copies it)
    reason: Annotated[str, Query(max_length=40)] = "",
) -> HTMLResponse:
    """First which units and why; then what will happen, and the words and pictures that go with it."""
    return await asking(page, session, buyer.id, order_no, unit, reason)


async def asking(
    page: Page,
    session: ReadSession,
    customer_id: int,
    order_no: str,
    chosen: list[UUID],
    reason: str,
    *,
    words: str = "",
    fault: str = "",
) -> HTMLResponse:
    """The form at the step that the choice has reached. Raises NotFoundError."""
    units = await unit_queries.units_of_order(session, customer_id, order_no)
    if not units:
        raise NotFoundError
    faults: list[str] = []
    expected = ""
    wanted = [each for each in units if each.id in chosen]
    if wanted and reason in REASONS:
        try:
            expected = await opening.promised(session, customer_id, wanted, reason, clock.now())
        except CaseRefusedError as refused:
            faults = [problem.sentence(page.language) for problem in refused.problems]
    elif reason or chosen:
        faults = [page.translate("Choose what it is about, and why.")]
    return page.show(
        "aftersales/ask.html",
        status=422 if faults or fault else 200,
        section="orders",
        order_no=order_no,
        units=units,
        unit_states={each.id: unit_state_text(each, page.translate) for each in units},
        chosen=wanted,
        reason=reason if reason in REASONS else "",
        reasons=reason_texts(page.translate),
        expected=expected,
        refund_fen=sum(each.left_fen for each in wanted),
        answer_hours=int(ANSWER_WITHIN.total_seconds() // 3600),
        most_files=FILES_AT_ONCE,
        words=words,
        faults=faults,
        fault=fault,
        open_cases=await service.open_cases_of_order(session, customer_id, order_no),
        idempotency_key=uuid4().hex,
        back=f"/orders/{order_no}/help",
    )


@router.get("/cases")
async def cases(
    page: OpenPage,
    buyer: Buyer,
    session: PageReading,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    offset = (number - 1) * CASES_A_PAGE
    found = await service.cases(session, buyer.id, CASES_A_PAGE, offset)
    return page.show(
        "aftersales/cases.html",
        section="account",
        cases=found.items,
        reasons=reason_texts(page.translate),
        states=case_state_texts(page.translate),
        page=number,
        more=offset + len(found.items) < found.total,
    )


@router.get("/cases/{case_id}")
async def case(page: OpenPage, buyer: Buyer, session: PageReading, case_id: UUID) -> HTMLResponse:
    return await shown(page, session, buyer.id, case_id)


async def shown(
    page: Page, session: ReadSession, customer_id: int, case_id: UUID, *, words: str = "", fault: str = ""
) -> HTMLResponse:
    """The case as its customer sees it; with a fault, what they typed is still there. Raises NotFoundError."""
    found = await service.case(session, page.shop.vault, customer_id, case_id)
    state = case_state_texts(page.translate)[found.state]
    return page.show(
        "aftersales/case.html",
        status=409 if fault else 200,
        section="account",
        case=found,
        state=state,
        is_open=found.closed_at is None,
        reasons=reason_texts(page.translate),
        decisions=decision_texts(page.translate),
        lines=timeline(found),
        files_left=MOST_EVIDENCE - len(found.evidence),
        most_files=min(FILES_AT_ONCE, MOST_EVIDENCE - len(found.evidence)),
        words=words,
        fault=fault,
        idempotency_key=uuid4().hex,
        back=f"/cases/{case_id}",
    )


@router.get("/cases/{case_id}/evidence/{evidence_id}")
async def download(page: OpenPage, buyer: Buyer, session: PageReading, case_id: UUID, evidence_id: UUID) -> Response:
    return await evidence.download(session, page.shop.vault, case_id, evidence_id, buyer.id)


async def asking_again(
    page: Page, customer_id: int, order_no: str, chosen: list[UUID], reason: str, words: str, fault: str
) -> HTMLResponse:
    """The form as it was sent, and why it was refused."""
    async with reading(page.shop.engine) as session:
        return await asking(page, session, customer_id, order_no, chosen, reason, words=words, fault=fault)
