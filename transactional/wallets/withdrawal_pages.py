"""Pages of taking money out of a wallet: how much, where it goes, confirmed by password or code; and how it stands."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.accounts.persons import identity
from transactional.accounts.schemas import CustomerSubject
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, faults_of
from transactional.db import reading, writing
from transactional.errors import InsufficientBalanceError, ShopError
from transactional.wallets import confirming, service, withdrawing
from transactional.wallets.rules import SMALLEST_WITHDRAWAL_FEN, withdrawable_fen
from transactional.wallets.schemas import BankAccount
from transactional.wallets.wording import part_states, way_text, withdrawal_states
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go

FLOW_COOKIE = "mingsuan_withdrawal"
"""The flow of the code that was sent to this browser; worth nothing without the code."""

router = APIRouter(include_in_schema=False)
Typed = Annotated[str, Form(max_length=100)]
Key = Annotated[str, Form(alias="idempotency_key", min_length=8, max_length=200)]


@router.get("/wallet/withdraw")
async def form(page: OpenPage, buyer: Buyer) -> HTMLResponse:
    return await _form(page, buyer, {})


@router.post("/wallet/withdraw")
async def ask(
    page: OpenPage,
    buyer: Buyer,
    amount: Typed,
    key: Key,
    bank: Typed = "",
    account: Typed = "",
    holder: Typed = "",
    code: Typed = "",
    password: Annotated[str, Form(max_length=1024)] = "",
    send: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Sends a code, or holds the money and puts the withdrawal before staff. Refused, nothing moved."""
    typed = {"amount": amount, "bank": bank, "account": account, "holder": holder}
    try:
        fen = amount_fen("amount", amount, page.shop.currency, page.translate)
        if send:
            return await _code_sent(page, buyer, typed)
        flow = page.request.cookies.get(FLOW_COOKIE, "")
        confirmed = await confirming.confirm(page.shop, buyer, password, flow, code)
        given = BankAccount(holder, bank, account) if bank or account or holder else None
        async with writing(page.shop.engine) as session:
            name = await identity.verified_name(session, page.shop.vault, buyer.id)
            made = await withdrawing.request(session, page.shop, buyer, fen, given, name, confirmed, key)
    except RefusedForm as refused:
        return await _form(page, buyer, typed, refused.faults)
    except InsufficientBalanceError as refusal:
        return await _form(page, buyer, typed, Faults({"amount": refusal.sentence(page.language)}))
    except ShopError as refusal:
        faults = faults_of(refusal, page.language)
        return await _form(page, buyer, typed, faults, "" if faults else refusal.sentence(page.language))
    answer = go(f"/wallet/withdrawals/{made}")
    secure = page.shop.settings.secure_cookies
    answer.delete_cookie(FLOW_COOKIE, httponly=True, samesite="lax", secure=secure)
    return answer


@router.get("/wallet/withdrawals/{withdrawal_id}")
async def show(page: OpenPage, buyer: Buyer, session: PageReading, withdrawal_id: UUID) -> HTMLResponse:
    found = await service.withdrawal(session, withdrawal_id, buyer.id)
    parts = await service.parts(session, withdrawal_id)
    return page.show(
        "wallets/withdrawal.html",
        section="wallet",
        withdrawal=found,
        standing=withdrawal_states(page.translate)[found.state],
        parts=[(part, way_text(part, page.translate)) for part in parts],
        part_states=part_states(page.translate),
    )


async def _code_sent(page: Page, buyer: CustomerSubject, typed: dict[str, str]) -> HTMLResponse:
    flow, where = await confirming.send_code(page.shop, buyer, page.language)
    answer = await _form(page, buyer, typed, sent_to=where)
    secure = page.shop.settings.secure_cookies
    answer.set_cookie(FLOW_COOKIE, flow, max_age=900, httponly=True, samesite="lax", secure=secure)
    return answer


async def _form(
    page: Page,
    buyer: CustomerSubject,
    typed: dict[str, str],
    faults: Faults | None = None,
    fault: str = "",
    sent_to: str = "",
) -> HTMLResponse:
    allowed = service.profile_of(page.shop)
    async with reading(page.shop.engine) as session:
        room = await service.room(session, page.shop, buyer.id, clock.now())
        name = await identity.verified_name(session, page.shop.vault, buyer.id)
    return page.show(
        "wallets/withdraw.html",
        status=422 if faults else 409 if fault else 200,
        section="wallet",
        balance_fen=room.balance_fen,
        smallest_fen=SMALLEST_WITHDRAWAL_FEN,
        largest_fen=withdrawable_fen(allowed, room, name is not None),
        back_fen=room.back_fen,
        to_bank=allowed.withdraw_to == "bank",
        has_name=name is not None,
        typed={"amount": "", "bank": "", "account": "", "holder": "", **typed},
        faults=faults or Faults(),
        fault=fault,
        sent_to=sent_to,
        idempotency_key=uuid4().hex,
        back="/wallet/withdraw",
    )
