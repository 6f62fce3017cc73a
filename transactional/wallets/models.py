"""Money that customers put into wallets and take out again. The balance itself is `accounts`'."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public
from transactional.wallets.rules import CONFIRMATIONS, OPEN_WITHDRAWALS, PART_STATES, TOP_UP_STATES, WITHDRAWAL_STATES


class TopUp(Public):
    """A sum that a customer wants to put into the wallet; the attempts to pay it are `payment` rows.

    `largest_balance_fen` is the limit that held when it was opened: late money beyond it goes back.
    """

    __tablename__ = "top_up"
    __table_args__ = (
        CheckConstraint(f"state in {TOP_UP_STATES!r}", name="state"),
        CheckConstraint("amount_fen > 0", name="positive"),
        Index("top_up_open_idx", "pay_by", postgresql_where=text("state = 'open'")),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    state: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    largest_balance_fen: Mapped[int]
    pay_by: Mapped[datetime]
    paid_at: Mapped[datetime | None]


class Withdrawal(Public):
    """A sum that left the wallet when it was asked for and is on its way out; its parts say which way each goes.

    `sealed_bank_account` holds bank, account and holder under the customer's own key.
    """

    __tablename__ = "withdrawal"
    __table_args__ = (
        CheckConstraint(f"state in {WITHDRAWAL_STATES!r}", name="state"),
        CheckConstraint(f"confirmed_by in {CONFIRMATIONS!r}", name="confirmed_by"),
        CheckConstraint("amount_fen > 0", name="positive"),
        Index("withdrawal_open_idx", "requested_at", postgresql_where=text(f"state in {OPEN_WITHDRAWALS!r}")),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    state: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    confirmed_by: Mapped[str] = mapped_column(Text)
    data_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed_bank_account: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class WithdrawalPart(Numbered):
    """A part of a withdrawal: back to the payment it came with, or (without one) to the bank account."""

    __tablename__ = "withdrawal_part"
    __table_args__ = (
        UniqueConstraint("bank_reference"),
        CheckConstraint(f"state in {PART_STATES!r}", name="state"),
        CheckConstraint("amount_fen > 0", name="positive"),
        CheckConstraint("bank_reference is null or payment_id is null", name="reference"),
        Index(
            "withdrawal_part_one_way_key",
            "withdrawal_id",
            "payment_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    withdrawal_id: Mapped[int] = mapped_column(ForeignKey("shop.withdrawal.id"))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.payment.id"), index=True)
    state: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    bank_reference: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
