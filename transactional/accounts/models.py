"""Customers, staff and what they did, log-in sessions, and customers' wallets."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public, Row

STAFF_ROLES = ("owner", "buyer", "operator", "auditor")


class Customer(Public):
    """One row per customer; imported ones have a source and no password."""

    __tablename__ = "customer"
    __table_args__ = (
        UniqueConstraint("source", "external_ref"),
        CheckConstraint("num_nulls(phone_index, sealed_phone, phone_key_id) in (0, 3)", name="phone"),
        Index("customer_email_key", func.lower(mapped_column("email", Text)), unique=True),
    )

    email: Mapped[str | None] = mapped_column(Text)
    display_name: Mapped[str | None] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    acquisition_channel: Mapped[str] = mapped_column(Text, server_default="direct")
    registered_at: Mapped[datetime] = mapped_column(server_default=func.now())
    source: Mapped[str | None] = mapped_column(Text)
    external_ref: Mapped[str | None] = mapped_column(Text)
    phone_index: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    sealed_phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))
    email_verified_at: Mapped[datetime | None]
    phone_verified_at: Mapped[datetime | None]
    password_changed_at: Mapped[datetime | None]
    language: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text, server_default="CN")
    erased_at: Mapped[datetime | None]


class Wallet(Row):
    """A customer's balance, kept in step with account `customer_wallet`; the row is the lock of a customer's money."""

    __tablename__ = "wallet"
    __table_args__ = (CheckConstraint("balance_fen >= 0", name="balance_not_negative"),)

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), primary_key=True)
    balance_fen: Mapped[int] = mapped_column(server_default="0")


class Staff(Public):
    """One row per member of staff."""

    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint(f"role in {STAFF_ROLES!r}", name="role"),
        Index("staff_email_key", func.lower(mapped_column("email", Text)), unique=True),
    )

    email: Mapped[str] = mapped_column(Text)
    display_name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(Text)
    disabled_at: Mapped[datetime | None]
    totp_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed_totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    sealed_next_totp: Mapped[bytes | None] = mapped_column(LargeBinary)
    totp_confirmed_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None]
    password_changed_at: Mapped[datetime | None]
    added_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))


class StaffAct(Public):
    """One row per deliberate act of staff; without a member of staff it was done from the command line."""

    __tablename__ = "staff_act"
    __table_args__ = (Index("staff_act_happened_at_idx", "happened_at", "id"),)
    append_only = True

    staff_id: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"), index=True)
    act: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, index=True)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    happened_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Session(Numbered):
    """A log-in, of a customer or of staff; the cookie holds the token, the table its SHA-256."""

    __tablename__ = "session"
    __table_args__ = (CheckConstraint("num_nonnulls(customer_id, staff_id) = 1", name="one_subject"),)

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"), index=True)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    device: Mapped[str] = mapped_column(Text, server_default="")
    network: Mapped[str] = mapped_column(Text, server_default="")
    opened_by: Mapped[str] = mapped_column(Text, server_default="password")
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]


class IdempotencyKey(Row):
    """What a command answered under its key, so that a repetition gets the same answer and does nothing."""

    __tablename__ = "idempotency_key"

    subject: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    status_code: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(Text)
