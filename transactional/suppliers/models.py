"""Suppliers and their balances, channels, offers with history, rates, routing, purchases, statements and claims."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public, Row
from transactional.suppliers.states import (
    AT_LOSS,
    BREAKER_STATES,
    CHANNEL_STATES,
    CLAIM_STATES,
    DECISION_OUTCOMES,
    DECISION_STAGES,
    HOLDING,
    NOTICE_VERDICTS,
    OFFER_SOURCES,
    OFFER_STATES,
    OPEN,
    PROTOCOLS,
    PURCHASE_STATES,
    STATEMENT_VERDICTS,
    SUPPLIER_PAYMENT_KINDS,
    TERMS,
)

UNIT_COST = Numeric(18, 6)


class Supplier(Public):
    """One row per business that the shop buys from; `low_balance_fen` is when a prepaid one wants a top-up."""

    __tablename__ = "supplier"
    __table_args__ = (
        CheckConstraint(f"terms in {TERMS!r}", name="terms"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    )

    name: Mapped[str] = mapped_column(Text, unique=True)
    currency: Mapped[str] = mapped_column(Text)
    terms: Mapped[str] = mapped_column(Text)
    low_balance_fen: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, server_default="")
    ended_at: Mapped[datetime | None]


class SupplierBalance(Row):
    """One row per supplier: what lies prepaid with it and what is owed to it, as the ledger's entries of it say.

    `their_amount` is what the supplier itself said last, in its currency.
    """

    __tablename__ = "supplier_balance"

    supplier_id: Mapped[int] = mapped_column(ForeignKey("shop.supplier.id"), primary_key=True)
    prepaid_fen: Mapped[int] = mapped_column(server_default="0")
    payable_fen: Mapped[int] = mapped_column(server_default="0")
    their_amount: Mapped[Decimal | None] = mapped_column(UNIT_COST)
    their_amount_at: Mapped[datetime | None]


class SupplyChannel(Public):
    """One row per way to buy: a supplier's account over one protocol, the own card pool, or people (no supplier).

    `options` are the protocol's settings without secrets; credentials are sealed like a code. The breaker opens after
    failures in a row, lets one purchase through after `breaker_until` (half open), and closes when that succeeds.
    """

    __tablename__ = "supply_channel"
    __table_args__ = (
        CheckConstraint(f"protocol in {PROTOCOLS!r}", name="protocol"),
        CheckConstraint(f"state in {CHANNEL_STATES!r}", name="state"),
        CheckConstraint(f"breaker in {BREAKER_STATES!r}", name="breaker"),
        CheckConstraint("pull_every_s is null or pull_every_s >= 30", name="pull_every"),
        CheckConstraint("patience_s between 1 and 120", name="patience"),
    )

    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("shop.supplier.id"), index=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    protocol: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="active")
    base_url: Mapped[str] = mapped_column(Text, server_default="")
    options: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    regions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    data_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed_credentials: Mapped[bytes | None] = mapped_column(LargeBinary)
    check_on_order: Mapped[bool] = mapped_column(server_default="false")
    patience_s: Mapped[int] = mapped_column(server_default="15")
    pull_every_s: Mapped[int | None]
    pull_at: Mapped[datetime | None]
    pulled_at: Mapped[datetime | None]
    pull_problem: Mapped[str] = mapped_column(Text, server_default="")
    pull_failures: Mapped[int] = mapped_column(server_default="0")
    breaker: Mapped[str] = mapped_column(Text, server_default="closed")
    breaker_failures: Mapped[int] = mapped_column(server_default="0")
    breaker_until: Mapped[datetime | None]
    breaker_times_opened: Mapped[int] = mapped_column(server_default="0")


class Offer(Public):
    """One row per good of a channel that supplies a SKU: what it costs now, as last observed.

    `stock` None: not told. A quarantined one is never bought: its cost is zero, missing or beyond belief.
    """

    __tablename__ = "offer"
    __table_args__ = (
        UniqueConstraint("channel_id", "sku_id", "supplier_sku"),
        CheckConstraint(f"state in {OFFER_STATES!r}", name="state"),
        CheckConstraint("state <> 'active' or unit_cost > 0", name="active_has_cost"),
        Index("offer_sku_id_idx", "sku_id"),
    )

    channel_id: Mapped[int] = mapped_column(ForeignKey("shop.supply_channel.id"))
    sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"))
    supplier_sku: Mapped[str] = mapped_column(Text)
    supplier_name: Mapped[str] = mapped_column(Text, server_default="")
    unit_cost: Mapped[Decimal | None] = mapped_column(UNIT_COST)
    currency: Mapped[str] = mapped_column(Text)
    stock: Mapped[int | None]
    state: Mapped[str] = mapped_column(Text)
    state_reason: Mapped[str] = mapped_column(Text, server_default="")
    price_version: Mapped[str | None] = mapped_column(Text)
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    observed_at: Mapped[datetime]


class OfferObservation(Numbered):
    """One row each time that an offer's price, stock or state was learnt to be another than before."""

    __tablename__ = "offer_observation"
    __table_args__ = (
        CheckConstraint(f"source in {OFFER_SOURCES!r}", name="source"),
        Index("offer_observation_offer_id_observed_at_idx", "offer_id", "observed_at"),
    )
    append_only = True

    offer_id: Mapped[int] = mapped_column(ForeignKey("shop.offer.id"))
    source: Mapped[str] = mapped_column(Text)
    unit_cost: Mapped[Decimal | None] = mapped_column(UNIT_COST)
    currency: Mapped[str] = mapped_column(Text)
    stock: Mapped[int | None]
    state: Mapped[str] = mapped_column(Text)
    state_reason: Mapped[str] = mapped_column(Text, server_default="")
    price_version: Mapped[str | None] = mapped_column(Text)
    observed_at: Mapped[datetime]
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))


class ExchangeRate(Numbered):
    """What one unit of a foreign currency is worth in the shop's, from a date on; the newest row of a date counts."""

    __tablename__ = "exchange_rate"
    __table_args__ = (
        CheckConstraint("rate > 0", name="positive"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        Index("exchange_rate_currency_rate_date_idx", "currency", "rate_date"),
    )
    append_only = True

    currency: Mapped[str] = mapped_column(Text)
    rate_date: Mapped[date]
    rate: Mapped[Decimal] = mapped_column(Numeric(18, 8))
    source: Mapped[str] = mapped_column(Text)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))


class RoutingPolicy(Public):
    """One row per version of the rules of routing: of the whole shop (no SKU) or of one SKU, the newest counts.

    The floor is the least that a sale must earn over its cost: fen and parts of ten thousand of the net price, the
    larger of both. `windows` restrict channels to hours of the day in the shop's zone. A SKU's row with `follows_shop`
    ends its own rules.
    """

    __tablename__ = "routing_policy"
    __table_args__ = (
        CheckConstraint(f"at_loss in {AT_LOSS!r}", name="at_loss"),
        CheckConstraint("explore_per_myriad between 0 and 2000", name="explore"),
        Index("routing_policy_sku_id_idx", "sku_id", "id"),
    )
    append_only = True

    sku_id: Mapped[int | None] = mapped_column(ForeignKey("shop.sku.id"))
    floor_margin_fen: Mapped[int] = mapped_column(server_default="0")
    floor_margin_per_myriad: Mapped[int] = mapped_column(server_default="0")
    max_unit_cost_fen: Mapped[int | None]
    pinned_channel_id: Mapped[int | None] = mapped_column(ForeignKey("shop.supply_channel.id"))
    excluded_channel_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default="{}")
    regions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    windows: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    explore_per_myriad: Mapped[int] = mapped_column(server_default="200")
    at_loss: Mapped[str] = mapped_column(Text, server_default="hold")
    follows_shop: Mapped[bool] = mapped_column(server_default="false")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    made_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))


class ChannelEstimate(Row):
    """What purchases taught of a channel: sums that forget the old, as of an instant. Routing shrinks them."""

    __tablename__ = "channel_estimate"

    channel_id: Mapped[int] = mapped_column(ForeignKey("shop.supply_channel.id"), primary_key=True)
    as_of: Mapped[datetime]
    sums: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    weight: Mapped[float] = mapped_column(Double, server_default="0")


class RoutingDecision(Public):
    """One row per choice of a channel, with everything that it depends on: it can be made again from the row alone."""

    __tablename__ = "routing_decision"
    __table_args__ = (
        CheckConstraint(f"stage in {DECISION_STAGES!r}", name="stage"),
        CheckConstraint(f"outcome in {DECISION_OUTCOMES!r}", name="outcome"),
        CheckConstraint("(outcome = 'chosen') = (offer_id is not null)", name="chosen_has_offer"),
        Index("routing_decision_fulfilment_id_idx", "fulfilment_id"),
    )
    append_only = True

    stage: Mapped[str] = mapped_column(Text)
    sku_id: Mapped[int] = mapped_column(ForeignKey("shop.sku.id"), index=True)
    fulfilment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.fulfilment.id"))
    policy_id: Mapped[int | None] = mapped_column(ForeignKey("shop.routing_policy.id"))
    algorithm: Mapped[str] = mapped_column(Text)
    inputs: Mapped[dict[str, Any]] = mapped_column(JSONB)
    candidates: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    outcome: Mapped[str] = mapped_column(Text)
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("shop.supply_channel.id"), index=True)
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("shop.offer.id"))
    reason: Mapped[str] = mapped_column(Text)
    reason_values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    decided_at: Mapped[datetime]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))


class Purchase(Public):
    """One row per attempt to get one unit from a channel; `request_no` is its number at the supplier, never reused.

    A unit has one attempt at a time that may bring a good, and one that did: the partial unique index is the last word
    on buying twice. `cost_fen` is what is set aside for it while it is open, and what it cost once it succeeded.
    """

    __tablename__ = "purchase"
    __table_args__ = (
        UniqueConstraint("fulfilment_id", "attempt_no"),
        CheckConstraint(f"state in {PURCHASE_STATES!r}", name="state"),
        CheckConstraint("cost_fen >= 0", name="cost"),
        Index("purchase_one_holding_key", "fulfilment_id", unique=True, postgresql_where=text(f"state in {HOLDING!r}")),
        Index("purchase_to_ask_idx", "ask_at", postgresql_where=text(f"state in {('created', *OPEN)!r}")),
        Index("purchase_channel_id_created_at_idx", "channel_id", "created_at"),
        Index("purchase_channel_supplier_ref_idx", "channel_id", "supplier_ref"),
    )

    fulfilment_id: Mapped[int] = mapped_column(ForeignKey("shop.fulfilment.id"))
    attempt_no: Mapped[int]
    after_purchase_id: Mapped[int | None] = mapped_column(ForeignKey("shop.purchase.id"))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("shop.routing_decision.id"))
    channel_id: Mapped[int] = mapped_column(ForeignKey("shop.supply_channel.id"))
    offer_id: Mapped[int | None] = mapped_column(ForeignKey("shop.offer.id"))
    request_no: Mapped[str] = mapped_column(Text, unique=True)
    state: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int]
    unit_cost: Mapped[Decimal] = mapped_column(UNIT_COST)
    currency: Mapped[str] = mapped_column(Text)
    exchange_rate: Mapped[Decimal] = mapped_column(Numeric(18, 8), server_default="1")
    cost_fen: Mapped[int]
    prepaid: Mapped[bool]
    supplier_ref: Mapped[str | None] = mapped_column(Text)
    outcome_code: Mapped[str] = mapped_column(Text, server_default="")
    outcome_reason: Mapped[str] = mapped_column(Text, server_default="")
    submitted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]
    times_asked: Mapped[int] = mapped_column(server_default="0")


class PurchaseEvent(Numbered):
    """What happened to a purchase, in order; never a code."""

    __tablename__ = "purchase_event"
    append_only = True

    purchase_id: Mapped[int] = mapped_column(ForeignKey("shop.purchase.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    from_state: Mapped[str | None] = mapped_column(Text)
    to_state: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")


class PurchasedCode(Numbered):
    """One row per code that a purchase brought: its keyed hash, unique over all, finds what a supplier sells twice."""

    __tablename__ = "purchased_code"
    append_only = True

    purchase_id: Mapped[int] = mapped_column(ForeignKey("shop.purchase.id"), index=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    sealed_delivery_id: Mapped[int | None] = mapped_column(ForeignKey("shop.sealed_delivery.id"))
    card_id: Mapped[int | None] = mapped_column(ForeignKey("shop.card.id"))
    expires_at: Mapped[datetime | None]


class SupplierNotice(Public):
    """One row per callback that ever arrived, forged ones too, with its verdict; its body is sealed like a code."""

    __tablename__ = "supplier_notice"
    __table_args__ = (CheckConstraint(f"verdict in {NOTICE_VERDICTS!r}", name="verdict"),)
    append_only = True

    channel_id: Mapped[int] = mapped_column(ForeignKey("shop.supply_channel.id"), index=True)
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("shop.purchase.id"), index=True)
    kind: Mapped[str] = mapped_column(Text, server_default="")
    verdict: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    event_id: Mapped[str | None] = mapped_column(Text)
    body_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    data_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))
    sealed_body: Mapped[bytes | None] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SupplierPayment(Public):
    """One row per payment to a supplier: a deposit with it, or what was owed. `amount` is in its currency."""

    __tablename__ = "supplier_payment"
    __table_args__ = (
        CheckConstraint(f"kind in {SUPPLIER_PAYMENT_KINDS!r}", name="kind"),
        CheckConstraint("amount_fen > 0 and amount > 0", name="positive"),
        UniqueConstraint("supplier_id", "reference"),
    )
    append_only = True

    supplier_id: Mapped[int] = mapped_column(ForeignKey("shop.supplier.id"))
    kind: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(UNIT_COST)
    currency: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    loss_fen: Mapped[int] = mapped_column(server_default="0")
    paid_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text, server_default="")
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))


class SupplierStatement(Public):
    """One row per accepted statement of a channel for a period of its own days (both ends included)."""

    __tablename__ = "supplier_statement"
    __table_args__ = (
        CheckConstraint("from_date <= to_date", name="period"),
        Index("supplier_statement_channel_id_from_date_idx", "channel_id", "from_date"),
    )
    append_only = True

    channel_id: Mapped[int] = mapped_column(ForeignKey("shop.supply_channel.id"))
    from_date: Mapped[date]
    to_date: Mapped[date]
    currency: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(Text)
    file_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    source: Mapped[str] = mapped_column(Text)
    line_count: Mapped[int]
    total_fen: Mapped[int]
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    imported_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SupplierStatementLine(Public):
    """One row per line of a statement, or per purchase of ours that it lacks (no `line_no`), with its verdict.

    `difference_fen` is theirs − ours: what the supplier took more than the ledger says.
    """

    __tablename__ = "supplier_statement_line"
    __table_args__ = (
        CheckConstraint(f"verdict in {STATEMENT_VERDICTS!r}", name="verdict"),
        UniqueConstraint("statement_id", "line_no"),
    )
    append_only = True

    statement_id: Mapped[int] = mapped_column(ForeignKey("shop.supplier_statement.id"), index=True)
    line_no: Mapped[int | None]
    kind: Mapped[str] = mapped_column(Text)
    request_no: Mapped[str | None] = mapped_column(Text)
    supplier_ref: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[Decimal | None] = mapped_column(UNIT_COST)
    theirs_fen: Mapped[int | None]
    ours_fen: Mapped[int | None]
    difference_fen: Mapped[int]
    verdict: Mapped[str] = mapped_column(Text)
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("shop.purchase.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("shop.review_case.id"))
    happened_at: Mapped[datetime | None]


class DefectClaim(Public):
    """One row per bad code that somebody must make good: a purchase's supplier, or the one of a batch."""

    __tablename__ = "defect_claim"
    __table_args__ = (
        CheckConstraint(f"state in {CLAIM_STATES!r}", name="state"),
        CheckConstraint("num_nonnulls(purchase_id, card_defect_id) = 1", name="one_subject"),
        CheckConstraint("(state = 'accepted') = (credited_fen is not null)", name="accepted_has_credit"),
    )

    supplier_id: Mapped[int | None] = mapped_column(ForeignKey("shop.supplier.id"), index=True)
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("shop.supply_channel.id"))
    purchase_id: Mapped[int | None] = mapped_column(ForeignKey("shop.purchase.id"), unique=True)
    card_defect_id: Mapped[int | None] = mapped_column(ForeignKey("shop.card_defect.id"), unique=True)
    fulfilment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.fulfilment.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("shop.aftersales_case.id"))
    state: Mapped[str] = mapped_column(Text, server_default="open")
    claimed_fen: Mapped[int | None]
    credited_fen: Mapped[int | None]
    supplier_reference: Mapped[str] = mapped_column(Text, server_default="")
    reason: Mapped[str] = mapped_column(Text)
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
