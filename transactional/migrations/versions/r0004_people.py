"""People: telephone numbers, one-time codes, allowances, known browsers, TOTP, addresses, identity checks, consents."""

import sqlalchemy as sa
from alembic import op

from transactional.migrations.tables import (
    add,
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

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _customers()
    _staff()
    _getting_in()
    _persons()
    add("order_item", octets("sealed_answers", required=False))
    add_reference("order_item", "answers_key_id", "data_key")


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")


def _customers() -> None:
    add("customer", octets("phone_index", required=False), octets("sealed_phone", required=False))
    add_reference("customer", "phone_key_id", "data_key")
    add("customer", *(instant(f"{what}_at") for what in ("email_verified", "phone_verified", "password_changed")))
    add("customer", text("language", required=False), text("country", default="CN"), instant("erased_at"))
    op.create_unique_constraint(op.f("customer_phone_index_key"), "customer", ["phone_index"], schema="shop")
    op.create_check_constraint(
        op.f("customer_phone_check"),
        "customer",
        "num_nulls(phone_index, sealed_phone, phone_key_id) in (0, 3)",
        schema="shop",
    )
    add("session", text("device", default=""), text("network", default=""), text("opened_by", default="password"))
    add("session", instant("opened_at", now=True))


def _staff() -> None:
    add_reference("staff", "totp_key_id", "data_key")
    add("staff", octets("sealed_totp", required=False), instant("totp_confirmed_at"))
    add("staff", number("totp_last_step", required=False), instant("password_changed_at"))
    add_reference("staff", "added_by", "staff")
    create(
        "staff_recovery_code",
        number("staff_id"),
        octets("code_hash"),
        instant("used_at"),
        instant("superseded_at"),
        points_to("staff_recovery_code", "staff_id", "staff"),
        unique("staff_recovery_code", "code_hash"),
    )
    index("staff_recovery_code", "staff_id")


def _getting_in() -> None:
    create(
        "one_time_code",
        text("purpose"),
        text("channel"),
        octets("target_index"),
        octets("code_hash"),
        number("customer_id", required=False),
        instant("expires_at", required=True),
        number("tries_left"),
        instant("used_at"),
        points_to("one_time_code", "customer_id", "customer"),
        check(
            "one_time_code",
            "purpose",
            "purpose in ('register', 'log_in', 'reset_password', 'verify_contact', 'withdraw')",
        ),
        check("one_time_code", "channel", "channel in ('email', 'sms')"),
        check("one_time_code", "tries", "tries_left >= 0"),
    )
    index("one_time_code", "target_index", "purpose", name="one_time_code_target_index_idx")
    create("rate_limit", octets("key"), instant("free_at", required=True), key="key")
    create(
        "log_in_attempt",
        text("kind"),
        octets("who_index"),
        octets("address_index"),
        text("network"),
        text("outcome"),
        number("customer_id", required=False),
        number("staff_id", required=False),
        instant("happened_at", required=True),
        points_to("log_in_attempt", "customer_id", "customer"),
        points_to("log_in_attempt", "staff_id", "staff"),
        check("log_in_attempt", "kind", "kind in ('customer', 'staff')"),
        check("log_in_attempt", "outcome", "outcome in ('succeeded', 'wrong', 'refused', 'code_needed')"),
        append_only=True,
    )
    index("log_in_attempt", "happened_at")
    index("log_in_attempt", "who_index", "happened_at", name="log_in_attempt_who_index_idx")
    create(
        "known_device",
        octets("token_sha256"),
        number("customer_id", required=False),
        number("staff_id", required=False),
        instant("last_used_at", required=True),
        instant("revoked_at"),
        points_to("known_device", "customer_id", "customer"),
        points_to("known_device", "staff_id", "staff"),
        check("known_device", "one_subject", "num_nonnulls(customer_id, staff_id) = 1"),
        unique("known_device", "token_sha256"),
    )
    index("known_device", "customer_id")
    index("known_device", "staff_id")


def _persons() -> None:
    create(
        "address",
        number("customer_id"),
        number("data_key_id"),
        octets("sealed"),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        instant("removed_at"),
        points_to("address", "customer_id", "customer"),
        points_to("address", "data_key_id", "data_key"),
        public=True,
    )
    index("address", "customer_id")
    index(
        "address", "customer_id", where="is_default and removed_at is null", is_unique=True, name="address_default_key"
    )
    create(
        "identity_check",
        number("customer_id"),
        text("provider"),
        text("state"),
        number("data_key_id", required=False),
        octets("sealed", required=False),
        octets("number_index"),
        sa.Column("is_adult", sa.Boolean(), nullable=False),
        text("reason", default=""),
        text("provider_ref", required=False),
        instant("asked_at", now=True),
        instant("decided_at"),
        instant("keep_until", required=True),
        instant("purged_at"),
        points_to("identity_check", "customer_id", "customer"),
        points_to("identity_check", "data_key_id", "data_key"),
        check("identity_check", "state", "state in ('submitted', 'processing', 'unknown', 'verified', 'refused')"),
        check("identity_check", "sealed_until_purged", "(purged_at is null) = (sealed is not null)"),
        public=True,
    )
    index("identity_check", "customer_id")
    index("identity_check", "number_index")
    index(
        "identity_check",
        "customer_id",
        where="state in ('submitted', 'processing', 'unknown')",
        is_unique=True,
        name="identity_check_one_open_key",
    )
    create(
        "consent",
        number("customer_id"),
        text("document"),
        text("version"),
        text("act"),
        text("language"),
        instant("happened_at", now=True),
        points_to("consent", "customer_id", "customer"),
        check("consent", "act", "act in ('given', 'withdrawn')"),
        append_only=True,
    )
    index("consent", "customer_id", "document")
