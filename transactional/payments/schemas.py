"""What payments accept and show, to shoppers and to staff."""

import json
from datetime import date, datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field
from typing_extensions import TypeAliasType

from transactional.payments.gateways.interface import PayLink
from transactional.schemas import Command, View

PaymentMethod = TypeAliasType("PaymentMethod", Literal["wallet", "wechat", "alipay", "unionpay"])
GatewayMethod = TypeAliasType("GatewayMethod", Literal["wechat", "alipay", "unionpay"])
PaymentState = TypeAliasType(
    "PaymentState", Literal["created", "pending", "succeeded", "failed", "closed", "unapplied"]
)
PayoutState = TypeAliasType("PayoutState", Literal["created", "processing", "succeeded", "failed"])
ReceiptState = TypeAliasType("ReceiptState", Literal["open", "returning", "returned", "applied"])
PayLinkKind = TypeAliasType("PayLinkKind", Literal["qr", "redirect", "form", "jsapi"])
RefundTarget = TypeAliasType("RefundTarget", Literal["gateway", "wallet"])
CaseState = TypeAliasType("CaseState", Literal["open", "resolved"])
ShareKind = TypeAliasType("ShareKind", Literal["share", "return", "release"])
ShareState = TypeAliasType("ShareState", Literal["created", "processing", "succeeded", "failed"])
MAX_FEN = 10**15


class NewPayment(Command):
    method: PaymentMethod
    way: str = Field(default="", max_length=40, description="One of the method's ways; none for the wallet")
    payer_id: str | None = Field(default=None, max_length=128, description="The openid that JSAPI needs")


class PayLinkView(View):
    """How to pay: `qr`: show `url` as a QR code; `redirect`: go there; `form`: post `fields` to it; `jsapi`: hand
    `fields` to the bridge."""

    kind: PayLinkKind
    url: str
    fields: dict[str, str]


class PaymentStarted(View):
    """What is kept under the command's key; the rest is looked up when it is answered."""

    id: UUID


class PaymentView(View):
    """An attempt to pay, as the shop knows it now; ask again until `state` is final."""

    id: UUID
    order_no: str
    order_state: str
    method: str
    way: str | None
    state: PaymentState
    amount_fen: int
    expires_at: datetime | None
    paid_at: datetime | None
    link: PayLinkView | None

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of `queries.PAYMENT`; a link is shown while it can be used."""
        usable = row.pay_link if row.state == "pending" else None
        values = {name: getattr(row, name) for name in cls.model_fields if name != "link"}
        return cls.model_validate({**values, "link": json.loads(usable) if usable else None})


class PaymentMethodView(View):
    method: str
    ways: tuple[str, ...]


class PaymentMethodList(View):
    items: tuple[PaymentMethodView, ...]


class PaymentList(View):
    items: tuple[PaymentView, ...]


class StaffPaymentView(View):
    id: UUID
    order_no: str | None
    top_up_id: UUID | None = Field(description="Set instead of `order_no` when the money is for a wallet")
    method: str
    way: str | None
    state: PaymentState
    amount_fen: int
    fee_fen: int
    refunded_fen: int
    out_trade_no: str | None
    gateway_trade_no: str | None
    shares_profit: bool
    created_at: datetime
    paid_at: datetime | None


class StaffPaymentList(View):
    items: tuple[StaffPaymentView, ...]


class RefundPart(Command):
    fulfilment_id: UUID
    amount_fen: int | None = Field(default=None, gt=0, le=MAX_FEN, description="None: all that is left of it")


class NewRefund(Command):
    parts: tuple[RefundPart, ...] = Field(min_length=1, max_length=500)
    reason: str = Field(min_length=1, max_length=500)


class PayoutView(View):
    id: UUID
    payment_id: UUID | None
    order_no: str | None
    method: str
    state: PayoutState
    amount_fen: int
    fee_returned_fen: int
    out_refund_no: str
    gateway_refund_no: str | None
    requested_at: datetime
    paid_out_at: datetime | None


class PayoutList(View):
    items: tuple[PayoutView, ...]


class ReceiptView(View):
    id: UUID = Field(validation_alias="public_id", serialization_alias="id")
    method: str
    state: ReceiptState
    reason: str
    found_by: str
    out_trade_no: str
    gateway_trade_no: str
    amount_fen: int
    received_at: datetime


class ReceiptList(View):
    items: tuple[ReceiptView, ...]


class ApplyReceipt(Command):
    order_no: str = Field(max_length=64)
    reason: str = Field(min_length=1, max_length=500)


class Reason(Command):
    reason: str = Field(min_length=1, max_length=500)


class RetryPayout(Command):
    to: RefundTarget
    reason: str = Field(min_length=1, max_length=500)


class CaseView(View):
    id: UUID
    kind: str
    subject: str
    state: CaseState
    amount_fen: int | None
    detail: dict[str, Any]
    opened_at: datetime
    resolved_at: datetime | None
    resolution: str


class CaseList(View):
    items: tuple[CaseView, ...]


class NewShare(Command):
    payment_id: UUID
    receiver_account: str = Field(min_length=1, max_length=64)
    amount_fen: int = Field(gt=0, le=MAX_FEN)
    reason: str = Field(min_length=1, max_length=500)


class ShareView(View):
    id: UUID = Field(validation_alias="public_id", serialization_alias="id")
    kind: ShareKind
    state: ShareState
    amount_fen: int
    not_before: datetime
    settled_at: datetime | None


class NewChargeback(Command):
    payment_id: UUID
    amount_fen: int = Field(gt=0, le=MAX_FEN)
    fee_fen: int = Field(default=0, ge=0, le=MAX_FEN)
    gateway_reference: str = Field(min_length=1, max_length=128, description="The gateway's own; recorded once")
    reason: str = Field(min_length=1, max_length=500)
    charged_back_at: AwareDatetime | None = None


class NewSettlement(Command):
    method: GatewayMethod
    amount_fen: int = Field(gt=0, le=MAX_FEN)
    bank_reference: str = Field(min_length=1, max_length=128, description="The bank's own; recorded once a method")
    settled_at: AwareDatetime | None = None


class Recorded(View):
    id: UUID


class FetchBill(Command):
    method: GatewayMethod
    day: date


class Accepted(View):
    """Work that was handed to the worker."""

    accepted: Literal[True] = True


class BillView(View):
    id: UUID = Field(validation_alias="public_id", serialization_alias="id")
    method: str
    bill_date: date
    line_count: int
    paid_fen: int
    refunded_fen: int
    fee_fen: int
    difference_count: int
    fetched_at: datetime


class BillList(View):
    items: tuple[BillView, ...]


def stored_link(link: PayLink) -> str:
    """As the column `pay_link` keeps it."""
    return json.dumps({"kind": link.kind, "url": link.url, "fields": dict(link.fields)})
