"""Money received for orders and given back."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Public

PAYMENT_METHODS = ("wallet", "wechat", "alipay", "unionpay", "bank")
PAYMENT_STATES = ("pending", "succeeded", "failed", "closed")
REFUND_STATES = ("pending", "succeeded", "failed")


class Payment(Public):
    """One row per attempt to pay an order."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint(f"method in {PAYMENT_METHODS!r}", name="method"),
        CheckConstraint(f"state in {PAYMENT_STATES!r}", name="state"),
        CheckConstraint("amount_fen > 0", name="positive"),
    )

    order_id: Mapped[int] = mapped_column(ForeignKey("shop.orders.id"), index=True)
    method: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    fee_fen: Mapped[int] = mapped_column(server_default="0")
    paid_at: Mapped[datetime | None]


class Refund(Public):
    """One row per refund of (a part of) a fulfilment; `earned` tells whether its revenue was already earned."""

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint(f"state in {REFUND_STATES!r}", name="state"),
        CheckConstraint("amount_fen > 0", name="positive"),
    )

    fulfilment_id: Mapped[int] = mapped_column(ForeignKey("shop.fulfilment.id"), index=True)
    method: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    earned: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    refunded_at: Mapped[datetime] = mapped_column(server_default=func.now())
