"""What a customer owns, and its life at the provider: tables. Codes stay in the card pool; none is repeated here."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from transactional.benefits.activation_rules import ACTIVATION_STATES, UNDER_WAY, VERDICTS
from transactional.benefits.rules import CAUSES, STATES
from transactional.catalogue.models import PRODUCT_KINDS
from transactional.db import Numbered, Public


class Provider(Public):
    """One row per partner at whom benefits are activated; the secret shared with them is sealed."""

    __tablename__ = "provider"

    key: Mapped[str] = mapped_column(Text, unique=True)
    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    launch_url: Mapped[str] = mapped_column(Text)
    api_url: Mapped[str] = mapped_column(Text)
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    paused_at: Mapped[datetime | None]


class ProductProvider(Numbered):
    """Where a product's benefits are activated; taken off again, the row stays with `removed_at`."""

    __tablename__ = "product_provider"
    __table_args__ = (
        Index("product_provider_one_key", "product_id", unique=True, postgresql_where=text("removed_at is null")),
    )

    product_id: Mapped[int] = mapped_column(ForeignKey("shop.product.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("shop.provider.id"), index=True)
    provider_product: Mapped[str] = mapped_column(Text, server_default="")
    removed_at: Mapped[datetime | None]


class Entitlement(Public):
    """One row per delivered fulfilment: what its owner has of it. `card_id` is the code on which it stands.

    `look_at` is when time alone changes its state or something is to be told; `used_at` is the owner's own mark.
    """

    __tablename__ = "entitlement"
    __table_args__ = (
        CheckConstraint(f"state in {STATES!r}", name="state"),
        CheckConstraint(f"kind in {PRODUCT_KINDS!r}", name="kind"),
        Index("entitlement_look_idx", "look_at", postgresql_where=text("look_at is not null")),
    )

    fulfilment_id: Mapped[int] = mapped_column(ForeignKey("shop.fulfilment.id"), unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("shop.orders.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("shop.product.id"))
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("shop.card.id"))
    replaced_at: Mapped[datetime | None]
    revealed_at: Mapped[datetime | None]
    activated_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    provider_ref: Mapped[str | None] = mapped_column(Text)
    look_at: Mapped[datetime | None]


class EntitlementEvent(Numbered):
    """One row per move of an entitlement, with what moved it; the first has no `from_state`."""

    __tablename__ = "entitlement_event"
    __table_args__ = (
        CheckConstraint(f"to_state in {STATES!r}", name="to_state"),
        CheckConstraint(f"cause in {CAUSES!r}", name="cause"),
    )
    append_only = True

    entitlement_id: Mapped[int] = mapped_column(ForeignKey("shop.entitlement.id"), index=True)
    from_state: Mapped[str | None] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SweepMark(Numbered):
    """One row: every change that a transaction older than this wrote has reached the entitlements."""

    __tablename__ = "entitlement_sweep"

    swept_xid: Mapped[int] = mapped_column(server_default="0")


class ProviderAccount(Public):
    """A customer's account at a provider, as the provider named it; sealed under the customer's own key."""

    __tablename__ = "provider_account"
    __table_args__ = (
        Index(
            "provider_account_one_key",
            "customer_id",
            "provider_id",
            unique=True,
            postgresql_where=text("removed_at is null"),
        ),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("shop.provider.id"), index=True)
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    removed_at: Mapped[datetime | None]


class Launch(Public):
    """One way of a customer to a provider, with one ticket for all benefits of that way.

    The ticket is derived from the provider's secret and `nonce`, and is not kept; `claimed_at` spends it.
    """

    __tablename__ = "benefit_launch"

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("shop.provider.id"), index=True)
    provider_account_id: Mapped[int | None] = mapped_column(ForeignKey("shop.provider_account.id"))
    nonce: Mapped[bytes] = mapped_column(LargeBinary)
    return_url: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]


class Activation(Public):
    """One row per attempt to activate one benefit; `version` counts the provider's changes, as the provider does."""

    __tablename__ = "activation"
    __table_args__ = (
        UniqueConstraint("launch_id", "entitlement_id"),
        CheckConstraint(f"state in {ACTIVATION_STATES!r}", name="state"),
        Index(
            "activation_under_way_key",
            "entitlement_id",
            unique=True,
            postgresql_where=text(f"state in {UNDER_WAY!r}"),
        ),
        Index("activation_query_idx", "query_at", postgresql_where=text("query_at is not null")),
    )

    launch_id: Mapped[int] = mapped_column(ForeignKey("shop.benefit_launch.id"))
    entitlement_id: Mapped[int] = mapped_column(ForeignKey("shop.entitlement.id"), index=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("shop.provider.id"), index=True)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("shop.card.id"))
    state: Mapped[str] = mapped_column(Text, server_default="opened")
    version: Mapped[int] = mapped_column(server_default="0")
    provider_ref: Mapped[str | None] = mapped_column(Text)
    valid_until: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    query_at: Mapped[datetime | None]
    queried_at: Mapped[datetime | None]
    queries: Mapped[int] = mapped_column(server_default="0")


class ActivationOutcome(Numbered):
    """One row per thing learnt of an attempt, and by which way."""

    __tablename__ = "activation_outcome"
    __table_args__ = (
        CheckConstraint(f"state in {ACTIVATION_STATES!r}", name="state"),
        CheckConstraint("learnt_by in ('shop', 'claim', 'query')", name="learnt_by"),
    )
    append_only = True

    activation_id: Mapped[int] = mapped_column(ForeignKey("shop.activation.id"), index=True)
    state: Mapped[str] = mapped_column(Text)
    learnt_by: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(server_default="0")
    happened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class ProviderEvent(Public):
    """One row per message that came in a provider's name, true or not: its body sealed, and what was made of it."""

    __tablename__ = "provider_event"
    __table_args__ = (
        CheckConstraint(f"verdict in {VERDICTS!r}", name="verdict"),
        Index(
            "provider_event_once_key",
            "provider_id",
            "event_id",
            unique=True,
            postgresql_where=text("verdict = 'accepted'"),
        ),
    )
    append_only = True

    provider_id: Mapped[int] = mapped_column(ForeignKey("shop.provider.id"))
    event_id: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    activation_id: Mapped[int | None] = mapped_column(ForeignKey("shop.activation.id"), index=True)
    body_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    data_key_id: Mapped[int] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed_body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
