"""What every payment gateway does for the shop, in the shop's words. Protocols and libraries belong to the adapters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from transactional.outcomes import RefusedError, UnknownOutcomeError

TradeState = Literal["waiting", "paid", "closed", "failed", "not_found"]
RefundState = Literal["processing", "succeeded", "failed", "not_found"]
ShareState = Literal["processing", "succeeded", "failed", "not_found"]
RUNS = re.compile(r"[\x00-\x20]*(javascript|vbscript|data):", re.IGNORECASE)
"""What a browser takes for a program or a page of its own."""
PASSED_OVER = str.maketrans("", "", "\t\n\r")
"""Signs that a browser leaves out of an address before it reads it (URL Standard, 4.4)."""
REFUSALS = ("malformed", "stale", "unknown_serial", "bad_signature", "wrong_merchant")
Refusal = Literal["malformed", "stale", "unknown_serial", "bad_signature", "wrong_merchant"]


@dataclass(frozen=True, slots=True)
class PaymentAsk:
    """An attempt to be paid. `way` is one of the gateway's `ways`; `payer_id` the openid that JSAPI needs."""

    out_trade_no: str
    amount_fen: int
    title: str
    way: str
    expires_at: datetime
    notify_url: str
    return_url: str
    client_ip: str
    payer_id: str | None = None
    shares_profit: bool = False


@dataclass(frozen=True, slots=True)
class PayLink:
    """How the shopper pays: a QR code's content, an address to go to, a form to post, or parameters for JSAPI.

    Raises UnknownOutcomeError for an address that a browser would run rather than go to.
    """

    kind: Literal["qr", "redirect", "form", "jsapi"]
    url: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        goes_there = self.kind in ("redirect", "form")
        if RUNS.match(self.url.translate(PASSED_OVER)) or (
            goes_there and not self.url.startswith(("https://", "http://"))
        ):
            raise UnknownOutcomeError("an answer with an address that leads nowhere")


@dataclass(frozen=True, slots=True)
class Trade:
    """A payment as the gateway books it; amount, its number there and the instant are known once it is paid."""

    state: TradeState
    out_trade_no: str
    gateway_trade_no: str | None = None
    amount_fen: int | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefundAsk:
    """Money to send back; the same `out_refund_no` again is the same refund. `total_fen` is the whole payment's."""

    out_trade_no: str
    gateway_trade_no: str | None
    out_refund_no: str
    amount_fen: int
    total_fen: int
    reason: str
    notify_url: str


@dataclass(frozen=True, slots=True)
class RefundFact:
    """A refund as the gateway books it."""

    state: RefundState
    out_refund_no: str
    gateway_refund_no: str | None = None
    amount_fen: int | None = None
    refunded_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShareAsk:
    """A part of a payment for a partner (分账); the same `out_order_no` again is the same request."""

    gateway_trade_no: str
    out_order_no: str
    receiver_account: str
    amount_fen: int
    description: str


@dataclass(frozen=True, slots=True)
class ShareFact:
    state: ShareState
    out_order_no: str
    gateway_share_no: str | None = None
    amount_fen: int | None = None
    settled_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """An authentic notification: exactly one of trade and refund. `event_id` is the gateway's name for the notice."""

    event_id: str
    trade: Trade | None = None
    refund: RefundFact | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a gateway wants to read, in its own words."""

    status: int
    content_type: str
    body: str


@dataclass(frozen=True, slots=True)
class BillLine:
    """A payment or a refund as the gateway books it; amounts positive, the fee negative when it is given back."""

    kind: Literal["payment", "refund"]
    out_trade_no: str
    gateway_trade_no: str
    out_refund_no: str | None
    amount_fen: int
    fee_fen: int
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class Bill:
    """The whole bill of a day, of the gateway's time zone."""

    day: date
    sha256: bytes
    lines: tuple[BillLine, ...]


class RefusedNoticeError(Exception):
    """A notification that is not authentic; nothing it says may be used."""

    def __init__(self, verdict: Refusal, reason: str) -> None:
        super().__init__(f"{verdict}: {reason}")
        self.verdict: Refusal = verdict
        self.reason = reason


class GatewayRefusedError(RefusedError):
    """The gateway said no, for certain."""


class BillNotReadyError(Exception):
    """The day's bill does not exist yet; ask later."""


class Gateway(Protocol):
    """One payment gateway. Every call that goes out has a time-out and raises GatewayRefusedError or
    UnknownOutcomeError; none is repeated here."""

    method: str
    ways: tuple[str, ...]
    fee_per_myriad: int

    async def create(self, ask: PaymentAsk) -> PayLink: ...

    async def query(self, out_trade_no: str) -> Trade: ...

    async def close(self, out_trade_no: str) -> None: ...

    async def refund(self, ask: RefundAsk) -> RefundFact: ...

    async def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundFact: ...

    async def share(self, ask: ShareAsk) -> ShareFact: ...

    async def query_share(self, gateway_trade_no: str, out_order_no: str) -> ShareFact: ...

    async def return_share(self, ask: ShareAsk, original: str) -> ShareFact:
        """`original`: the out_order_no of the share that is returned."""
        ...

    async def release_share(self, gateway_trade_no: str, out_order_no: str) -> ShareFact:
        """Release what is still frozen of a payment."""
        ...

    async def bill(self, day: date) -> Bill:
        """Raises BillNotReadyError."""
        ...

    async def authenticate(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """The notice, its signature, freshness and merchant checked. Makes no outgoing call.

        `headers` have lower-case names. Raises RefusedNoticeError.
        """
        ...

    def acknowledge(self, accepted: bool) -> Acknowledgement: ...

    async def aclose(self) -> None: ...
