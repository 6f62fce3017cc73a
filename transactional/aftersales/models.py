"""Cases about what was bought: which units, what was said and shown, how it ended.

What customers write and attach is sealed under their own key; the money that a resolution moved is in the ledger.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.aftersales.rules import CASE_STATES, REASONS, RESOLUTIONS
from transactional.db import Numbered, Public


class AftersalesCase(Public):
    """One row per case; `revision` grows with everything that happens to it, so that a page knows it is out of date.

    `due_at` is when the shop promised to answer; none while it is the customer's turn, or over.
    """

    __tablename__ = "aftersales_case"
    __table_args__ = (
        CheckConstraint(f"state in {CASE_STATES!r}", name="state"),
        CheckConstraint(f"reason in {REASONS!r}", name="reason"),
        CheckConstraint("(state in ('resolved', 'rejected', 'withdrawn')) = (closed_at is not null)", name="closed"),
        Index("aftersales_case_due_idx", "due_at", postgresql_where=text("due_at is not null")),
        Index("aftersales_case_customer_id_opened_at_idx", "customer_id", "opened_at"),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("shop.orders.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(server_default="0")
    taken_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]


class AftersalesCaseUnit(Numbered):
    """A unit of the order that a case is about; it is in one open case at most."""

    __tablename__ = "aftersales_case_unit"
    __table_args__ = (
        UniqueConstraint("case_id", "fulfilment_id"),
        Index("aftersales_case_unit_open_key", "fulfilment_id", unique=True, postgresql_where=text("is_open")),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("shop.aftersales_case.id"))
    fulfilment_id: Mapped[int] = mapped_column(ForeignKey("shop.fulfilment.id"), index=True)
    is_open: Mapped[bool] = mapped_column(server_default=text("true"))


class AftersalesMessage(Numbered):
    """What customer or staff wrote, sealed; an internal one is for staff alone."""

    __tablename__ = "aftersales_message"
    __table_args__ = (
        CheckConstraint("author in ('customer', 'staff')", name="author"),
        CheckConstraint("(author = 'staff') = (staff_id is not null)", name="staff"),
        CheckConstraint("not is_internal or author = 'staff'", name="internal"),
    )
    append_only = True

    case_id: Mapped[int] = mapped_column(ForeignKey("shop.aftersales_case.id"), index=True)
    author: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    is_internal: Mapped[bool] = mapped_column(server_default=text("false"))
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AftersalesEvidence(Public):
    """A picture (drawn anew by the shop) or PDF that the customer attached, sealed; its name is not kept."""

    __tablename__ = "aftersales_evidence"
    __table_args__ = (CheckConstraint("media_type in ('image/jpeg', 'application/pdf')", name="media_type"),)
    append_only = True

    case_id: Mapped[int] = mapped_column(ForeignKey("shop.aftersales_case.id"), index=True)
    media_type: Mapped[str] = mapped_column(Text)
    size: Mapped[int]
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    attached_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AftersalesResolution(Public):
    """One row per decision about units of a case; without a member of staff, the shop's published rule decided."""

    __tablename__ = "aftersales_resolution"
    __table_args__ = (
        CheckConstraint(f"kind in {RESOLUTIONS!r}", name="kind"),
        CheckConstraint("amount_fen >= 0", name="not_negative"),
    )
    append_only = True

    case_id: Mapped[int] = mapped_column(ForeignKey("shop.aftersales_case.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int] = mapped_column(server_default="0")
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    decided_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AftersalesDecision(Numbered):
    """What a resolution means for one unit of the case; each unit of a case is decided once."""

    __tablename__ = "aftersales_decision"
    __table_args__ = (CheckConstraint("amount_fen >= 0", name="not_negative"),)
    append_only = True

    resolution_id: Mapped[int] = mapped_column(ForeignKey("shop.aftersales_resolution.id"), index=True)
    case_unit_id: Mapped[int] = mapped_column(ForeignKey("shop.aftersales_case_unit.id"), unique=True)
    amount_fen: Mapped[int] = mapped_column(server_default="0")
