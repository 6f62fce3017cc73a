"""Suppliers, channels, offers, routing, purchases, statements, claims; alerts; both dimensions in the ledger."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from transactional.migrations.tables import (
    add_reference,
    check,
    create,
    index,
    instant,
    number,
    octets,
    points_to,
    text,
    unique,
)

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    _suppliers()
    _offers()
    _routing()
    _purchases()
    _statements()
    _alerts()
    _dimensions()


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")


def _suppliers() -> None:
    create(
        "supplier",
        text("name", unique=True),
        text("currency"),
        text("terms"),
        number("low_balance_fen", required=False),
        text("note", default=""),
        instant("ended_at"),
        check("supplier", "terms", "terms in ('prepaid', 'on_account')"),
        check("supplier", "currency", "currency ~ '^[A-Z]{3}$'"),
        public=True,
    )
    create(
        "supplier_balance",
        number("supplier_id"),
        number("prepaid_fen", default=0),
        number("payable_fen", default=0),
        sa.Column("their_amount", sa.Numeric(18, 6), nullable=True),
        instant("their_amount_at"),
        points_to("supplier_balance", "supplier_id", "supplier"),
        key="supplier_id",
    )
    create(
        "supply_channel",
        number("supplier_id", required=False),
        text("code", unique=True),
        text("name"),
        text("protocol"),
        text("state", default="active"),
        text("base_url", default=""),
        sa.Column("options", postgresql.JSONB(), nullable=False, server_default="{}"),
        sa.Column("regions", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        number("data_key_id", required=False),
        octets("sealed_credentials", required=False),
        sa.Column("check_on_order", sa.Boolean(), nullable=False, server_default="false"),
        number("patience_s", default=15),
        number("pull_every_s", required=False),
        instant("pull_at"),
        instant("pulled_at"),
        text("pull_problem", default=""),
        number("pull_failures", default=0),
        text("breaker", default="closed"),
        number("breaker_failures", default=0),
        instant("breaker_until"),
        number("breaker_times_opened", default=0),
        check("supply_channel", "pull_every", "pull_every_s is null or pull_every_s >= 30"),
        check("supply_channel", "patience", "patience_s between 1 and 120"),
        check("supply_channel", "protocol", "protocol in ('fulu', 'hmac_card', 'reloadly', 'own_pool', 'manual')"),
        check("supply_channel", "state", "state in ('active', 'paused', 'ended')"),
        check("supply_channel", "breaker", "breaker in ('closed', 'open', 'half_open')"),
        points_to("supply_channel", "data_key_id", "data_key"),
        points_to("supply_channel", "supplier_id", "supplier"),
        public=True,
    )
    index("supply_channel", "supplier_id")


def _offers() -> None:
    create(
        "offer",
        number("channel_id"),
        number("sku_id"),
        text("supplier_sku"),
        text("supplier_name", default=""),
        sa.Column("unit_cost", sa.Numeric(18, 6), nullable=True),
        text("currency"),
        number("stock", required=False),
        text("state"),
        text("state_reason", default=""),
        text("price_version", required=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False, server_default="{}"),
        instant("observed_at", required=True),
        check("offer", "state", "state in ('active', 'quarantined', 'withdrawn')"),
        check("offer", "active_has_cost", "state <> 'active' or unit_cost > 0"),
        points_to("offer", "channel_id", "supply_channel"),
        points_to("offer", "sku_id", "sku"),
        unique("offer", "channel_id", "sku_id", "supplier_sku"),
        public=True,
    )
    index("offer", "sku_id")
    create(
        "offer_observation",
        number("offer_id"),
        text("source"),
        sa.Column("unit_cost", sa.Numeric(18, 6), nullable=True),
        text("currency"),
        number("stock", required=False),
        text("state"),
        text("state_reason", default=""),
        text("price_version", required=False),
        instant("observed_at", required=True),
        number("recorded_by", required=False),
        check("offer_observation", "source", "source in ('pull', 'push', 'order', 'sheet', 'staff')"),
        points_to("offer_observation", "offer_id", "offer"),
        points_to("offer_observation", "recorded_by", "staff"),
        append_only=True,
    )
    index("offer_observation", "offer_id", "observed_at")
    create(
        "exchange_rate",
        text("currency"),
        sa.Column("rate_date", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(18, 8), nullable=False),
        text("source"),
        number("recorded_by", required=False),
        check("exchange_rate", "positive", "rate > 0"),
        check("exchange_rate", "currency", "currency ~ '^[A-Z]{3}$'"),
        points_to("exchange_rate", "recorded_by", "staff"),
        append_only=True,
    )
    index("exchange_rate", "currency", "rate_date")


def _routing() -> None:
    create(
        "routing_policy",
        number("sku_id", required=False),
        number("floor_margin_fen", default=0),
        number("floor_margin_per_myriad", default=0),
        number("max_unit_cost_fen", required=False),
        number("pinned_channel_id", required=False),
        sa.Column("excluded_channel_ids", sa.ARRAY(sa.BigInteger()), nullable=False, server_default="{}"),
        sa.Column("regions", sa.ARRAY(sa.Text()), nullable=False, server_default="{}"),
        sa.Column("windows", postgresql.JSONB(), nullable=False, server_default="[]"),
        number("explore_per_myriad", default=200),
        text("at_loss", default="hold"),
        sa.Column("follows_shop", sa.Boolean(), nullable=False, server_default="false"),
        text("reason", default=""),
        number("made_by", required=False),
        check("routing_policy", "at_loss", "at_loss in ('hold', 'refund')"),
        check("routing_policy", "explore", "explore_per_myriad between 0 and 2000"),
        points_to("routing_policy", "made_by", "staff"),
        points_to("routing_policy", "pinned_channel_id", "supply_channel"),
        points_to("routing_policy", "sku_id", "sku"),
        public=True,
        append_only=True,
    )
    index("routing_policy", "sku_id", "id", name="routing_policy_sku_id_idx")
    create(
        "channel_estimate",
        number("channel_id"),
        instant("as_of", required=True),
        sa.Column("sums", postgresql.JSONB(), nullable=False, server_default="{}"),
        sa.Column("weight", sa.Double(), nullable=False, server_default="0"),
        points_to("channel_estimate", "channel_id", "supply_channel"),
        key="channel_id",
    )
    create(
        "routing_decision",
        text("stage"),
        number("sku_id"),
        number("fulfilment_id", required=False),
        number("policy_id", required=False),
        text("algorithm"),
        sa.Column("inputs", postgresql.JSONB(), nullable=False),
        sa.Column("candidates", postgresql.JSONB(), nullable=False),
        text("outcome"),
        number("channel_id", required=False),
        number("offer_id", required=False),
        text("reason"),
        sa.Column("reason_values", postgresql.JSONB(), nullable=False, server_default="{}"),
        instant("decided_at", required=True),
        number("decided_by", required=False),
        check("routing_decision", "outcome", "outcome in ('chosen', 'hold', 'refund')"),
        check("routing_decision", "stage", "stage in ('quote', 'payment', 'purchase')"),
        check("routing_decision", "chosen_has_offer", "(outcome = 'chosen') = (offer_id is not null)"),
        points_to("routing_decision", "channel_id", "supply_channel"),
        points_to("routing_decision", "decided_by", "staff"),
        points_to("routing_decision", "fulfilment_id", "fulfilment"),
        points_to("routing_decision", "offer_id", "offer"),
        points_to("routing_decision", "policy_id", "routing_policy"),
        points_to("routing_decision", "sku_id", "sku"),
        public=True,
        append_only=True,
    )
    index("routing_decision", "channel_id")
    index("routing_decision", "fulfilment_id")
    index("routing_decision", "sku_id")


def _purchases() -> None:
    create(
        "purchase",
        number("fulfilment_id"),
        number("attempt_no"),
        number("after_purchase_id", required=False),
        number("decision_id", required=False),
        number("channel_id"),
        number("offer_id", required=False),
        text("request_no", unique=True),
        text("state"),
        number("quantity"),
        sa.Column("unit_cost", sa.Numeric(18, 6), nullable=False),
        text("currency"),
        sa.Column("exchange_rate", sa.Numeric(18, 8), nullable=False, server_default="1"),
        number("cost_fen"),
        sa.Column("prepaid", sa.Boolean(), nullable=False),
        text("supplier_ref", required=False),
        text("outcome_code", default=""),
        text("outcome_reason", default=""),
        instant("submitted_at"),
        instant("ended_at"),
        instant("ask_at"),
        number("times_asked", default=0),
        check("purchase", "cost", "cost_fen >= 0"),
        check(
            "purchase",
            "state",
            "state in ('created', 'submitted', 'processing', 'unknown', 'succeeded', 'failed', 'written_off', 'late_failed', 'late_succeeded')",
        ),
        points_to("purchase", "after_purchase_id", "purchase"),
        points_to("purchase", "channel_id", "supply_channel"),
        points_to("purchase", "decision_id", "routing_decision"),
        points_to("purchase", "fulfilment_id", "fulfilment"),
        points_to("purchase", "offer_id", "offer"),
        unique("purchase", "fulfilment_id", "attempt_no"),
        public=True,
    )
    index("purchase", "channel_id", "created_at")
    index("purchase", "channel_id", "supplier_ref", name="purchase_channel_supplier_ref_idx")
    index(
        "purchase",
        "fulfilment_id",
        where="state in ('created', 'submitted', 'processing', 'unknown', 'succeeded')",
        is_unique=True,
        name="purchase_one_holding_key",
    )
    index(
        "purchase",
        "ask_at",
        where="state in ('created', 'submitted', 'processing', 'unknown')",
        name="purchase_to_ask_idx",
    )
    create(
        "purchase_event",
        number("purchase_id"),
        text("kind"),
        text("from_state", required=False),
        text("to_state"),
        instant("happened_at", now=True),
        sa.Column("detail", postgresql.JSONB(), nullable=False, server_default="{}"),
        points_to("purchase_event", "purchase_id", "purchase"),
        append_only=True,
    )
    index("purchase_event", "purchase_id")
    create(
        "purchased_code",
        number("purchase_id"),
        octets("fingerprint"),
        number("sealed_delivery_id", required=False),
        number("card_id", required=False),
        instant("expires_at"),
        points_to("purchased_code", "card_id", "card"),
        points_to("purchased_code", "purchase_id", "purchase"),
        points_to("purchased_code", "sealed_delivery_id", "sealed_delivery"),
        unique("purchased_code", "fingerprint"),
        append_only=True,
    )
    index("purchased_code", "purchase_id")
    create(
        "supplier_notice",
        number("channel_id"),
        number("purchase_id", required=False),
        text("kind", default=""),
        text("verdict"),
        text("reason", default=""),
        text("event_id", required=False),
        octets("body_sha256"),
        number("data_key_id", required=False),
        octets("sealed_body", required=False),
        instant("received_at", now=True),
        check(
            "supplier_notice",
            "verdict",
            "verdict in ('applied', 'duplicate', 'ignored', 'malformed', 'stale', 'bad_signature', 'unknown_purchase')",
        ),
        points_to("supplier_notice", "channel_id", "supply_channel"),
        points_to("supplier_notice", "data_key_id", "data_key"),
        points_to("supplier_notice", "purchase_id", "purchase"),
        public=True,
        append_only=True,
    )
    index("supplier_notice", "channel_id")
    index("supplier_notice", "purchase_id")


def _statements() -> None:
    create(
        "supplier_payment",
        number("supplier_id"),
        text("kind"),
        text("reference"),
        sa.Column("amount", sa.Numeric(18, 6), nullable=False),
        text("currency"),
        number("amount_fen"),
        number("loss_fen", default=0),
        instant("paid_at", required=True),
        text("note", default=""),
        number("recorded_by", required=False),
        check("supplier_payment", "kind", "kind in ('top_up', 'settlement')"),
        check("supplier_payment", "positive", "amount_fen > 0 and amount > 0"),
        points_to("supplier_payment", "recorded_by", "staff"),
        points_to("supplier_payment", "supplier_id", "supplier"),
        unique("supplier_payment", "supplier_id", "reference"),
        public=True,
        append_only=True,
    )
    create(
        "supplier_statement",
        number("channel_id"),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("to_date", sa.Date(), nullable=False),
        text("currency"),
        text("file_name"),
        octets("file_sha256"),
        text("source"),
        number("line_count"),
        number("total_fen"),
        number("imported_by", required=False),
        instant("imported_at", now=True),
        check("supplier_statement", "period", "from_date <= to_date"),
        points_to("supplier_statement", "channel_id", "supply_channel"),
        points_to("supplier_statement", "imported_by", "staff"),
        unique("supplier_statement", "file_sha256"),
        public=True,
        append_only=True,
    )
    index("supplier_statement", "channel_id", "from_date")
    create(
        "supplier_statement_line",
        number("statement_id"),
        number("line_no", required=False),
        text("kind"),
        text("request_no", required=False),
        text("supplier_ref", required=False),
        sa.Column("amount", sa.Numeric(18, 6), nullable=True),
        number("theirs_fen", required=False),
        number("ours_fen", required=False),
        number("difference_fen"),
        text("verdict"),
        number("purchase_id", required=False),
        number("case_id", required=False),
        instant("happened_at"),
        check(
            "supplier_statement_line", "verdict", "verdict in ('matched', 'ours_only', 'theirs_only', 'amount_differs')"
        ),
        points_to("supplier_statement_line", "case_id", "review_case"),
        points_to("supplier_statement_line", "purchase_id", "purchase"),
        points_to("supplier_statement_line", "statement_id", "supplier_statement"),
        unique("supplier_statement_line", "statement_id", "line_no"),
        public=True,
        append_only=True,
    )
    index("supplier_statement_line", "purchase_id")
    index("supplier_statement_line", "statement_id")
    create(
        "defect_claim",
        number("supplier_id", required=False),
        number("channel_id", required=False),
        number("purchase_id", required=False),
        number("card_defect_id", required=False),
        number("fulfilment_id", required=False),
        number("case_id", required=False),
        text("state", default="open"),
        number("claimed_fen", required=False),
        number("credited_fen", required=False),
        text("supplier_reference", default=""),
        text("reason"),
        number("opened_by", required=False),
        instant("opened_at", now=True),
        instant("sent_at"),
        instant("ended_at"),
        check("defect_claim", "accepted_has_credit", "(state = 'accepted') = (credited_fen is not null)"),
        check("defect_claim", "state", "state in ('open', 'sent', 'accepted', 'rejected')"),
        check("defect_claim", "one_subject", "num_nonnulls(purchase_id, card_defect_id) = 1"),
        points_to("defect_claim", "card_defect_id", "card_defect"),
        points_to("defect_claim", "case_id", "aftersales_case"),
        points_to("defect_claim", "channel_id", "supply_channel"),
        points_to("defect_claim", "fulfilment_id", "fulfilment"),
        points_to("defect_claim", "opened_by", "staff"),
        points_to("defect_claim", "purchase_id", "purchase"),
        points_to("defect_claim", "supplier_id", "supplier"),
        unique("defect_claim", "card_defect_id"),
        unique("defect_claim", "purchase_id"),
        public=True,
    )
    index("defect_claim", "fulfilment_id")
    index("defect_claim", "supplier_id")


def _alerts() -> None:
    create(
        "alert",
        text("kind"),
        text("subject"),
        text("severity"),
        sa.Column("detail", postgresql.JSONB(), nullable=False, server_default="{}"),
        number("times", default=1),
        instant("raised_at", now=True),
        instant("last_at", now=True),
        instant("ended_at"),
        number("acknowledged_by", required=False),
        instant("acknowledged_at"),
        check("alert", "severity", "severity in ('info', 'warning', 'critical')"),
        points_to("alert", "acknowledged_by", "staff"),
        public=True,
    )
    index("alert", "kind", "subject", where="ended_at is null", is_unique=True, name="alert_lasting_key")
    index("alert", "raised_at")
    create(
        "alert_delivery",
        number("alert_id"),
        text("sink"),
        text("event"),
        text("severity"),
        text("outcome"),
        text("reason", default=""),
        instant("tried_at", now=True),
        check("alert_delivery", "event", "event in ('raised', 'ended')"),
        check("alert_delivery", "outcome", "outcome in ('told', 'refused', 'unknown')"),
        points_to("alert_delivery", "alert_id", "alert"),
        append_only=True,
    )
    index("alert_delivery", "alert_id")


def _dimensions() -> None:
    for table in ("ledger_entry", "document_line"):
        add_reference(table, "supplier_id", "supplier")
        add_reference(table, "channel_id", "supply_channel")
    index("ledger_entry", "supplier_id", "account", where="supplier_id is not null", name="ledger_entry_supplier_idx")
    add_reference("card_batch", "supplier_id", "supplier")
    index("card_batch", "supplier_id")
