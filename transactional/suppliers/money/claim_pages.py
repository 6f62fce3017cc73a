"""The desk's pages of claims for bad codes: opened, told to the supplier, made good or refused."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response

from transactional.backoffice.errors import ReasonNeededError
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, Reason, command_key, do_once
from transactional.backoffice.roles import may
from transactional.backoffice.wording import amount_hint
from transactional.db import WriteSession, reading, writing
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError, ShopError
from transactional.idempotency import first_time
from transactional.suppliers.money import claim_sending, claim_views, claims
from transactional.suppliers.money.claim_views import STATES
from transactional.suppliers.money.money_wording import claim_state_texts, done_texts
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/claims", include_in_schema=False, dependencies=[Depends(may("see_supply"))])
may_claim = Depends(may("reconcile"))
Work = Callable[[WriteSession], Awaitable[Done]]


@router.get("")
async def listed(
    page: DeskPage,
    session: PageReading,
    state: Annotated[str, Query(max_length=20)] = "",
    before: Annotated[UUID | None, Query()] = None,
) -> HTMLResponse:
    """Without a state those that have not ended."""
    return await _list(page, session, state if state in (*STATES, "all") else "", before)


@router.post("", dependencies=[may_claim])
async def open_claim(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    key: FormKey,
    defect: Annotated[UUID | None, Form()] = None,
    purchase: Annotated[UUID | None, Form()] = None,
    reason: Reason = "",
) -> Response:
    """For a bad code of a batch, or for what a purchase brought."""

    async def work(session: WriteSession) -> Done:
        if defect is not None and (found := await claim_views.defect_id(session, defect)):
            made = await claims.of_defect(session, found, reason.strip(), clerk.id)
        elif purchase is not None and (found := await claim_views.purchase_id(session, purchase)):
            made = await claims.of_purchase(session, found, reason.strip(), clerk.id)
        else:
            raise NotFoundError
        return Done(said=str(made.public_id))

    try:
        _need(reason)
        done = await do_once(page, clerk, key, f"claim {defect} {purchase} {reason}", Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        fault = sentence_of(refusal, page.language)
        return await _list(page, session, "", None, status=refusal.status, fault=fault)
    return go(f"/desk/claims/{done.said}?done=claimed")


@router.get("/{claim}")
async def one(page: DeskPage, claim: UUID, done: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:
    return await _shown(page, claim, done=done)


@router.post("/{claim}/send", dependencies=[may_claim])
async def send(page: DeskPage, clerk: Clerk, claim: UUID, key: FormKey) -> Response:
    """Tells the supplier while the page waits; once for each rendered form."""
    async with writing(page.shop.engine) as writer:
        if not await first_time(writer, command_key(clerk, key, f"send claim {claim}")):
            return go(f"/desk/claims/{claim}")
    try:
        told = await claim_sending.send(page.shop.engine, page.shop.vault, claim, clerk.id)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _shown(page, claim, status=refusal.status, fault=sentence_of(refusal, page.language))
    return go(f"/desk/claims/{claim}?done={told}")


@router.post("/{claim}/accept", dependencies=[may_claim])
async def accept(
    page: DeskPage,
    clerk: Clerk,
    claim: UUID,
    key: FormKey,
    credited: Annotated[str, Form(max_length=40)] = "",
    reason: Reason = "",
) -> Response:
    """The supplier credits so much."""

    async def work(session: WriteSession) -> Done:
        fen = amount_fen("credited", credited, page.shop.currency, page.translate)
        if fen == 0:
            raise InvalidInputError([FieldProblem("credited", "Must be more than zero.")])
        await claims.accept(session, claim, fen, reason.strip(), clerk.id, page.shop.zone)
        return Done(said="accepted")

    return await _ended(page, clerk, claim, key, f"accept {claim} {credited} {reason}", reason, work, credited)


@router.post("/{claim}/reject", dependencies=[may_claim])
async def reject(page: DeskPage, clerk: Clerk, claim: UUID, key: FormKey, reason: Reason = "") -> Response:
    """The supplier does not make it good."""

    async def work(session: WriteSession) -> Done:
        await claims.reject(session, claim, reason.strip(), clerk.id)
        return Done(said="rejected")

    return await _ended(page, clerk, claim, key, f"reject {claim} {reason}", reason, work)


async def _ended(
    page: Page, clerk: Clerk, claim: UUID, key: str, asked: str, reason: str, work: Work, typed: str = ""
) -> Response:
    try:
        _need(reason)
        done = await do_once(page, clerk, key, asked, Done, work)
    except NotFoundError:
        raise
    except RefusedForm as refused:
        return await _shown(page, claim, status=422, faults=refused.faults, typed=typed)
    except ShopError as refusal:
        return await _shown(page, claim, status=refusal.status, fault=sentence_of(refusal, page.language), typed=typed)
    return go(f"/desk/claims/{claim}?done={done.said}")


def _need(reason: str) -> None:
    if not reason.strip():
        raise ReasonNeededError


async def _list(
    page: Page, session: PageReading, state: str, before: UUID | None, *, status: int = 200, fault: str = ""
) -> HTMLResponse:
    rows, more = await claim_views.claims(session, state, before)
    return page.show(
        "suppliers/claims.html",
        status=status,
        tab="suppliers",
        claims=rows,
        unclaimed=await claim_views.unclaimed(session),
        state=state,
        states=claim_state_texts(page.translate),
        older=f"/desk/claims?state={state}&before={rows[-1].public_id}" if more else "",
        newest=f"/desk/claims?state={state}" if before else "",
        key=lambda: uuid4().hex,
        fault=fault,
        back="/desk/claims",
    )


async def _shown(
    page: Page,
    claim: UUID,
    *,
    status: int = 200,
    done: str = "",
    fault: str = "",
    faults: Faults | None = None,
    typed: str = "",
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        found = await claim_views.claim(session, claim)
    if found is None:
        raise NotFoundError
    return page.show(
        "suppliers/claims_one.html",
        status=status,
        tab="suppliers",
        claim=found,
        states=claim_state_texts(page.translate),
        amount_hint=amount_hint(page.shop.currency, page.translate),
        typed=typed,
        done=done_texts(page.translate).get(done, "") if done not in ("no_way", "refused", "unknown") else "",
        fault=fault or (done_texts(page.translate)[done] if done in ("no_way", "refused", "unknown") else ""),
        faults=faults or Faults(),
        key=lambda: uuid4().hex,
        back=f"/desk/claims/{claim}",
    )
