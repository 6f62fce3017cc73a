"""UnionPay's words in the shop's and back: codes, Beijing times, trades and refunds out of messages. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from transactional.payments.gateways.interface import RefundFact, RefundState, Trade

BEIJING = ZoneInfo("Asia/Shanghai")
TIME = "%Y%m%d%H%M%S"
YUAN = "156"  # ISO 4217 number of CNY
PAY, REFUND, FILE = "01", "04", "76"
DONE = ("00", "A6")
UNDECIDED = ("03", "04", "05")
"""Accepted or lost on the way: only a query tells."""
BAD_SIGNATURE = "11"
"""UnionPay could not verify ours: keys are wrong here, which says nothing about the money."""
NO_SUCH_TRADE, NO_SUCH_FILE = "34", "98"
REPEATED = "12"
"""This number was used before: it is the same request again."""
CARRIES_DATE = re.compile(r"[A-Za-z]*(\d{8})")
AMOUNT = re.compile(r"[0-9]{1,12}")


def sent_at(number: str) -> str:
    """`txnTime`: with orderId it names a trade for good, so it comes from the date that the shop's number carries.

    Raises ValueError for a number without a date.
    """
    match = CARRIES_DATE.match(number)
    if match is None:
        raise ValueError(f"{number!r} carries no date")
    return datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=BEIJING).strftime(TIME)


def written(instant: datetime) -> str:
    return instant.astimezone(BEIJING).strftime(TIME)


def instant(text: str) -> datetime:
    """Raises ValueError."""
    return datetime.strptime(text, TIME).replace(tzinfo=BEIJING).astimezone(UTC)


def happened_at(told: Mapping[str, str]) -> datetime:
    """`traceTime` (MMDDhhmmss) has no year: it is the first such time on or after the day of `txnTime`."""
    sent = instant(told["txnTime"]).astimezone(BEIJING)
    traced = datetime.strptime(f"{sent.year}{told['traceTime']}", TIME).replace(tzinfo=BEIJING)
    if traced.date() < sent.date():
        traced = traced.replace(year=sent.year + 1)
    return traced.astimezone(UTC)


def fen(text: str) -> int:
    """Raises ValueError."""
    if not AMOUNT.fullmatch(text):
        raise ValueError(f"{text!r} is not an amount in fen")
    return int(text)


def trade(told: Mapping[str, str], code: str) -> Trade:
    """A payment whose outcome is `code`. Raises ValueError and KeyError for what UnionPay would not write."""
    if code in DONE:
        if told["currencyCode"] != YUAN:
            raise ValueError(f"currency {told['currencyCode']!r}")
        return Trade("paid", told["orderId"], told["queryId"], fen(told["txnAmt"]), happened_at(told))
    state = "waiting" if code in UNDECIDED else "failed"
    return Trade("waiting" if state == "waiting" else "failed", told["orderId"], told.get("queryId"))


def refund(told: Mapping[str, str], code: str, reason: str) -> RefundFact:
    """A refund whose outcome is `code`. Raises ValueError and KeyError."""
    amount_fen = fen(told["txnAmt"]) if "txnAmt" in told else None
    if code in DONE:
        return RefundFact("succeeded", told["orderId"], told["queryId"], amount_fen, happened_at(told))
    state: RefundState = "processing" if code in UNDECIDED else "failed"
    return RefundFact(state, told["orderId"], told.get("queryId"), amount_fen, None, f"{code} {reason}".strip())


def day_of(text: str) -> date:
    """`YYYYMMDD`. Raises ValueError."""
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=BEIJING).date()
