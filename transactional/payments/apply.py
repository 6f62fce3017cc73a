"""What a gateway says about a trade, applied once, whoever brought it: a notice, a query or a bill."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mingsuan.money import split
from transactional.db import WriteSession
from transactional.jobs import defer
from transactional.ledger import service as ledger
from transactional.ledger.gateway_rules import top_up_fee, wallet_topped_up
from transactional.ledger.rules import Posting, fee_charged, order_paid
from transactional.orders.due import Due
from transactional.payments import queries, receipts
from transactional.payments.gateways.interface import Trade
from transactional.payments.models import Payment
from transactional.payments.purposes import Purpose, lock_purpose
from transactional.payments.rules import OPEN_STATES, Meaning, PaymentFacts, Verdict, fee_of, meaning_of_paid
from transactional.payments.settling import settle_order, settle_top_up
from transactional.wallets.top_ups import TopUpDue

VERDICTS: dict[Meaning, Verdict] = {
    "pay": "applied",
    "duplicate": "duplicate",
    "unknown_trade": "unmatched",
    "second_trade": "unmatched",
    "order_already_paid": "unmatched",
    "wallet_full": "unmatched",
    "wrong_amount": "wrong_amount",
}

STANDING = {"open": "pending_payment", "closed": "cancelled", "paid": "completed"}
"""A top-up's state, as an order would stand."""


@dataclass(frozen=True, slots=True)
class Found:
    """What became of what a gateway said."""

    verdict: Verdict
    payment_id: int | None


async def trade_found(
    session: WriteSession,
    method: str,
    trade: Trade,
    found_by: str,
    at: datetime,
    zone: ZoneInfo,
    fee_per_myriad: int,
) -> Found:
    """Applies a trade as the gateway books it; the same again changes nothing. Locks the purpose, then the payment.

    Paid money goes to its order or wallet, or becomes an unapplied receipt; a notice of another amount than was asked
    only leads to a question. Raises ValueError for a paid trade without amount or number, which no gateway sends.
    """
    payment, due = await _locked(session, method, trade.out_trade_no)
    if trade.state != "paid":
        return await _not_paid(payment, trade)
    if trade.amount_fen is None or trade.gateway_trade_no is None:
        raise ValueError(f"a paid trade without amount or number: {trade.out_trade_no}")
    paid_at = min(trade.paid_at or at, at)
    meaning = meaning_of_paid(
        await _facts(session, payment, due) if payment and due else None, trade.gateway_trade_no, trade.amount_fen
    )
    fee_fen = fee_of(trade.amount_fen, fee_per_myriad)
    if meaning == "pay" and payment is not None and due is not None:
        await _succeed(session, payment, due, trade, fee_fen, paid_at, at, zone)
    elif meaning == "wrong_amount" and found_by == "notice" and payment is not None:
        await _ask_again(session, payment, at)
    elif meaning != "duplicate":
        if payment is not None and meaning != "second_trade":
            payment.state, payment.gateway_trade_no, payment.ask_at = "unapplied", trade.gateway_trade_no, None
        if not await receipts.keep(session, method, trade, payment, meaning, found_by, fee_fen, paid_at, zone):
            meaning = "duplicate"
    return Found(VERDICTS[meaning], payment.id if payment else None)


async def _locked(session: WriteSession, method: str, out_trade_no: str) -> tuple[Payment | None, Purpose | None]:
    known = await queries.payment_of(session, method, out_trade_no)
    if known is None:
        return None, None
    due = await lock_purpose(session, known)
    payment: Payment = await queries.locked(session, Payment, known.id)
    return payment, due


async def _not_paid(payment: Payment | None, trade: Trade) -> Found:
    """An end without money ends an open attempt; it never takes back what succeeded."""
    if payment is None:
        return Found("unmatched", None)
    if payment.state not in OPEN_STATES or trade.state not in ("closed", "failed"):
        return Found("duplicate", payment.id)
    payment.state, payment.ask_at = trade.state, None
    return Found("applied", payment.id)


async def _ask_again(session: WriteSession, payment: Payment, at: datetime) -> None:
    """An amount that nobody asked for is believed only when the gateway repeats it to our question, or bills it."""
    if payment.state not in OPEN_STATES:
        payment.state = "pending"
    payment.ask_at = at
    await defer(session, "payments.ask", {"payment_id": payment.id}, lock=f"payment:{payment.id}")


async def _facts(session: WriteSession, payment: Payment, due: Purpose) -> PaymentFacts:
    has_success = await queries.success_of(session, payment.order_id, payment.top_up_id) is not None
    own = (payment.state, payment.amount_fen, payment.gateway_trade_no)
    if isinstance(due, TopUpDue):
        return PaymentFacts(*own, STANDING[due.state], has_success, due.has_room)
    return PaymentFacts(*own, due.state, has_success)


async def _succeed(
    session: WriteSession,
    payment: Payment,
    due: Purpose,
    trade: Trade,
    fee_fen: int,
    paid_at: datetime,
    at: datetime,
    zone: ZoneInfo,
) -> None:
    payment.state, payment.paid_at, payment.fee_fen = "succeeded", paid_at, fee_fen
    payment.gateway_trade_no, payment.ask_at = trade.gateway_trade_no, None
    await session.flush()
    await ledger.post(session, _postings(payment, due, fee_fen, paid_at), zone)
    if isinstance(due, TopUpDue):
        await settle_top_up(session, due, payment.id, paid_at, at)
    else:
        await settle_order(session, due.order_id, payment.id, paid_at, at, zone)


def _postings(payment: Payment, due: Purpose, fee_fen: int, paid_at: datetime) -> list[Posting]:
    if isinstance(due, TopUpDue):
        topped_up = wallet_topped_up(payment.id, due.customer_id, payment.method, payment.amount_fen, paid_at)
        return [topped_up, top_up_fee(payment.id, due.customer_id, fee_fen, paid_at)]
    who = (payment.id, due.order_id, due.customer_id)
    return [
        order_paid(*who, payment.method, payment.amount_fen, paid_at, due.membership_fen),
        fee_charged(*who, fee_shares(due, fee_fen), paid_at),
    ]


def fee_shares(due: Due, fee_fen: int) -> list[tuple[int, int]]:
    """A fee split over an order's lines by what they cost."""
    items = [item for item, _ in due.items]
    return list(zip(items, split(fee_fen, [net for _, net in due.items]), strict=True))
