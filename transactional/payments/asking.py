"""Asking gateways about payments that are still open: what a lost notice would have said is found here.

After an attempt's time the trade is closed at the gateway first; only when the gateway says that it is closed, or never
was, is the payment closed here.
"""

from dataclasses import dataclass
from datetime import datetime

from mingsuan import clock
from transactional import calls
from transactional.backoffice.service import open_case, resolve_subject
from transactional.db import WriteSession, writing
from transactional.jobs import defer
from transactional.payments import queries
from transactional.payments.apply import trade_found
from transactional.payments.gateways.interface import Gateway, Trade
from transactional.payments.models import Payment
from transactional.payments.purposes import is_waiting, lock_purpose
from transactional.payments.rules import OPEN_STATES, next_ask
from transactional.shop import Shop

CASE = "payment_unclear"
TASKS = {
    "payment": ("payments.ask", "payment_id", "payment"),
    "refund_payout": ("payments.pay_out", "payout_id", "payout"),
    "profit_share": ("payments.share", "share_id", "share"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """An open payment: whether its trade is to be closed."""

    out_trade_no: str
    gateway: Gateway
    is_over: bool


async def ask(shop: Shop, payment_id: int) -> None:
    """Asks about one payment and applies the answer; asks to be called again while it is open. Commits by itself."""
    question = await _question(shop, payment_id)
    if question is None:
        return
    gateway, number = question.gateway, question.out_trade_no
    if question.is_over:
        # Refused closings are fine: paid or never known, as the query tells.
        await calls.made(shop.engine, gateway.method, "close", number, lambda: gateway.close(number))
    answer = await calls.made(shop.engine, gateway.method, "query", number, lambda: gateway.query(number))
    at = clock.now()
    async with writing(shop.engine) as session:
        if answer.value is not None and answer.value.state != "not_found":
            await trade_found(session, gateway.method, answer.value, "query", at, shop.zone, gateway.fee_per_myriad)
        await _afterwards(session, payment_id, answer.value, question.is_over, at)


async def _question(shop: Shop, payment_id: int) -> Question | None:
    """None when the payment has ended or its gateway is switched off."""
    at = clock.now()
    async with writing(shop.engine) as session:
        payment = await _locked(session, payment_id)
        gateway = shop.gateways.get(payment.method)
        if payment.state not in OPEN_STATES or gateway is None or payment.out_trade_no is None:
            return None
        purpose = await lock_purpose(session, payment)
        is_over = not is_waiting(purpose) or (payment.expires_at is not None and at >= payment.expires_at)
        payment.times_asked += 1
        return Question(payment.out_trade_no, gateway, is_over)


async def _afterwards(session: WriteSession, payment_id: int, trade: Trade | None, is_over: bool, at: datetime) -> None:
    payment = await _locked(session, payment_id)
    if payment.state not in OPEN_STATES:
        await resolve_subject(session, CASE, payment.out_trade_no or "", payment.state)
        return
    if is_over and trade is not None and trade.state == "not_found":
        payment.state, payment.ask_at = "closed", None
        return
    later = next_ask(payment.created_at, payment.expires_at or payment.created_at, at)
    payment.ask_at = later
    if later is None:
        await open_case(session, CASE, payment.out_trade_no or "", payment.amount_fen, {"method": payment.method})
        return
    await defer(session, "payments.ask", {"payment_id": payment_id}, at=later, lock=f"payment:{payment_id}")


async def _locked(session: WriteSession, payment_id: int) -> Payment:
    """The payment, locked after what it is for."""
    known = await session.get_one(Payment, payment_id)
    await lock_purpose(session, known)
    payment: Payment = await queries.locked(session, Payment, payment_id)
    return payment


async def ask_due(shop: Shop) -> int:
    """Puts work whose turn passed unseen into the queue again; how many. A lost job is found by this."""
    found = 0
    async with writing(shop.engine) as session:
        for table, (task, argument, lock) in TASKS.items():
            for number in await queries.overdue(session, table, clock.now()):
                await defer(session, task, {argument: number}, lock=f"{lock}:{number}")
                found += 1
    return found
