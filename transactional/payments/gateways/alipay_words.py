"""Alipay's words in the shop's and back: amounts in yuan, Beijing time without a zone, trade states, subjects. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mingsuan import money
from transactional.payments.gateways.interface import Trade, TradeState

BEIJING = ZoneInfo("Asia/Shanghai")
TIME = "%Y-%m-%d %H:%M:%S"
PAID = ("TRADE_SUCCESS", "TRADE_FINISHED")
SUBJECT_LENGTH = 256
NOT_IN_SUBJECTS = str.maketrans(dict.fromkeys("/=&", " "))


def yuan(fen: int) -> str:
    return money.plain(fen, "CNY")


def fen(text: object) -> int:
    """Raises ValueError for anything but a plain decimal amount of at most two places."""
    return money.parse(str(text), "CNY")


def written(instant: datetime) -> str:
    """An instant as Alipay writes it; fractions of a second are lost."""
    return instant.astimezone(BEIJING).strftime(TIME)


def instant(text: object) -> datetime:
    """Alipay's Beijing time as UTC. Raises ValueError."""
    return datetime.strptime(str(text), TIME).replace(tzinfo=BEIJING).astimezone(UTC)


def subject(title: str) -> str:
    """A title without the characters that Alipay refuses in it."""
    return " ".join(title.translate(NOT_IN_SUBJECTS).split())[:SUBJECT_LENGTH] or "-"


def trade(told: Mapping[str, object], paid_at_field: str) -> Trade:
    """A trade out of an answer or a notice whose `paid_at_field` says when it was paid.

    A wholly refunded trade is TRADE_CLOSED too, but it was paid: a notice says so by `gmt_refund`. A query does not
    say it surely, so there TRADE_CLOSED is never taken for a payment. Raises ValueError and KeyError for what Alipay
    would not write.
    """
    status, paid_at = told["trade_status"], told.get(paid_at_field)
    number = str(told["trade_no"]) if told.get("trade_no") else None
    if status in PAID or (status == "TRADE_CLOSED" and told.get("gmt_refund")):
        if number is None or paid_at is None:
            raise ValueError(f"a paid trade without trade_no or {paid_at_field}")
        return Trade("paid", str(told["out_trade_no"]), number, fen(told["total_amount"]), instant(paid_at))
    states: dict[object, TradeState] = {"WAIT_BUYER_PAY": "waiting", "TRADE_CLOSED": "closed"}
    if status not in states:
        raise ValueError(f"unknown trade_status {status!r}")
    return Trade(states[status], str(told["out_trade_no"]), number)
