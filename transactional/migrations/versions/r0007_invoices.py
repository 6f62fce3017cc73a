"""Requests for invoices (发票)."""

import sqlalchemy as sa

from transactional.migrations.tables import check, create, index, instant, number, octets, points_to, text, unique

revision = "0007"
down_revision = "0006"

COMPLETE = "state not in ('issued', 'red_flushed') or (number is not null and issued_on is not null)"


def upgrade() -> None:
    _invoices()
    _orders()


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")


def _invoices() -> None:
    create(
        "invoice",
        number("customer_id"),
        text("state"),
        text("kind"),
        number("amount_fen"),
        number("data_key_id"),
        octets("sealed"),
        text("reason", default=""),
        text("code", default=""),
        text("number", required=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        text("file_type", required=False),
        number("file_key_id", required=False),
        octets("sealed_file", required=False),
        text("red_number", required=False, unique=True),
        sa.Column("red_flushed_on", sa.Date(), nullable=True),
        instant("red_due_at"),
        number("decided_by", required=False),
        instant("requested_at", now=True),
        instant("decided_at"),
        points_to("invoice", "customer_id", "customer"),
        points_to("invoice", "data_key_id", "data_key"),
        points_to("invoice", "file_key_id", "data_key"),
        points_to("invoice", "decided_by", "staff"),
        check("invoice", "state", "state in ('requested', 'issued', 'refused', 'red_flushed')"),
        check("invoice", "kind", "kind in ('person', 'company')"),
        check("invoice", "file_type", "file_type in ('pdf', 'ofd')"),
        check("invoice", "positive", "amount_fen > 0"),
        check("invoice", "complete", COMPLETE),
        check("invoice", "red", "(state = 'red_flushed') = (red_number is not null)"),
        unique("invoice", "code", "number"),
        public=True,
    )
    index("invoice", "customer_id")
    index("invoice", "state", "requested_at", name="invoice_state_idx")


def _orders() -> None:
    create(
        "invoice_order",
        number("invoice_id"),
        number("order_id"),
        number("amount_fen"),
        sa.Column("is_live", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        points_to("invoice_order", "invoice_id", "invoice"),
        points_to("invoice_order", "order_id", "orders"),
        unique("invoice_order", "invoice_id", "order_id"),
        check("invoice_order", "positive", "amount_fen > 0"),
    )
    index("invoice_order", "order_id", where="is_live", is_unique=True, name="invoice_order_live_key")
