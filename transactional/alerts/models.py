"""Alerts and what became of telling them."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public

SEVERITIES = ("info", "warning", "critical")
EVENTS = ("raised", "ended")
OUTCOMES = ("told", "refused", "unknown")


class Alert(Public):
    """One row per matter while it lasts: raised again it counts, over it ends, and may be raised anew."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(f"severity in {SEVERITIES!r}", name="severity"),
        Index("alert_lasting_key", "kind", "subject", unique=True, postgresql_where=text("ended_at is null")),
        Index("alert_raised_at_idx", "raised_at"),
    )

    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    times: Mapped[int] = mapped_column(server_default="1")
    raised_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    acknowledged_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    acknowledged_at: Mapped[datetime | None]


class AlertDelivery(Numbered):
    """One row per try to tell an alert through a sink, with its outcome; `severity` is what it was when told."""

    __tablename__ = "alert_delivery"
    __table_args__ = (
        CheckConstraint(f"event in {EVENTS!r}", name="event"),
        CheckConstraint(f"outcome in {OUTCOMES!r}", name="outcome"),
    )
    append_only = True

    alert_id: Mapped[int] = mapped_column(ForeignKey("shop.alert.id"), index=True)
    sink: Mapped[str] = mapped_column(Text)
    event: Mapped[str] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    tried_at: Mapped[datetime] = mapped_column(server_default=func.now())
