"""Telling customers what happened: notices, one-time codes on their way, preferences, who waits for goods."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from transactional.migrations.tables import check, create, index, instant, number, octets, points_to, text, unique

revision = "0005"
down_revision = "0004"

STATES = "state in ('queued', 'sending', 'sent', 'failed', 'unknown', 'muted')"
CHANNELS = "channel in ('email', 'sms')"
FROM_NOW_ON = """
insert into shop.notice_sweep (last_xid, last_id) values (pg_snapshot_xmin(pg_current_snapshot())::text::bigint, 0)
"""


def upgrade() -> None:
    _notices()
    _codes()
    _wishes()
    create("notice_sweep", number("last_xid"), number("last_id"))
    op.execute(FROM_NOW_ON)


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")


def _notices() -> None:
    create(
        "notice",
        number("customer_id"),
        text("kind"),
        text("subject"),
        sa.Column("values", JSONB(), server_default="{}", nullable=False),
        text("state", default="queued"),
        text("channel", required=False),
        number("attempts", default=0),
        number("unclear", default=0),
        instant("begun_at"),
        instant("sent_at"),
        text("provider_ref", required=False),
        text("reason", default=""),
        instant("read_at"),
        points_to("notice", "customer_id", "customer"),
        unique("notice", "customer_id", "kind", "subject"),
        check("notice", "state", STATES),
        check("notice", "channel", CHANNELS),
        public=True,
    )
    index("notice", "id", where="state in ('queued', 'sending')", name="notice_open_idx")


def _codes() -> None:
    create(
        "code_message",
        text("channel"),
        text("purpose"),
        text("language"),
        number("minutes"),
        instant("expires_at", required=True),
        number("data_key_id"),
        octets("sealed", required=False),
        text("state", default="queued"),
        number("attempts", default=0),
        instant("begun_at"),
        instant("sent_at"),
        text("provider_ref", required=False),
        text("reason", default=""),
        points_to("code_message", "data_key_id", "data_key"),
        check("code_message", "state", STATES),
        check("code_message", "channel", CHANNELS),
        check("code_message", "sealed_until_sent", "(sealed is null) = (state in ('sent', 'failed', 'unknown'))"),
        public=True,
    )
    index("code_message", "id", where="sealed is not null", name="code_message_open_idx")


def _wishes() -> None:
    create(
        "notice_preference",
        number("customer_id"),
        text("topic"),
        text("channel"),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        points_to("notice_preference", "customer_id", "customer"),
        unique("notice_preference", "customer_id", "topic", "channel"),
        check("notice_preference", "channel", CHANNELS),
    )
    create(
        "restock_watch",
        number("customer_id"),
        number("sku_id"),
        instant("asked_at", required=True),
        instant("told_at"),
        number("times", default=1),
        points_to("restock_watch", "customer_id", "customer"),
        points_to("restock_watch", "sku_id", "sku"),
        unique("restock_watch", "customer_id", "sku_id"),
    )
    index("restock_watch", "sku_id", "asked_at", where="told_at is null", name="restock_watch_waiting_idx")
    index("restock_watch", "told_at", where="told_at is not null", name="restock_watch_told_idx")
