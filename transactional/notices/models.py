"""What customers were told and how, one-time codes on their way, who wants to hear what, who waits for which goods."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public
from transactional.notices.rules import CHANNELS, STATES


class Notice(Public):
    """One row per thing that a customer is told, once; it is in the customer's inbox whether or not a message went out.

    `values` holds public names and fen only. `unclear` counts attempts whose end nobody knows.
    """

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("customer_id", "kind", "subject"),
        CheckConstraint(f"state in {STATES!r}", name="state"),
        CheckConstraint(f"channel in {CHANNELS!r}", name="channel"),
        Index("notice_open_idx", "id", postgresql_where=text("state in ('queued', 'sending')")),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    channel: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(server_default="0")
    unclear: Mapped[int] = mapped_column(server_default="0")
    begun_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    provider_ref: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    read_at: Mapped[datetime | None]


class CodeMessage(Public):
    """One row per one-time code on its way; whom it goes to and the code are sealed, and gone once it went out."""

    __tablename__ = "code_message"
    __table_args__ = (
        CheckConstraint(f"state in {STATES!r}", name="state"),
        CheckConstraint(f"channel in {CHANNELS!r}", name="channel"),
        CheckConstraint("(sealed is null) = (state in ('sent', 'failed', 'unknown'))", name="sealed_until_sent"),
        Index("code_message_open_idx", "id", postgresql_where=text("sealed is not null")),
    )

    channel: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    minutes: Mapped[int]
    expires_at: Mapped[datetime]
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, server_default="queued")
    attempts: Mapped[int] = mapped_column(server_default="0")
    begun_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    provider_ref: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")


class NoticePreference(Numbered):
    """One row per topic and channel that a customer switched at least once; without a row it is on."""

    __tablename__ = "notice_preference"
    __table_args__ = (
        UniqueConstraint("customer_id", "topic", "channel"),
        CheckConstraint(f"channel in {CHANNELS!r}", name="channel"),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    topic: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    is_on: Mapped[bool]


class RestockWatch(Numbered):
    """One row per customer and SKU that was sold out; asked for again after it was told, `times` is one more."""

    __tablename__ = "restock_watch"
    __table_args__ = (
        UniqueConstraint("customer_id", "sku_id"),
        Index("restock_watch_waiting_idx", "sku_id", "asked_at", postgresql_where=text("told_at is null")),
        Index("restock_watch_told_idx", "told_at", postgresql_where=text("told_at is not null")),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"))
    asked_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    times: Mapped[int] = mapped_column(server_default="1")


class NoticeSweep(Numbered):
    """How far the events of orders were read for notices, by transaction and id. One row."""

    __tablename__ = "notice_sweep"

    last_xid: Mapped[int]
    last_id: Mapped[int]
