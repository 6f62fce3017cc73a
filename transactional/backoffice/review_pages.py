"""Pages of the desk: what waits for a person: cases, stray money, refunds that failed, disputes, failed jobs."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.backoffice import review, review_queries
from transactional.backoffice.errors import ReasonNeededError
from transactional.backoffice.forms import RefusedForm, amount_fen, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, Reason, do_once
from transactional.backoffice.order_wording import method_texts
from transactional.backoffice.review_facts import INSIDE, facts, settled_at
from transactional.backoffice.review_wording import done_texts, kind_text, receipt_reasons
from transactional.backoffice.roles import may
from transactional.backoffice.trace_wording import words
from transactional.db import WriteSession, reading
from transactional.errors import NotFoundError, ShopError
from transactional.payments import disputes, payouts, receipts
from transactional.payments.rules import PAYOUT_STATES, RECEIPT_STATES
from transactional.payments.schemas import NewChargeback
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/review", include_in_schema=False, dependencies=[Depends(may("see_payments"))])
resolves, settles = Depends(may("resolve_cases")), Depends(may("settle_payments"))
Work = Callable[[WriteSession], Awaitable[Done]]
Before = Annotated[UUID | None, Query()]
Typed = Annotated[str, Query(max_length=80)]


@router.get("")
async def cases(
    page: DeskPage, session: PageReading, state: Typed = "open", kind: Typed = "", before: Before = None, done: str = ""
) -> HTMLResponse:
    """`state` "all" shows resolved ones too."""
    chosen = state if state in ("open", "resolved") else None
    rows, more = await review_queries.page_of(
        session, review_queries.CASES, "review_case", before, state=chosen, kind=kind or None
    )
    _ = page.translate
    kinds = {name: kind_text(name, _).name for name in await review_queries.kinds(session)}
    onward = f"/desk/review?state={state}&kind={kind}"
    return _list(page, "review", rows, more, onward, before, done, state=state, kind=kind, kinds=kinds)


@router.get("/receipts")
async def stray(
    page: DeskPage, session: PageReading, state: Typed = "", before: Before = None, done: str = ""
) -> HTMLResponse:
    chosen = state if state in RECEIPT_STATES else None
    rows, more = await review_queries.page_of(
        session, review_queries.RECEIPTS, "unapplied_receipt", before, state=chosen
    )
    onward = f"/desk/review/receipts?state={chosen or ''}"
    reasons = receipt_reasons(page.translate)
    return _list(
        page, "review_receipts", rows, more, onward, before, done, state=state, states=RECEIPT_STATES, reasons=reasons
    )


@router.post("/receipts/{receipt_id}/apply", dependencies=[settles])
async def apply_receipt(
    receipt_id: UUID,
    page: DeskPage,
    clerk: Clerk,
    key: FormKey,
    order_no: Annotated[str, Form(max_length=64)] = "",
    reason: Reason = "",
) -> Response:
    async def work(session: WriteSession) -> Done:
        about = (receipt_id, order_no.strip(), clerk.id, reason, page.shop.zone, clock.now())
        await receipts.apply_by_hand(session, *about)
        return Done(said="applied")

    return await _act(
        page, clerk, key, f"apply {receipt_id} {order_no} {reason}", reason, work, "/desk/review/receipts"
    )


@router.post("/receipts/{receipt_id}/return", dependencies=[settles])
async def return_receipt(receipt_id: UUID, page: DeskPage, clerk: Clerk, key: FormKey, reason: Reason = "") -> Response:
    async def work(session: WriteSession) -> Done:
        await receipts.return_by_hand(session, receipt_id, clerk.id, reason, page.shop.zone, clock.now())
        return Done(said="returned")

    return await _act(page, clerk, key, f"return {receipt_id} {reason}", reason, work, "/desk/review/receipts")


@router.get("/payouts")
async def money_back(
    page: DeskPage, session: PageReading, state: Typed = "", before: Before = None, done: str = ""
) -> HTMLResponse:
    chosen = state if state in PAYOUT_STATES else None
    rows, more = await review_queries.page_of(session, review_queries.PAYOUTS, "refund_payout", before, state=chosen)
    onward = f"/desk/review/payouts?state={chosen or ''}"
    return _list(page, "review_payouts", rows, more, onward, before, done, state=state, states=PAYOUT_STATES)


@router.post("/payouts/{payout_id}/retry", dependencies=[settles])
async def retry_payout(
    payout_id: UUID,
    page: DeskPage,
    clerk: Clerk,
    key: FormKey,
    to: Annotated[str, Form(pattern="^(gateway|wallet)$")],
    reason: Reason = "",
) -> Response:
    async def work(session: WriteSession) -> Done:
        at = clock.now()
        await payouts.retry(session, payout_id, to == "wallet", clerk.id, reason, page.shop.zone, at)
        return Done(said="sent_again")

    return await _act(page, clerk, key, f"retry {payout_id} {to} {reason}", reason, work, "/desk/review/payouts")


@router.get("/disputes")
async def disputed(page: DeskPage, session: PageReading, before: Before = None, done: str = "") -> HTMLResponse:
    rows, more = await review_queries.page_of(session, review_queries.DISPUTES, "chargeback", before)
    return _list(page, "review_disputes", rows, more, "/desk/review/disputes?", before, done)


@router.post("/disputes", dependencies=[settles])
async def record_dispute(
    page: DeskPage,
    clerk: Clerk,
    key: FormKey,
    order_no: Annotated[str, Form(max_length=64)],
    amount: Annotated[str, Form(max_length=40)],
    reference: Annotated[str, Form(min_length=1, max_length=128)],
    fee: Annotated[str, Form(max_length=40)] = "",
    reason: Reason = "",
) -> Response:
    """Money that the gateway took back; once under the gateway's own number."""
    address = "/desk/review/disputes"
    try:
        currency, _ = page.shop.currency, page.translate
        fens = amount_fen("amount", amount, currency, _), amount_fen("fee", fee or "0", currency, _)
    except RefusedForm as refused:
        return await _refused(page, " ".join(refused.faults.values()), 422, address)
    if not fens[0]:
        return await _refused(page, page.translate("Not an amount, such as 12.30"), 422, address)

    async def work(session: WriteSession) -> Done:
        payment = await review_queries.paid_with(session, order_no.strip())
        if payment is None:
            raise NotFoundError
        new = NewChargeback(
            payment_id=payment, amount_fen=fens[0], fee_fen=fens[1], gateway_reference=reference, reason=reason
        )
        await disputes.record_chargeback(session, new, clerk.id, page.shop.zone, clock.now())
        return Done(said="disputed")

    return await _act(page, clerk, key, f"dispute {order_no} {fens} {reference} {reason}", reason, work, address)


@router.get("/jobs")
async def failed_jobs(
    page: DeskPage, session: PageReading, before: Annotated[int | None, Query(ge=1, le=2**62)] = None, done: str = ""
) -> HTMLResponse:
    rows, more = await review_queries.page_of(session, review_queries.JOBS, "", before)
    return _list(page, "review_jobs", rows, more, "/desk/review/jobs?", before, done, name="id")


@router.post("/jobs/{job_id}/retry", dependencies=[Depends(may("retry_jobs"))])
async def retry_job(job_id: int, page: DeskPage, clerk: Clerk, key: FormKey, reason: Reason = "") -> Response:
    async def work(session: WriteSession) -> Done:
        return await review.try_again(session, job_id, clerk.id, reason)

    return await _act(page, clerk, key, f"job {job_id} {reason}", reason, work, "/desk/review/jobs")


@router.get("/{case_id}")
async def case(case_id: UUID, page: DeskPage, done: str = "") -> HTMLResponse:
    return await _case(page, case_id, done=done)


@router.post("/{case_id}/resolve", dependencies=[resolves])
async def resolve(case_id: UUID, page: DeskPage, clerk: Clerk, key: FormKey, reason: Reason = "") -> Response:
    async def work(session: WriteSession) -> Done:
        return await review.resolve(session, case_id, clerk.id, reason.strip())

    return await _act(page, clerk, key, f"resolve {case_id} {reason}", reason, work, f"/desk/review/{case_id}")


async def _case(page: Page, case_id: UUID, *, done: str = "") -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        found = await review_queries.case(session, case_id)
        if found is None:
            raise NotFoundError
        numbers = [found.subject, *(str(found.detail.get(name) or "") for name in ("out_trade_no", "out_refund_no"))]
        order_no = await review_queries.order_of(session, [number for number in numbers if number])
    return page.show(
        "backoffice/review_case.html",
        tab="review",
        case=found,
        text=kind_text(found.kind, page.translate),
        facts=facts(found.kind, found.detail, page.translate, page.language, page.money),
        settled_at=settled_at(found.kind, found.subject, page.translate),
        is_inside=found.kind in INSIDE,
        order_no=order_no,
        key=uuid4().hex,
        done=done_texts(page.translate).get(done, ""),
    )


async def _act(page: Page, clerk: Clerk, key: str, asked: str, reason: str, work: Work, back: str) -> Response:
    """Done once, then back to the list; a refusal says why, and where to go on."""
    try:
        if not reason.strip():
            raise ReasonNeededError
        done = await do_once(page, clerk, key, asked, Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _refused(page, sentence_of(refusal, page.language), refusal.status, back)
    return go(f"{back}?done={done.said}")


async def _refused(page: Page, fault: str, status: int, back: str) -> HTMLResponse:
    return page.show("backoffice/review_refused.html", status=status, tab="review", fault=fault, way=back)


def _list(
    page: Page,
    template: str,
    rows: Any,
    more: bool,
    onward: str,
    before: object,
    done: str,
    *,
    name: str = "public_id",
    **context: Any,
) -> HTMLResponse:
    joint = "" if onward.endswith("?") else "&"
    return page.show(
        f"backoffice/{template}.html",
        tab="review",
        rows=rows,
        older=f"{onward}{joint}before={getattr(rows[-1], name)}" if more else "",
        newest=onward if before else "",
        key=lambda: uuid4().hex,
        done=done_texts(page.translate).get(done, ""),
        words=words(page.translate),
        methods=method_texts(page.translate),
        kind_name=lambda kind: kind_text(kind, page.translate).name,
        **context,
    )
