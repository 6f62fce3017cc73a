"""Money received and given back: payments, notices, refunds, what fits nowhere, profit shares, bills, settlements."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Public
from transactional.payments.rules import (
    NOTICE_VERDICTS,
    PAYMENT_METHODS,
    PAYMENT_STATES,
    PAYOUT_STATES,
    RECEIPT_STATES,
    REFUND_STATES,
    SHARE_STATES,
)


class Payment(Public):
    """One row per attempt to pay an order or a top-up; `out_trade_no` is its number at the gateway, never used again.

    `state`: created before the gateway is asked, then pending; `unapplied` when its money could not go to the order.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(f"method in {PAYMENT_METHODS!r}", name="method"),
        CheckConstraint(f"state in {PAYMENT_STATES!r}", name="state"),
        CheckConstraint("amount_fen > 0", name="positive"),
        CheckConstraint("num_nonnulls(order_id, top_up_id) = 1", name="purpose"),
        Index("payment_gateway_trade_key", "method", "gateway_trade_no", unique=True),
        Index("payment_one_success_key", "order_id", unique=True, postgresql_where=text("state = 'succeeded'")),
        Index("payment_method_order_id_idx", "method", "order_id"),
        Index(
            "payment_one_success_of_top_up_key",
            "top_up_id",
            unique=True,
            postgresql_where=text("state = 'succeeded'"),
        ),
        Index("payment_top_up_id_idx", "top_up_id", postgresql_where=text("top_up_id is not null")),
        Index("payment_to_ask_idx", "ask_at", postgresql_where=text("state in ('created', 'pending')")),
    )

    order_id: Mapped[int | None] = mapped_column(ForeignKey("shop.orders.id"), index=True)
    method: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    fee_fen: Mapped[int] = mapped_column(server_default="0")
    paid_at: Mapped[datetime | None]
    out_trade_no: Mapped[str | None] = mapped_column(Text, unique=True)
    way: Mapped[str | None] = mapped_column(Text)
    gateway_trade_no: Mapped[str | None] = mapped_column(Text)
    pay_link: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]
    times_asked: Mapped[int] = mapped_column(server_default="0")
    shares_profit: Mapped[bool] = mapped_column(server_default="false")
    top_up_id: Mapped[int | None] = mapped_column(ForeignKey("shop.top_up.id"))


class PaymentNotification(Public):
    """One row per notice that ever arrived, forged ones too, with its verdict; its body is sealed like a code."""

    __tablename__ = "payment_notification"
    __table_args__ = (
        CheckConstraint(f"verdict in {NOTICE_VERDICTS!r}", name="verdict"),
        Index("payment_notification_payout_idx", "payout_id", postgresql_where=text("payout_id is not null")),
    )
    append_only = True

    method: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    kind: Mapped[str | None] = mapped_column(Text)
    out_trade_no: Mapped[str | None] = mapped_column(Text, index=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.payment.id"), index=True)
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("shop.refund_payout.id"))
    gateway_event_id: Mapped[str | None] = mapped_column(Text)
    amount_fen: Mapped[int | None]
    body_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    data_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed_body: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RefundPayout(Public):
    """One row per sum sent back at once, to the gateway or the wallet: for refunds, a receipt or a withdrawal."""

    __tablename__ = "refund_payout"
    __table_args__ = (
        CheckConstraint(f"method in {PAYMENT_METHODS!r}", name="method"),
        CheckConstraint(f"state in {PAYOUT_STATES!r}", name="state"),
        CheckConstraint("amount_fen > 0", name="positive"),
        Index(
            "refund_payout_one_of_withdrawal_key",
            "withdrawal_id",
            "payment_id",
            unique=True,
            postgresql_where=text("withdrawal_id is not null"),
        ),
    )

    payment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.payment.id"), index=True)
    method: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    fee_returned_fen: Mapped[int] = mapped_column(server_default="0")
    out_refund_no: Mapped[str] = mapped_column(Text, unique=True)
    gateway_refund_no: Mapped[str | None] = mapped_column(Text, index=True)
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    paid_out_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]
    times_asked: Mapped[int] = mapped_column(server_default="0")
    withdrawal_id: Mapped[int | None] = mapped_column(ForeignKey("shop.withdrawal.id"))


class Refund(Public):
    """One row per refund of (a part of) a fulfilment; `earned` tells whether its revenue was already earned."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint(f"state in {REFUND_STATES!r}", name="state"),
        CheckConstraint("amount_fen > 0", name="positive"),
    )

    fulfilment_id: Mapped[int] = mapped_column(ForeignKey("shop.fulfilment.id"), index=True)
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("shop.refund_payout.id"), index=True)
    method: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    earned: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    refunded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class UnappliedReceipt(Public):
    """Money that really came and that no order could take: found by a notice, a query or a bill; once per trade."""

    __tablename__ = "unapplied_receipt"
    __table_args__ = (
        CheckConstraint(f"state in {RECEIPT_STATES!r}", name="state"),
        CheckConstraint("found_by in ('notice', 'query', 'bill')", name="found_by"),
        CheckConstraint("amount_fen > 0", name="positive"),
        UniqueConstraint("method", "gateway_trade_no"),
    )

    method: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    found_by: Mapped[str] = mapped_column(Text)
    out_trade_no: Mapped[str] = mapped_column(Text, index=True)
    gateway_trade_no: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    fee_fen: Mapped[int] = mapped_column(server_default="0")
    received_at: Mapped[datetime]
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.payment.id"), index=True)
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("shop.refund_payout.id"))


class ProfitShare(Public):
    """One row per request to share a payment's money (分账), to return a share, or to release what was frozen."""

    __tablename__ = "profit_share"
    __table_args__ = (
        CheckConstraint("kind in ('share', 'return', 'release')", name="kind"),
        CheckConstraint(f"state in {SHARE_STATES!r}", name="state"),
        CheckConstraint("amount_fen >= 0", name="not_negative"),
    )

    payment_id: Mapped[int] = mapped_column(ForeignKey("shop.payment.id"), index=True)
    returned_share_id: Mapped[int | None] = mapped_column(ForeignKey("shop.profit_share.id"))
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    out_order_no: Mapped[str] = mapped_column(Text, unique=True)
    receiver_account: Mapped[str] = mapped_column(Text, server_default="")
    amount_fen: Mapped[int]
    not_before: Mapped[datetime]
    gateway_share_no: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]
    times_asked: Mapped[int] = mapped_column(server_default="0")


class Chargeback(Public):
    """Money that a gateway took back on a customer's complaint to the bank, with its fee."""

    __tablename__ = "chargeback"
    __table_args__ = (CheckConstraint("amount_fen > 0 and fee_fen >= 0", name="amounts"),)
    append_only = True

    payment_id: Mapped[int] = mapped_column(ForeignKey("shop.payment.id"), index=True)
    amount_fen: Mapped[int]
    fee_fen: Mapped[int] = mapped_column(server_default="0")
    gateway_reference: Mapped[str] = mapped_column(Text, unique=True)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    charged_back_at: Mapped[datetime]


class GatewaySettlement(Public):
    """Money that a gateway paid out to the shop's bank account."""

    __tablename__ = "gateway_settlement"
    __table_args__ = (UniqueConstraint("method", "bank_reference"), CheckConstraint("amount_fen > 0", name="positive"))
    append_only = True

    method: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    bank_reference: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    settled_at: Mapped[datetime]


class GatewayBill(Public):
    """One row per daily bill that was fetched, whole."""

    __tablename__ = "gateway_bill"
    __table_args__ = (UniqueConstraint("method", "bill_date"),)
    append_only = True

    method: Mapped[str] = mapped_column(Text)
    bill_date: Mapped[date]
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    line_count: Mapped[int]
    paid_fen: Mapped[int]
    refunded_fen: Mapped[int]
    fee_fen: Mapped[int]
    difference_count: Mapped[int]
    fetched_at: Mapped[datetime] = mapped_column(server_default=func.now())


class GatewayBillLine(Public):
    """One row per line of a bill: a payment or refund as the gateway books it, and how it compares with the shop's."""

    __tablename__ = "gateway_bill_line"
    __table_args__ = (
        UniqueConstraint("bill_id", "line_no"),
        CheckConstraint("kind in ('payment', 'refund')", name="kind"),
    )
    append_only = True

    bill_id: Mapped[int] = mapped_column(ForeignKey("shop.gateway_bill.id"))
    line_no: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    out_trade_no: Mapped[str] = mapped_column(Text)
    gateway_trade_no: Mapped[str] = mapped_column(Text)
    out_refund_no: Mapped[str | None] = mapped_column(Text)
    amount_fen: Mapped[int]
    fee_fen: Mapped[int]
    happened_at: Mapped[datetime]
    verdict: Mapped[str] = mapped_column(Text)
    fee_difference_fen: Mapped[int] = mapped_column(server_default="0")
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.payment.id"), index=True)
    payout_id: Mapped[int | None] = mapped_column(ForeignKey("shop.refund_payout.id"), index=True)
