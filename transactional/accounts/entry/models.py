"""How people get in: one-time codes, what is remembered of attempts, known browsers, staff's spare codes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Row

CODE_PURPOSES = ("register", "log_in", "reset_password", "verify_contact", "withdraw")
CHANNELS = ("email", "sms")
ATTEMPTS = ("succeeded", "wrong", "refused", "code_needed")


class OneTimeCode(Numbered):
    """One row per code that was sent; the table keeps keyed hashes of the code and of whom it was sent to."""

    __tablename__ = "one_time_code"
    __table_args__ = (
        CheckConstraint(f"purpose in {CODE_PURPOSES!r}", name="purpose"),
        CheckConstraint(f"channel in {CHANNELS!r}", name="channel"),
        CheckConstraint("tries_left >= 0", name="tries"),
        Index("one_time_code_target_index_idx", "target_index", "purpose"),
    )

    purpose: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(Text)
    target_index: Mapped[bytes] = mapped_column(LargeBinary)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("shop.customer.id"))
    expires_at: Mapped[datetime]
    tries_left: Mapped[int]
    used_at: Mapped[datetime | None]


class RateLimit(Row):
    """How much of an allowance is used up, by keyed hash of what it is and whose: all of it again at `free_at`.

    A row whose instant has passed says the same as none, and is taken away.
    """

    __tablename__ = "rate_limit"

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    free_at: Mapped[datetime]


class LogInAttempt(Numbered):
    """One row per attempt to log in; whose and from where are keyed hashes, the network is cut to its first bits.

    Attempts that were refused before anything was looked up are one row for all of one second (`times`).
    """

    __tablename__ = "log_in_attempt"
    __table_args__ = (
        CheckConstraint("kind in ('customer', 'staff')", name="kind"),
        CheckConstraint(f"outcome in {ATTEMPTS!r}", name="outcome"),
        CheckConstraint("times > 0", name="times"),
        Index("log_in_attempt_happened_at_idx", "happened_at"),
        Index("log_in_attempt_who_index_idx", "who_index", "happened_at"),
    )
    append_only = True

    kind: Mapped[str] = mapped_column(Text)
    who_index: Mapped[bytes] = mapped_column(LargeBinary)
    address_index: Mapped[bytes] = mapped_column(LargeBinary)
    network: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("shop.customer.id"))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    times: Mapped[int] = mapped_column(server_default=text("1"))
    happened_at: Mapped[datetime]


class KnownDevice(Numbered):
    """A browser from which somebody logged in before; its cookie holds the token, the table its SHA-256."""

    __tablename__ = "known_device"
    __table_args__ = (CheckConstraint("num_nonnulls(customer_id, staff_id) = 1", name="one_subject"),)

    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"), index=True)
    last_used_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class StaffRecoveryCode(Numbered):
    """A spare code of a member of staff whose authenticator is lost; each opens the desk once."""

    __tablename__ = "staff_recovery_code"

    staff_id: Mapped[int] = mapped_column(ForeignKey("shop.staff.id"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    used_at: Mapped[datetime | None]
    superseded_at: Mapped[datetime | None]
