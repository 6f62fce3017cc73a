"""What the shop knows of a person: addresses, whether the identity was checked, what was agreed to.

Everything personal is sealed under the customer's own key (see `personal`), so that erasure destroys one key.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public

IDENTITY_STATES = ("submitted", "processing", "unknown", "verified", "refused")
CONSENT_ACTS = ("given", "withdrawn")


class Address(Public):
    """Where a customer's parcels go: recipient, telephone, place and street, sealed together."""

    __tablename__ = "address"
    __table_args__ = (
        Index(
            "address_default_key",
            "customer_id",
            unique=True,
            postgresql_where=text("is_default and removed_at is null"),
        ),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    removed_at: Mapped[datetime | None]


class IdentityCheck(Public):
    """One row per request to have name and identity number checked; both are gone after `purged_at`."""

    __tablename__ = "identity_check"
    __table_args__ = (
        CheckConstraint(f"state in {IDENTITY_STATES!r}", name="state"),
        CheckConstraint("(purged_at is null) = (sealed is not null)", name="sealed_until_purged"),
        Index(
            "identity_check_one_open_key",
            "customer_id",
            unique=True,
            postgresql_where=text("state in ('submitted', 'processing', 'unknown')"),
        ),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    provider: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    data_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_index: Mapped[bytes] = mapped_column(LargeBinary, index=True)
    is_adult: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    provider_ref: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_at: Mapped[datetime | None]
    keep_until: Mapped[datetime]
    purged_at: Mapped[datetime | None]


class Consent(Numbered):
    """What a customer agreed to, or withdrew, in which version and language."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint(f"act in {CONSENT_ACTS!r}", name="act"),
        Index("consent_customer_id_document_idx", "customer_id", "document"),
    )
    append_only = True

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    document: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    act: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[datetime] = mapped_column(server_default=func.now())
