"""What states money may be in on its way in and out, what a paid trade means for a payment, when to ask again. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

PAYMENT_METHODS = ("wallet", "wechat", "alipay", "unionpay", "bank")
GATEWAYS = ("wechat", "alipay", "unionpay")
PAYMENT_STATES = ("created", "pending", "succeeded", "failed", "closed", "unapplied")
PAYOUT_STATES = ("created", "processing", "succeeded", "failed")
REFUND_STATES = ("pending", "succeeded", "failed")
RECEIPT_STATES = ("open", "returning", "returned", "applied")
SHARE_STATES = ("created", "processing", "succeeded", "failed")
NOTICE_VERDICTS = (
    "applied",
    "duplicate",
    "unmatched",
    "wrong_amount",
    "malformed",
    "stale",
    "unknown_serial",
    "bad_signature",
    "wrong_merchant",
)
"""The first four are authentic and acknowledged; the others are refused and change nothing."""

OPEN_STATES = ("created", "pending")
PAYABLE_ORDERS = ("pending_payment", "cancelled")
"""A cancelled order takes money that was on its way: the late payment's decision."""
RETURNED_BY_ITSELF = ("wrong_amount", "order_already_paid", "wallet_full")
"""Why money of a payment of ours goes straight back to who sent it; anything else waits for a person."""

ASK_AFTER = tuple(timedelta(seconds=seconds) for seconds in (10, 30, 60, 180, 600))
CLOSE_AFTER = (timedelta(), timedelta(minutes=1), timedelta(minutes=10), *(timedelta(hours=h) for h in range(1, 25)))
ALIPAY_REFUND_GAP = timedelta(seconds=3)
SHARE_DELAY = timedelta(minutes=1)
"""A gateway shares a payment's money a minute after it came, at the earliest."""

Verdict = Literal["applied", "duplicate", "unmatched", "wrong_amount"]
Meaning = Literal[
    "pay", "duplicate", "unknown_trade", "second_trade", "wrong_amount", "order_already_paid", "wallet_full"
]


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """A payment as it stands, with its order's state; a top-up stands like an order that waits or is paid.

    `has_room` is False for a late top-up that the wallet must not take any more.
    """

    state: str
    amount_fen: int
    gateway_trade_no: str | None
    order_state: str
    order_has_success: bool
    has_room: bool = True


def meaning_of_paid(payment: PaymentFacts | None, gateway_trade_no: str, amount_fen: int) -> Meaning:
    """What to do with money that a gateway says has come."""
    if payment is None:
        return "unknown_trade"
    if payment.state in ("succeeded", "unapplied"):
        return "duplicate" if payment.gateway_trade_no == gateway_trade_no else "second_trade"
    if payment.amount_fen != amount_fen:
        return "wrong_amount"
    if payment.order_has_success or payment.order_state not in PAYABLE_ORDERS:
        return "order_already_paid"
    return "pay" if payment.has_room else "wallet_full"


def fee_of(amount_fen: int, per_myriad: int) -> int:
    """A fee in 1/10,000 of an amount, rounded half up to the fen."""
    return (2 * amount_fen * per_myriad + 10_000) // 20_000


def next_ask(created_at: datetime, expires_at: datetime, at: datetime) -> datetime | None:
    """When to ask the gateway about an open payment again, after `at`; None a day after its end: a person's turn."""
    before = (created_at + wait for wait in ASK_AFTER if created_at + wait < expires_at)
    after = (expires_at + wait for wait in CLOSE_AFTER)
    return next((instant for instant in (*before, *after) if instant > at), None)


def next_payout_ask(times_asked: int, at: datetime) -> datetime:
    """When to ask about money on its way out, after it was asked so many times: 5 s, doubling to an hour."""
    return at + timedelta(seconds=min(5 * 2**times_asked, 3600))
