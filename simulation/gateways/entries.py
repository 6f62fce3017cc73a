"""What a simulated gateway writes in its book: trades, refunds, shares, settlements, and the lines of a day's bill."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Method = Literal["wechat", "alipay", "unionpay"]
METHODS: tuple[Method, ...] = ("wechat", "alipay", "unionpay")
TradeState = Literal["waiting", "paid", "closed"]
RefundState = Literal["processing", "succeeded", "failed"]
ShareKind = Literal["share", "return", "release"]
ShareState = Literal["processing", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """The gateway's real fee in 1/10,000, rounded half up to the fen, and whether a refund gives its part back."""

    per_myriad: int = 60
    returned_on_refund: bool = True

    def of(self, amount_fen: int) -> int:
        return (2 * amount_fen * self.per_myriad + 10_000) // 20_000


@dataclass(frozen=True, slots=True)
class BookedTrade:
    """`amount_fen` was asked, `paid_fen` was paid; they differ only where a test says so."""

    method: Method
    out_trade_no: str
    gateway_trade_no: str
    amount_fen: int
    state: TradeState
    title: str
    way: str
    payer: str | None
    expires_at: datetime | None
    notify_url: str
    return_url: str
    shares_profit: bool
    created_at: datetime
    paid_fen: int | None = None
    fee_fen: int = 0
    paid_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BookedRefund:
    method: Method
    out_refund_no: str
    gateway_refund_no: str
    out_trade_no: str
    gateway_trade_no: str
    amount_fen: int
    state: RefundState
    reason: str
    notify_url: str
    created_at: datetime
    fee_returned_fen: int = 0
    succeeded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BookedShare:
    """A share paid to `receiver`, a share given back (`original` names it), or the release of what is still frozen."""

    method: Method
    out_order_no: str
    gateway_share_no: str
    out_trade_no: str
    gateway_trade_no: str
    kind: ShareKind
    receiver: str
    amount_fen: int
    description: str
    original: str | None
    state: ShareState
    reason: str
    created_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """Money paid out to the shop's bank account."""

    method: Method
    bank_reference: str
    amount_fen: int
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class BillEntry:
    """A line of a day's bill; the fee of a refund is what is given back, as a negative number."""

    kind: Literal["payment", "refund"]
    trade: BookedTrade
    refund: BookedRefund | None
    amount_fen: int
    fee_fen: int
    happened_at: datetime


class BookError(Exception):
    """The book cannot say yes. `code` is one of: not_found, reused, paid, closed, not_paid, not_enough, shared_out."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
