"""WeChat Pay's words in the shop's: states of trades, refunds and shares, instants, and whether headers can be trusted.

Pure: no network, no library.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field

from transactional.payments.gateways.interface import (
    RefundFact,
    RefundState,
    Refusal,
    ShareFact,
    ShareState,
    Trade,
    TradeState,
)

ZONE = ZoneInfo("Asia/Shanghai")
FRESH_SECONDS = 300
SIGNATURE_TYPE = "WECHATPAY2-SHA256-RSA2048"
HEADERS = ("signature", "timestamp", "nonce", "serial", "signature-type")

TRADE_STATES: Mapping[str, TradeState] = {
    "SUCCESS": "paid",
    "REFUND": "paid",
    "NOTPAY": "waiting",
    "USERPAYING": "waiting",
    "ACCEPT": "waiting",
    "CLOSED": "closed",
    "REVOKED": "closed",
    "PAYERROR": "failed",
}
REFUND_STATES: Mapping[str, RefundState] = {
    "SUCCESS": "succeeded",
    "PROCESSING": "processing",
    "CLOSED": "failed",
    "ABNORMAL": "failed",
}
RECEIVER_STATES: Mapping[str, ShareState] = {"SUCCESS": "succeeded", "PENDING": "processing", "CLOSED": "failed"}
RETURN_STATES: Mapping[str, ShareState] = {"SUCCESS": "succeeded", "PROCESSING": "processing", "FAILED": "failed"}

Fen = int
State = TypeVar("State", bound=str)


class TradeAmount(BaseModel):
    total: Fen = Field(strict=True, gt=0)
    currency: Literal["CNY"] = "CNY"


class TradeSaid(BaseModel):
    """A trade in a query's answer or a notice."""

    appid: str
    mchid: str
    out_trade_no: str = Field(min_length=1)
    trade_state: str
    transaction_id: str | None = None
    success_time: AwareDatetime | None = None
    amount: TradeAmount | None = None

    def trade(self) -> Trade:
        """Raises ValueError for an unknown state, or a payment without number, instant or amount."""
        state = _known(TRADE_STATES, self.trade_state)
        if state != "paid":
            return Trade(state, self.out_trade_no)
        if not self.transaction_id or self.success_time is None or self.amount is None:
            raise ValueError("a paid trade without number, instant or amount")
        at = self.success_time.astimezone(UTC)
        return Trade(state, self.out_trade_no, self.transaction_id, self.amount.total, at)


class RefundAmount(BaseModel):
    refund: Fen = Field(strict=True, gt=0)


class RefundSaid(BaseModel):
    """A refund in an answer (`status`) or a notice (`refund_status`)."""

    mchid: str | None = None
    appid: str | None = None
    out_trade_no: str
    out_refund_no: str = Field(min_length=1)
    refund_id: str
    status: str = ""
    refund_status: str = ""
    success_time: AwareDatetime | None = None
    amount: RefundAmount

    def refund(self) -> RefundFact:
        """Raises ValueError for an unknown state."""
        word = self.status or self.refund_status
        state = _known(REFUND_STATES, word)
        at = self.success_time.astimezone(UTC) if self.success_time else None
        reason = word if state == "failed" else ""
        return RefundFact(state, self.out_refund_no, self.refund_id, self.amount.refund, at, reason)


class ReceiverSaid(BaseModel):
    amount: Fen = Field(strict=True, ge=0)
    account: str
    result: str
    fail_reason: str = ""
    finish_time: AwareDatetime | None = None


class ShareSaid(BaseModel):
    """A share or a release in an answer; one receiver an order, as the shop asks."""

    transaction_id: str
    out_order_no: str
    order_id: str
    state: Literal["PROCESSING", "FINISHED"]
    receivers: list[ReceiverSaid] = []

    def share(self) -> ShareFact:
        """Raises ValueError for an unknown result."""
        if not self.receivers:
            state: ShareState = "succeeded" if self.state == "FINISHED" else "processing"
            return ShareFact(state, self.out_order_no, self.order_id)
        receiver = self.receivers[0]
        state = _known(RECEIVER_STATES, receiver.result)
        reason = receiver.fail_reason if state == "failed" else ""
        at = receiver.finish_time.astimezone(UTC) if receiver.finish_time and state != "processing" else None
        return ShareFact(state, self.out_order_no, self.order_id, receiver.amount, at, reason)


class ReturnSaid(BaseModel):
    """The return of a share in an answer."""

    out_return_no: str
    return_id: str
    amount: Fen = Field(strict=True, gt=0)
    result: str
    fail_reason: str = ""
    finish_time: AwareDatetime | None = None

    def share(self) -> ShareFact:
        """Raises ValueError for an unknown result."""
        state = _known(RETURN_STATES, self.result)
        reason = self.fail_reason if state == "failed" else ""
        at = self.finish_time.astimezone(UTC) if self.finish_time and state != "processing" else None
        return ShareFact(state, self.out_return_no, self.return_id, self.amount, at, reason)


def untrusted(headers: Mapping[str, str], public_key_id: str, now: datetime) -> tuple[Refusal, str] | None:
    """Why a signature need not even be computed; None when it may be right. `headers` have lower-case names."""
    given = {name: headers.get(f"wechatpay-{name}", "") for name in HEADERS}
    missing = [name for name, value in given.items() if not value]
    if missing:
        return "malformed", f"no header wechatpay-{missing[0]}"
    if given["signature-type"] != SIGNATURE_TYPE:
        return "malformed", "another signature type"
    if given["serial"] != public_key_id:
        return "unknown_serial", "signed with a key that is not the platform's"
    if not (given["timestamp"].isascii() and given["timestamp"].isdecimal()) or len(given["timestamp"]) > 12:
        return "malformed", "the timestamp is not a number"
    if abs(int(given["timestamp"]) - now.timestamp()) > FRESH_SECONDS:
        return "stale", f"written more than {FRESH_SECONDS} s from now"
    return None


def within(text: str, size: int) -> str:
    """As much of a text as fits in so many bytes."""
    return text.encode()[:size].decode(errors="ignore")


def _known(states: Mapping[str, State], word: str) -> State:
    if word not in states:
        raise ValueError(f"an unknown state: {word!r}")
    return states[word]
