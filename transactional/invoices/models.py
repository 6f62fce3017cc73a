"""Invoices (发票) that customers ask for, and the orders whose money each is over."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public
from transactional.invoices.rules import FILE_TYPES, KINDS, STATES


class Invoice(Public):
    """One row per request; title, taxpayer number and e-mail are sealed under the customer's key, so is the file.

    `red_due_at`: since when its orders were refunded below its amount, so that it has to be red-flushed (冲红).
    """

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("code", "number"),
        CheckConstraint(f"state in {STATES!r}", name="state"),
        CheckConstraint(f"kind in {KINDS!r}", name="kind"),
        CheckConstraint(f"file_type in {FILE_TYPES!r}", name="file_type"),
        CheckConstraint("amount_fen > 0", name="positive"),
        CheckConstraint(
            "state not in ('issued', 'red_flushed') or (number is not null and issued_on is not null)", name="complete"
        ),
        CheckConstraint("(state = 'red_flushed') = (red_number is not null)", name="red"),
        Index("invoice_state_idx", "state", "requested_at"),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    state: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    code: Mapped[str] = mapped_column(Text, server_default="")
    number: Mapped[str | None] = mapped_column(Text)
    issued_on: Mapped[date | None]
    file_type: Mapped[str | None] = mapped_column(Text)
    file_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed_file: Mapped[bytes | None] = mapped_column(LargeBinary)
    red_number: Mapped[str | None] = mapped_column(Text, unique=True)
    red_flushed_on: Mapped[date | None]
    red_due_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_at: Mapped[datetime | None]


class InvoiceOrder(Numbered):
    """An order's money in an invoice; of one order only one row is live, so that no money is invoiced twice."""

    __tablename__ = "invoice_order"
    __table_args__ = (
        UniqueConstraint("invoice_id", "order_id"),
        CheckConstraint("amount_fen > 0", name="positive"),
        Index("invoice_order_live_key", "order_id", unique=True, postgresql_where=text("is_live")),
    )

    invoice_id: Mapped[int] = mapped_column(ForeignKey("shop.invoice.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("shop.orders.id"))
    amount_fen: Mapped[int]
    is_live: Mapped[bool] = mapped_column(server_default="true")
