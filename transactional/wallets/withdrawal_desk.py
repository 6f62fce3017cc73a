"""The desk's queue of withdrawals: look at one, approve or refuse it, record what the bank did."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.accounts import rules
from transactional.accounts.persons.personal import ErasedError
from transactional.accounts.schemas import StaffSubject
from transactional.backoffice.forms import sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession, reading, writing
from transactional.errors import NotFoundError, ShopError
from transactional.wallets import deciding, service, withdrawing
from transactional.wallets.rules import OPEN_WITHDRAWALS, WITHDRAWAL_STATES
from transactional.wallets.schemas import BankAccount
from transactional.wallets.wording import part_states, way_text, withdrawal_states
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

A_PAGE = 50

router = APIRouter()
may_see = Depends(may("see_money"))
may_decide = Depends(may("decide_withdrawals"))
Words = Annotated[str, Form(max_length=500)]
Act = Callable[[WriteSession], Awaitable[None]]


@router.get("/withdrawals", dependencies=[may_see])
async def queue(
    page: DeskPage,
    session: PageReading,
    state: Annotated[str, Query(max_length=20)] = "open",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """What waits first; all states can be chosen."""
    states = OPEN_WITHDRAWALS if state == "open" else (state,) if state in WITHDRAWAL_STATES else ()
    found = await service.withdrawals(session, states, A_PAGE + 1, (number - 1) * A_PAGE)
    names = withdrawal_states(page.translate)
    return page.show(
        "wallets/desk_withdrawals.html",
        tab="withdrawals",
        withdrawals=found[:A_PAGE],
        more=len(found) > A_PAGE,
        page=number,
        state=state,
        states=names,
        choices={"open": page.translate("Open"), **{key: each.name for key, each in names.items()}},
    )


@router.get("/withdrawals/{withdrawal_id}", dependencies=[may_see])
async def look(page: DeskPage, clerk: Clerk, withdrawal_id: UUID) -> HTMLResponse:
    return await _shown(page, clerk, withdrawal_id)


@router.post("/withdrawals/{withdrawal_id}/approve", dependencies=[may_decide])
async def approve(page: DeskPage, clerk: Clerk, withdrawal_id: UUID, key: FormKey) -> Response:
    async def act(session: WriteSession) -> None:
        await deciding.approve(session, withdrawal_id, clerk.id, page.shop.zone, clock.now())

    return await _done(page, clerk, withdrawal_id, key, "approve", act)


@router.post("/withdrawals/{withdrawal_id}/refuse", dependencies=[may_decide])
async def refuse(page: DeskPage, clerk: Clerk, withdrawal_id: UUID, key: FormKey, reason: Words = "") -> Response:
    async def act(session: WriteSession) -> None:
        await deciding.refuse(session, withdrawal_id, clerk.id, reason, page.shop.zone, clock.now())

    return await _done(page, clerk, withdrawal_id, key, f"refuse {reason}", act)


@router.post("/withdrawals/{withdrawal_id}/paid", dependencies=[may_decide])
async def paid(page: DeskPage, clerk: Clerk, withdrawal_id: UUID, key: FormKey, reference: Words = "") -> Response:
    async def act(session: WriteSession) -> None:
        await deciding.bank_paid(session, withdrawal_id, clerk.id, reference, page.shop.zone, clock.now())

    return await _done(page, clerk, withdrawal_id, key, f"paid {reference}", act)


@router.post("/withdrawals/{withdrawal_id}/failed", dependencies=[may_decide])
async def failed(page: DeskPage, clerk: Clerk, withdrawal_id: UUID, key: FormKey, reason: Words = "") -> Response:
    async def act(session: WriteSession) -> None:
        await deciding.bank_failed(session, withdrawal_id, clerk.id, reason, page.shop.zone, clock.now())

    return await _done(page, clerk, withdrawal_id, key, f"failed {reason}", act)


@router.post("/withdrawals/{withdrawal_id}/account", dependencies=[may_decide])
async def account(page: DeskPage, clerk: Clerk, withdrawal_id: UUID) -> HTMLResponse:
    """Shows where the bank is to pay to; each look is recorded."""
    try:
        async with writing(page.shop.engine) as session:
            row = await deciding.open_account(session, withdrawal_id, clerk.id)
            shown = await withdrawing.bank_account(session, page.shop, row)
    except NotFoundError:
        raise
    except ErasedError:
        raise NotFoundError from None
    except ShopError as refusal:
        return await _shown(page, clerk, withdrawal_id, refusal)
    return await _shown(page, clerk, withdrawal_id, account=shown)


async def _done(page: Page, clerk: StaffSubject, withdrawal_id: UUID, key: str, asked: str, act: Act) -> Response:
    """The act, once for each rendered form; refused, the page says why."""

    async def work(session: WriteSession) -> Done:
        await act(session)
        return Done(said="done")

    try:
        await do_once(page, clerk, key, f"withdrawal {withdrawal_id} {asked}", Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _shown(page, clerk, withdrawal_id, refusal)
    return go(f"/desk/withdrawals/{withdrawal_id}")


async def _shown(
    page: Page,
    clerk: StaffSubject,
    withdrawal_id: UUID,
    refusal: ShopError | None = None,
    account: BankAccount | None = None,
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        found = await service.withdrawal(session, withdrawal_id, None)
        parts = await service.parts(session, withdrawal_id)
        others = await service.count_of_same_customer(session, withdrawal_id)
    waits_for_bank = any(part.method is None and part.state == "held" for part in parts)
    return page.show(
        "wallets/desk_withdrawal.html",
        status=refusal.status if refusal else 200,
        tab="withdrawals",
        withdrawal=found,
        standing=withdrawal_states(page.translate)[found.state],
        parts=[(part, way_text(part, page.translate)) for part in parts],
        part_states=part_states(page.translate),
        others=others,
        is_waiting=found.state == "requested",
        waits_for_bank=waits_for_bank and found.state in deciding.RUNNING,
        account=account,
        fault=sentence_of(refusal, page.language) if refusal else "",
        key=lambda: uuid4().hex,
        may_decide=rules.may(clerk.role, "decide_withdrawals"),
        back=f"/desk/withdrawals/{withdrawal_id}",
    )
