"""What a customer owns: entitlements and their history, providers, ways to them, attempts, what providers told."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from transactional.migrations.tables import check, create, index, instant, number, octets, points_to, text, unique

revision = "0008"
down_revision = "0007"

STATES = "('pending', 'ready', 'revealed', 'activated', 'used', 'expired', 'revoked')"
CAUSES = (
    "('delivered', 'began', 'shown', 'provider', 'marked', 'unmarked', 'time', 'deadline_moved', 'replaced',"
    " 'refund', 'refund_undone')"
)
KINDS = "('card_code', 'api_topup', 'manual_service', 'physical', 'bundle', 'membership')"
ATTEMPTS = "('opened', 'lapsed', 'unknown', 'failed', 'activated', 'used', 'expired', 'cancelled')"
VERDICTS = "('accepted', 'duplicate', 'bad_signature', 'stale', 'malformed', 'unknown_activation')"


def upgrade() -> None:
    _providers()
    _entitlements()
    _attempts()


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")


def _providers() -> None:
    create(
        "provider",
        text("key", unique=True),
        text("name_zh"),
        text("name_en"),
        text("launch_url"),
        text("api_url"),
        number("data_key_id"),
        octets("sealed_secret"),
        instant("paused_at"),
        points_to("provider", "data_key_id", "data_key"),
        public=True,
    )
    create(
        "product_provider",
        number("product_id"),
        number("provider_id"),
        text("provider_product", default=""),
        instant("removed_at"),
        points_to("product_provider", "product_id", "product"),
        points_to("product_provider", "provider_id", "provider"),
    )
    index("product_provider", "provider_id")
    index("product_provider", "product_id", where="removed_at is null", is_unique=True, name="product_provider_one_key")
    create(
        "provider_account",
        number("customer_id"),
        number("provider_id"),
        number("data_key_id"),
        octets("sealed"),
        instant("removed_at"),
        points_to("provider_account", "customer_id", "customer"),
        points_to("provider_account", "provider_id", "provider"),
        points_to("provider_account", "data_key_id", "data_key"),
        public=True,
    )
    index("provider_account", "provider_id")
    index(
        "provider_account",
        "customer_id",
        "provider_id",
        where="removed_at is null",
        is_unique=True,
        name="provider_account_one_key",
    )


def _entitlements() -> None:
    create(
        "entitlement",
        number("fulfilment_id"),
        number("order_id"),
        number("customer_id"),
        number("sku_id"),
        number("product_id"),
        text("kind"),
        text("state"),
        number("card_id", required=False),
        *(instant(f"{what}_at") for what in ("replaced", "revealed", "activated", "used", "expires")),
        text("provider_ref", required=False),
        instant("look_at"),
        points_to("entitlement", "fulfilment_id", "fulfilment"),
        points_to("entitlement", "order_id", "orders"),
        points_to("entitlement", "customer_id", "customer"),
        points_to("entitlement", "sku_id", "sku"),
        points_to("entitlement", "product_id", "product"),
        points_to("entitlement", "card_id", "card"),
        unique("entitlement", "fulfilment_id"),
        check("entitlement", "state", f"state in {STATES}"),
        check("entitlement", "kind", f"kind in {KINDS}"),
        public=True,
    )
    index("entitlement", "order_id")
    index("entitlement", "customer_id")
    index("entitlement", "look_at", where="look_at is not null", name="entitlement_look_idx")
    create(
        "entitlement_event",
        number("entitlement_id"),
        text("from_state", required=False),
        text("to_state"),
        text("cause"),
        instant("happened_at", now=True),
        points_to("entitlement_event", "entitlement_id", "entitlement"),
        check("entitlement_event", "to_state", f"to_state in {STATES}"),
        check("entitlement_event", "cause", f"cause in {CAUSES}"),
        append_only=True,
    )
    index("entitlement_event", "entitlement_id")
    create("entitlement_sweep", number("swept_xid", default=0))


def _attempts() -> None:
    create(
        "benefit_launch",
        number("customer_id"),
        number("provider_id"),
        number("provider_account_id", required=False),
        octets("nonce"),
        text("return_url"),
        instant("opened_at", required=True),
        instant("expires_at", required=True),
        instant("claimed_at"),
        points_to("benefit_launch", "customer_id", "customer"),
        points_to("benefit_launch", "provider_id", "provider"),
        points_to("benefit_launch", "provider_account_id", "provider_account"),
        public=True,
    )
    index("benefit_launch", "customer_id")
    index("benefit_launch", "provider_id")
    create(
        "activation",
        number("launch_id"),
        number("entitlement_id"),
        number("provider_id"),
        number("card_id", required=False),
        text("state", default="opened"),
        number("version", default=0),
        text("provider_ref", required=False),
        *(instant(name) for name in ("valid_until", "confirmed_at", "query_at", "queried_at")),
        number("queries", default=0),
        points_to("activation", "launch_id", "benefit_launch"),
        points_to("activation", "entitlement_id", "entitlement"),
        points_to("activation", "provider_id", "provider"),
        points_to("activation", "card_id", "card"),
        unique("activation", "launch_id", "entitlement_id"),
        check("activation", "state", f"state in {ATTEMPTS}"),
        public=True,
    )
    index("activation", "entitlement_id")
    index("activation", "provider_id")
    index(
        "activation",
        "entitlement_id",
        where="state in ('opened', 'unknown')",
        is_unique=True,
        name="activation_under_way_key",
    )
    index("activation", "query_at", where="query_at is not null", name="activation_query_idx")
    create(
        "activation_outcome",
        number("activation_id"),
        text("state"),
        text("learnt_by"),
        number("version", default=0),
        instant("happened_at", now=True),
        sa.Column("detail", postgresql.JSONB(), server_default="{}", nullable=False),
        points_to("activation_outcome", "activation_id", "activation"),
        check("activation_outcome", "state", f"state in {ATTEMPTS}"),
        check("activation_outcome", "learnt_by", "learnt_by in ('shop', 'claim', 'query')"),
        append_only=True,
    )
    index("activation_outcome", "activation_id")
    create(
        "provider_event",
        number("provider_id"),
        text("event_id"),
        text("verdict"),
        number("activation_id", required=False),
        octets("body_sha256"),
        number("data_key_id"),
        octets("sealed_body"),
        instant("received_at", now=True),
        points_to("provider_event", "provider_id", "provider"),
        points_to("provider_event", "activation_id", "activation"),
        points_to("provider_event", "data_key_id", "data_key"),
        check("provider_event", "verdict", f"verdict in {VERDICTS}"),
        append_only=True,
        public=True,
    )
    index("provider_event", "activation_id")
    index(
        "provider_event",
        "provider_id",
        "event_id",
        where="verdict = 'accepted'",
        is_unique=True,
        name="provider_event_once_key",
    )
