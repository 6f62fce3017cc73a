"""Cases that need a person: what was found, what it is about, how it ended."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Public


class ReviewCase(Public):
    """One row per matter for a person: unapplied receipts, bills that differ, refunds that failed; once per subject."""

    __tablename__ = "review_case"
    __table_args__ = (
        UniqueConstraint("kind", "subject"),
        CheckConstraint("state in ('open', 'resolved')", name="state"),
        Index("review_case_subject_idx", "subject"),
        Index("review_case_open_idx", "opened_at", postgresql_where=text("state = 'open'")),
    )

    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="open")
    amount_fen: Mapped[int | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    resolution: Mapped[str] = mapped_column(Text, server_default="")
