"""What staff do in a case, as forms: each once, and none when the case has moved on since the page was shown."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import FormData

from transactional.accounts.schemas import StaffSubject
from transactional.aftersales import desk, handling
from transactional.aftersales.resolving import Decision, decide
from transactional.aftersales.schemas import MOST_WORDS, CaseMoved, ResolutionKind
from transactional.backoffice.forms import RefusedForm, amount_fen, sentence_of
from transactional.backoffice.roles import may
from transactional.db import WriteSession, reading, writing
from transactional.errors import NotFoundError, ShopError
from transactional.idempotency import CommandKey, once
from transactional.web.page import Clerk, DeskPage, Page, go

router = APIRouter(prefix="/desk/aftersales", include_in_schema=False, dependencies=[Depends(may("settle_cases"))])
FormKey = Annotated[str, Form(alias="idempotency_key", min_length=8, max_length=160)]
Seen = Annotated[int, Form(ge=0, le=10**9)]
Words = Annotated[str, Form(min_length=1, max_length=MOST_WORDS)]
Answered = HTMLResponse | RedirectResponse
Work = Callable[[WriteSession], Awaitable[CaseMoved]]
MAY_DECIDE = {"replace": "mend_stock", "refund": "refund", "goodwill": "credit_wallet", "reject": "settle_cases"}
"""What a decision does beside the case needs its own permission too."""


@router.post("/{case_id}/say", response_model=None)
async def say(
    page: DeskPage,
    clerk: Clerk,
    case_id: UUID,
    key: FormKey,
    seen: Seen,
    words: Words,
    act: Annotated[Literal["answer", "ask"], Form()],
) -> Answered:
    """To the customer; asked something, it is their turn."""

    async def work(session: WriteSession) -> CaseMoved:
        return await handling.answer(session, page.shop.vault, clerk.id, case_id, seen, words, act)

    return await _done(page, clerk, case_id, key, f"{act} {seen} {words}", act, work, {"words": words})


@router.post("/{case_id}/note", response_model=None)
async def note(page: DeskPage, clerk: Clerk, case_id: UUID, key: FormKey, words: Words) -> Answered:
    async def work(session: WriteSession) -> CaseMoved:
        return await handling.note(session, page.shop.vault, clerk.id, case_id, words)

    return await _done(page, clerk, case_id, key, f"note {words}", "note", work, {"note": words})


@router.post("/{case_id}/take", response_model=None)
async def take(
    page: DeskPage,
    clerk: Clerk,
    case_id: UUID,
    key: FormKey,
    seen: Seen,
    colleague: Annotated[UUID | None, Form()] = None,
) -> Answered:
    """For oneself, or for a colleague."""

    async def work(session: WriteSession) -> CaseMoved:
        return await handling.take(session, clerk.id, case_id, seen, colleague)

    said = "take" if colleague is None else "assign"
    return await _done(page, clerk, case_id, key, f"take {seen} {colleague}", said, work, {})


@router.post("/{case_id}/decide/{kind}", response_model=None)
async def settle(
    page: DeskPage,
    clerk: Clerk,
    request: Request,
    case_id: UUID,
    kind: ResolutionKind,
    key: FormKey,
    seen: Seen,
    words: Annotated[str, Form(max_length=MOST_WORDS)] = "",
) -> Answered:
    """Another code, money back, goodwill or no, for the chosen units; the customer reads the words."""
    await may(MAY_DECIDE[kind])(clerk)
    typed = {f"{kind}_words": words}
    try:
        form = await request.form()
        amounts = _amounts(page, form, kind)
        goodwill = _typed(page, str(form.get("amount", ""))) if kind == "goodwill" else 0
        decision = Decision(kind, case_id, seen, amounts, words, goodwill)
    except RefusedForm as refused:
        return await _again(page, case_id, " ".join(refused.faults.values()), typed)
    if kind == "reject" and not words.strip():
        return await _again(page, case_id, page.translate("Say why: the customer reads it."), typed)

    async def work(session: WriteSession) -> CaseMoved:
        return await decide(session, page.shop.vault, clerk.id, decision, page.shop.zone)

    asked = f"{kind} {seen} {sorted(amounts.items())} {goodwill} {words}"
    return await _done(page, clerk, case_id, key, asked, kind, work, typed)


def _amounts(page: Page, form: FormData, kind: str) -> dict[UUID, int | None]:
    """The chosen units, with what is typed for each when it is a refund. Raises RefusedForm, NotFoundError."""
    try:
        units = [UUID(str(each)) for each in form.getlist("unit")]
    except ValueError:
        raise NotFoundError from None
    if kind != "refund":
        return dict.fromkeys(units)
    typed = {unit: str(form.get(f"amount-{unit}", "")).strip() for unit in units}
    return {unit: _typed(page, text) if text else None for unit, text in typed.items()}


def _typed(page: Page, amount: str) -> int:
    return amount_fen("amount", amount, page.shop.currency, page.translate)


async def _done(
    page: Page,
    clerk: StaffSubject,
    case_id: UUID,
    key: str,
    asked: str,
    said: str,
    work: Work,
    typed: dict[str, str],
) -> Answered:
    """Done now or when the form was first sent; refused, the case as it is now, and why."""
    command = CommandKey(f"staff:{clerk.public_id}", f"desk:{key}", f"case {case_id} {asked}")
    try:
        async with writing(page.shop.engine) as session:
            await once(session, command, CaseMoved, lambda: work(session))
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _again(page, case_id, sentence_of(refusal, page.language), typed)
    return go(f"/desk/aftersales/{case_id}?done={said}")


async def _again(page: Page, case_id: UUID, fault: str, typed: dict[str, str]) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        return await desk.shown(page, session, case_id, fault=fault, typed=typed)
