"""Money from outside: gateways, holds, bundles, manual delivery, defects, seals, closed months, acts and cases."""

from alembic import op
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from transactional.migrations.change_log import add_append_only, add_mutable

revision = "0002"
down_revision = "0001"

APPEND_ONLY = (
    "ledger_seal",
    "gateway_bill",
    "gateway_settlement",
    "month_close",
    "staff_act",
    "chargeback",
    "batch_cost_correction",
    "batch_credit",
    "card_export",
    "gateway_bill_line",
    "payment_notification",
    "card_defect",
)
MUTABLE = (
    "external_call",
    "review_case",
    "bundle_item",
    "cart_item",
    "profit_share",
    "refund_payout",
    "unapplied_receipt",
    "membership_period",
    "sealed_delivery",
)

REFUSE_CLOSED_MONTH = """
create function shop.refuse_closed_month() returns trigger language plpgsql as $$
declare
    culprit record;
begin
    select n.reference, n.ledger_date into culprit from new_transactions as n
    where n.ledger_date < (select max(month) + interval '1 month' from shop.month_close) limit 1;
    if found then
        raise exception 'ledger transaction % is dated %, in a closed month', culprit.reference, culprit.ledger_date
            using errcode = 'check_violation', constraint = 'ledger_transaction_month_open_check';
    end if;
    return null;
end $$;

create trigger refuse_closed_month after insert on shop.ledger_transaction
    referencing new table as new_transactions for each statement execute function shop.refuse_closed_month();
"""

# The service's role may only insert, and so cannot lock the table in this mode itself.
WAIT_FOR_LEDGER_WRITERS = """
create function shop.wait_for_ledger_writers() returns void language plpgsql security definer
set search_path = pg_catalog as $$
begin
    lock table shop.ledger_transaction in share row exclusive mode;
end $$;

revoke all on function shop.wait_for_ledger_writers() from public;
grant execute on function shop.wait_for_ledger_writers() to shop_app;
"""


def upgrade() -> None:
    op.create_table(
        "external_call",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="unknown", nullable=False),
        sa.Column("http_status", sa.BigInteger(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("external_call_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("external_call_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("external_call_reference_idx"), "external_call", ["reference"], unique=False, schema="shop")
    op.create_table(
        "gateway_bill",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("bill_date", sa.Date(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("line_count", sa.BigInteger(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("difference_count", sa.BigInteger(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("gateway_bill_pkey")),
        sa.UniqueConstraint("method", "bill_date", name=op.f("gateway_bill_method_bill_date_key")),
        sa.UniqueConstraint("public_id", name=op.f("gateway_bill_public_id_key")),
        schema="shop",
    )
    op.create_table(
        "ledger_seal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("seal_no", sa.BigInteger(), nullable=False),
        sa.Column("system_identifier", sa.Text(), nullable=False),
        sa.Column("horizon_xid", sa.BigInteger(), nullable=False),
        sa.Column("transaction_ids", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("lowest_id", sa.BigInteger(), nullable=False),
        sa.Column("highest_id", sa.BigInteger(), nullable=False),
        sa.Column("transaction_count", sa.BigInteger(), nullable=False),
        sa.Column("merkle_root", sa.LargeBinary(), nullable=False),
        sa.Column("previous_head", sa.LargeBinary(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("ledger_seal_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("ledger_seal_public_id_key")),
        sa.UniqueConstraint("seal_no", name=op.f("ledger_seal_seal_no_key")),
        schema="shop",
    )
    op.create_table(
        "gateway_settlement",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("bank_reference", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("gateway_settlement_positive_check")),
        sa.ForeignKeyConstraint(["recorded_by"], ["shop.staff.id"], name=op.f("gateway_settlement_recorded_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("gateway_settlement_pkey")),
        sa.UniqueConstraint("method", "bank_reference", name=op.f("gateway_settlement_method_bank_reference_key")),
        sa.UniqueConstraint("public_id", name=op.f("gateway_settlement_public_id_key")),
        schema="shop",
    )
    op.create_table(
        "month_close",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("extract(day from month) = 1", name=op.f("month_close_first_day_check")),
        sa.ForeignKeyConstraint(["closed_by"], ["shop.staff.id"], name=op.f("month_close_closed_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("month_close_pkey")),
        sa.UniqueConstraint("month", name=op.f("month_close_month_key")),
        sa.UniqueConstraint("public_id", name=op.f("month_close_public_id_key")),
        schema="shop",
    )
    op.create_table(
        "review_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.BigInteger(), nullable=True),
        sa.Column("resolution", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("state in ('open', 'resolved')", name=op.f("review_case_state_check")),
        sa.ForeignKeyConstraint(["resolved_by"], ["shop.staff.id"], name=op.f("review_case_resolved_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("review_case_pkey")),
        sa.UniqueConstraint("kind", "subject", name=op.f("review_case_kind_subject_key")),
        sa.UniqueConstraint("public_id", name=op.f("review_case_public_id_key")),
        schema="shop",
    )
    op.create_index(
        "review_case_open_idx",
        "review_case",
        ["opened_at"],
        unique=False,
        schema="shop",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "staff_act",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["shop.staff.id"], name=op.f("staff_act_staff_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_act_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("staff_act_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("staff_act_staff_id_idx"), "staff_act", ["staff_id"], unique=False, schema="shop")
    op.create_index(op.f("staff_act_subject_idx"), "staff_act", ["subject"], unique=False, schema="shop")
    op.create_table(
        "bundle_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bundle_sku_id", sa.BigInteger(), nullable=False),
        sa.Column("part_sku_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("bundle_sku_id <> part_sku_id", name=op.f("bundle_item_not_itself_check")),
        sa.CheckConstraint("quantity > 0", name=op.f("bundle_item_quantity_check")),
        sa.ForeignKeyConstraint(["bundle_sku_id"], ["shop.sku.id"], name=op.f("bundle_item_bundle_sku_id_fkey")),
        sa.ForeignKeyConstraint(["part_sku_id"], ["shop.sku.id"], name=op.f("bundle_item_part_sku_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("bundle_item_pkey")),
        schema="shop",
    )
    op.create_index(
        "bundle_item_part_key",
        "bundle_item",
        ["bundle_sku_id", "part_sku_id"],
        unique=True,
        schema="shop",
        postgresql_where=sa.text("removed_at is null"),
    )
    op.create_index(op.f("bundle_item_part_sku_id_idx"), "bundle_item", ["part_sku_id"], unique=False, schema="shop")
    op.create_table(
        "cart_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("quantity between 0 and 100", name=op.f("cart_item_quantity_check")),
        sa.ForeignKeyConstraint(["customer_id"], ["shop.customer.id"], name=op.f("cart_item_customer_id_fkey")),
        sa.ForeignKeyConstraint(["sku_id"], ["shop.sku.id"], name=op.f("cart_item_sku_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("cart_item_pkey")),
        sa.UniqueConstraint("customer_id", "sku_id", name=op.f("cart_item_customer_id_sku_id_key")),
        schema="shop",
    )
    op.create_table(
        "chargeback",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("gateway_reference", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("charged_back_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("amount_fen > 0 and fee_fen >= 0", name=op.f("chargeback_amounts_check")),
        sa.ForeignKeyConstraint(["payment_id"], ["shop.payment.id"], name=op.f("chargeback_payment_id_fkey")),
        sa.ForeignKeyConstraint(["recorded_by"], ["shop.staff.id"], name=op.f("chargeback_recorded_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("chargeback_pkey")),
        sa.UniqueConstraint("gateway_reference", name=op.f("chargeback_gateway_reference_key")),
        sa.UniqueConstraint("public_id", name=op.f("chargeback_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("chargeback_payment_id_idx"), "chargeback", ["payment_id"], unique=False, schema="shop")
    op.create_table(
        "profit_share",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("returned_share_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("out_order_no", sa.Text(), nullable=False),
        sa.Column("receiver_account", sa.Text(), server_default="", nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("gateway_share_no", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("times_asked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("kind in ('share', 'return', 'release')", name=op.f("profit_share_kind_check")),
        sa.CheckConstraint(
            "state in ('created', 'processing', 'succeeded', 'failed')", name=op.f("profit_share_state_check")
        ),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("profit_share_not_negative_check")),
        sa.ForeignKeyConstraint(["payment_id"], ["shop.payment.id"], name=op.f("profit_share_payment_id_fkey")),
        sa.ForeignKeyConstraint(
            ["returned_share_id"], ["shop.profit_share.id"], name=op.f("profit_share_returned_share_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("profit_share_pkey")),
        sa.UniqueConstraint("out_order_no", name=op.f("profit_share_out_order_no_key")),
        sa.UniqueConstraint("public_id", name=op.f("profit_share_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("profit_share_payment_id_idx"), "profit_share", ["payment_id"], unique=False, schema="shop")
    op.create_table(
        "refund_payout",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_returned_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("out_refund_no", sa.Text(), nullable=False),
        sa.Column("gateway_refund_no", sa.Text(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("paid_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("times_asked", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint(
            "method in ('wallet', 'wechat', 'alipay', 'unionpay', 'bank')", name=op.f("refund_payout_method_check")
        ),
        sa.CheckConstraint(
            "state in ('created', 'processing', 'succeeded', 'failed')", name=op.f("refund_payout_state_check")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("refund_payout_positive_check")),
        sa.ForeignKeyConstraint(["payment_id"], ["shop.payment.id"], name=op.f("refund_payout_payment_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("refund_payout_pkey")),
        sa.UniqueConstraint("out_refund_no", name=op.f("refund_payout_out_refund_no_key")),
        sa.UniqueConstraint("public_id", name=op.f("refund_payout_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("refund_payout_payment_id_idx"), "refund_payout", ["payment_id"], unique=False, schema="shop")
    op.create_table(
        "batch_cost_correction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("difference_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("corrected_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["shop.card_batch.id"], name=op.f("batch_cost_correction_batch_id_fkey")),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["shop.staff.id"], name=op.f("batch_cost_correction_recorded_by_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("batch_cost_correction_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("batch_cost_correction_public_id_key")),
        schema="shop",
    )
    op.create_index(
        op.f("batch_cost_correction_batch_id_idx"), "batch_cost_correction", ["batch_id"], unique=False, schema="shop"
    )
    op.create_table(
        "batch_credit",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("recorded_by", sa.BigInteger(), nullable=True),
        sa.Column("credited_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("batch_credit_positive_check")),
        sa.ForeignKeyConstraint(["batch_id"], ["shop.card_batch.id"], name=op.f("batch_credit_batch_id_fkey")),
        sa.ForeignKeyConstraint(["recorded_by"], ["shop.staff.id"], name=op.f("batch_credit_recorded_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("batch_credit_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("batch_credit_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("batch_credit_batch_id_idx"), "batch_credit", ["batch_id"], unique=False, schema="shop")
    op.create_table(
        "card_export",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("card_count", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("exported_by", sa.BigInteger(), nullable=True),
        sa.Column("exported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["shop.card_batch.id"], name=op.f("card_export_batch_id_fkey")),
        sa.ForeignKeyConstraint(["exported_by"], ["shop.staff.id"], name=op.f("card_export_exported_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("card_export_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("card_export_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("card_export_batch_id_idx"), "card_export", ["batch_id"], unique=False, schema="shop")
    op.create_table(
        "gateway_bill_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("bill_id", sa.BigInteger(), nullable=False),
        sa.Column("line_no", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("out_trade_no", sa.Text(), nullable=False),
        sa.Column("gateway_trade_no", sa.Text(), nullable=False),
        sa.Column("out_refund_no", sa.Text(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("fee_difference_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("kind in ('payment', 'refund')", name=op.f("gateway_bill_line_kind_check")),
        sa.ForeignKeyConstraint(["bill_id"], ["shop.gateway_bill.id"], name=op.f("gateway_bill_line_bill_id_fkey")),
        sa.ForeignKeyConstraint(["payment_id"], ["shop.payment.id"], name=op.f("gateway_bill_line_payment_id_fkey")),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["shop.refund_payout.id"], name=op.f("gateway_bill_line_payout_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("gateway_bill_line_pkey")),
        sa.UniqueConstraint("bill_id", "line_no", name=op.f("gateway_bill_line_bill_id_line_no_key")),
        sa.UniqueConstraint("public_id", name=op.f("gateway_bill_line_public_id_key")),
        schema="shop",
    )
    op.create_index(
        op.f("gateway_bill_line_payment_id_idx"), "gateway_bill_line", ["payment_id"], unique=False, schema="shop"
    )
    op.create_index(
        op.f("gateway_bill_line_payout_id_idx"), "gateway_bill_line", ["payout_id"], unique=False, schema="shop"
    )
    op.create_table(
        "payment_notification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("out_trade_no", sa.Text(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("gateway_event_id", sa.Text(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("data_key_id", sa.BigInteger(), nullable=True),
        sa.Column("sealed_body", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint(
            "verdict in ('applied', 'duplicate', 'unmatched', 'wrong_amount', 'malformed', 'stale', 'unknown_serial', 'bad_signature', 'wrong_merchant')",
            name=op.f("payment_notification_verdict_check"),
        ),
        sa.ForeignKeyConstraint(
            ["data_key_id"], ["shop.data_key.id"], name=op.f("payment_notification_data_key_id_fkey")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["shop.payment.id"], name=op.f("payment_notification_payment_id_fkey")),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["shop.refund_payout.id"], name=op.f("payment_notification_payout_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payment_notification_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("payment_notification_public_id_key")),
        schema="shop",
    )
    op.create_index(
        op.f("payment_notification_out_trade_no_idx"),
        "payment_notification",
        ["out_trade_no"],
        unique=False,
        schema="shop",
    )
    op.create_index(
        op.f("payment_notification_payment_id_idx"), "payment_notification", ["payment_id"], unique=False, schema="shop"
    )
    op.create_table(
        "unapplied_receipt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found_by", sa.Text(), nullable=False),
        sa.Column("out_trade_no", sa.Text(), nullable=False),
        sa.Column("gateway_trade_no", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("found_by in ('notice', 'query', 'bill')", name=op.f("unapplied_receipt_found_by_check")),
        sa.CheckConstraint(
            "state in ('open', 'returning', 'returned', 'applied')", name=op.f("unapplied_receipt_state_check")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("unapplied_receipt_positive_check")),
        sa.ForeignKeyConstraint(["payment_id"], ["shop.payment.id"], name=op.f("unapplied_receipt_payment_id_fkey")),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["shop.refund_payout.id"], name=op.f("unapplied_receipt_payout_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("unapplied_receipt_pkey")),
        sa.UniqueConstraint("method", "gateway_trade_no", name=op.f("unapplied_receipt_method_gateway_trade_no_key")),
        sa.UniqueConstraint("public_id", name=op.f("unapplied_receipt_public_id_key")),
        schema="shop",
    )
    op.create_index(
        op.f("unapplied_receipt_payment_id_idx"), "unapplied_receipt", ["payment_id"], unique=False, schema="shop"
    )
    op.create_table(
        "membership_period",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("fulfilment_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("released_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.CheckConstraint("days > 0", name=op.f("membership_period_days_check")),
        sa.CheckConstraint("released_fen between 0 and net_fen", name=op.f("membership_period_released_check")),
        sa.ForeignKeyConstraint(["customer_id"], ["shop.customer.id"], name=op.f("membership_period_customer_id_fkey")),
        sa.ForeignKeyConstraint(
            ["fulfilment_id"], ["shop.fulfilment.id"], name=op.f("membership_period_fulfilment_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("membership_period_pkey")),
        sa.UniqueConstraint("fulfilment_id", name=op.f("membership_period_fulfilment_id_key")),
        sa.UniqueConstraint("public_id", name=op.f("membership_period_public_id_key")),
        schema="shop",
    )
    op.create_index(
        op.f("membership_period_customer_id_idx"), "membership_period", ["customer_id"], unique=False, schema="shop"
    )
    op.create_table(
        "sealed_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("fulfilment_id", sa.BigInteger(), nullable=False),
        sa.Column("data_key_id", sa.BigInteger(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.ForeignKeyConstraint(["data_key_id"], ["shop.data_key.id"], name=op.f("sealed_delivery_data_key_id_fkey")),
        sa.ForeignKeyConstraint(
            ["fulfilment_id"], ["shop.fulfilment.id"], name=op.f("sealed_delivery_fulfilment_id_fkey")
        ),
        sa.ForeignKeyConstraint(["written_by"], ["shop.staff.id"], name=op.f("sealed_delivery_written_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sealed_delivery_pkey")),
        sa.UniqueConstraint("fulfilment_id", name=op.f("sealed_delivery_fulfilment_id_key")),
        sa.UniqueConstraint("public_id", name=op.f("sealed_delivery_public_id_key")),
        schema="shop",
    )
    op.create_table(
        "card_defect",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("fulfilment_id", sa.BigInteger(), nullable=True),
        sa.Column("replacement_card_id", sa.BigInteger(), nullable=True),
        sa.Column("cost_fen", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid", sa.BigInteger(), server_default=sa.text("(pg_current_xact_id()::text)::bigint"), nullable=False
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["shop.card_batch.id"], name=op.f("card_defect_batch_id_fkey")),
        sa.ForeignKeyConstraint(["card_id"], ["shop.card.id"], name=op.f("card_defect_card_id_fkey")),
        sa.ForeignKeyConstraint(["fulfilment_id"], ["shop.fulfilment.id"], name=op.f("card_defect_fulfilment_id_fkey")),
        sa.ForeignKeyConstraint(
            ["replacement_card_id"], ["shop.card.id"], name=op.f("card_defect_replacement_card_id_fkey")
        ),
        sa.ForeignKeyConstraint(["reported_by"], ["shop.staff.id"], name=op.f("card_defect_reported_by_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("card_defect_pkey")),
        sa.UniqueConstraint("card_id", name=op.f("card_defect_card_id_key")),
        sa.UniqueConstraint("public_id", name=op.f("card_defect_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("card_defect_batch_id_idx"), "card_defect", ["batch_id"], unique=False, schema="shop")
    op.create_index(
        op.f("card_defect_fulfilment_id_idx"), "card_defect", ["fulfilment_id"], unique=False, schema="shop"
    )
    op.add_column("card", sa.Column("held_item_id", sa.BigInteger(), nullable=True), schema="shop")
    op.add_column("card", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True), schema="shop")
    op.add_column("card", sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True), schema="shop")
    op.create_index(
        "card_held_idx",
        "card",
        ["held_item_id"],
        unique=False,
        schema="shop",
        postgresql_where=sa.text("held_item_id is not null"),
    )
    op.create_foreign_key(
        op.f("card_held_item_id_fkey"),
        "card",
        "order_item",
        ["held_item_id"],
        ["id"],
        source_schema="shop",
        referent_schema="shop",
    )
    op.add_column("card_batch", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True), schema="shop")
    op.alter_column("card_batch", "file_sha256", existing_type=sa.LargeBinary(), nullable=True, schema="shop")
    op.add_column("data_key", sa.Column("purpose", sa.Text(), server_default="codes", nullable=False), schema="shop")
    op.add_column("data_key", sa.Column("period", sa.Text(), nullable=True), schema="shop")
    op.add_column("data_key", sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True), schema="shop")
    op.create_index(
        "data_key_purpose_key",
        "data_key",
        ["purpose", "period"],
        unique=True,
        schema="shop",
        postgresql_where=sa.text("superseded_at is null and period is not null"),
    )
    op.add_column("card_reveal", sa.Column("sealed_delivery_id", sa.BigInteger(), nullable=True), schema="shop")
    op.alter_column("card_reveal", "card_id", existing_type=sa.BIGINT(), nullable=True, schema="shop")
    op.create_index(
        "card_reveal_customer_idx", "card_reveal", ["customer_id", "revealed_at"], unique=False, schema="shop"
    )
    op.create_index(
        op.f("card_reveal_sealed_delivery_id_idx"), "card_reveal", ["sealed_delivery_id"], unique=False, schema="shop"
    )
    op.create_foreign_key(
        op.f("card_reveal_sealed_delivery_id_fkey"),
        "card_reveal",
        "sealed_delivery",
        ["sealed_delivery_id"],
        ["id"],
        source_schema="shop",
        referent_schema="shop",
    )
    op.add_column("fulfilment", sa.Column("waits_for", sa.Text(), nullable=True), schema="shop")
    op.add_column("fulfilment", sa.Column("delivered_by", sa.BigInteger(), nullable=True), schema="shop")
    op.create_index(
        "fulfilment_waiting_idx",
        "fulfilment",
        ["waits_for", "id"],
        unique=False,
        schema="shop",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_foreign_key(
        op.f("fulfilment_delivered_by_fkey"),
        "fulfilment",
        "staff",
        ["delivered_by"],
        ["id"],
        source_schema="shop",
        referent_schema="shop",
    )
    op.add_column("order_item", sa.Column("bundle_sku_id", sa.BigInteger(), nullable=True), schema="shop")
    op.add_column("order_item", sa.Column("bundle_quantity", sa.BigInteger(), nullable=True), schema="shop")
    op.add_column(
        "order_item", sa.Column("form_answers", postgresql.JSONB(astext_type=sa.Text()), nullable=True), schema="shop"
    )
    op.create_foreign_key(
        op.f("order_item_bundle_sku_id_fkey"),
        "order_item",
        "sku",
        ["bundle_sku_id"],
        ["id"],
        source_schema="shop",
        referent_schema="shop",
    )
    op.add_column("orders", sa.Column("pay_by", sa.DateTime(timezone=True), nullable=True), schema="shop")
    op.add_column("orders", sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True), schema="shop")
    op.add_column("orders", sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True), schema="shop")
    op.create_index(
        "orders_unpaid_idx",
        "orders",
        ["pay_by"],
        unique=False,
        schema="shop",
        postgresql_where=sa.text("state = 'pending_payment'"),
    )
    op.add_column("payment", sa.Column("out_trade_no", sa.Text(), nullable=True), schema="shop")
    op.add_column("payment", sa.Column("way", sa.Text(), nullable=True), schema="shop")
    op.add_column("payment", sa.Column("gateway_trade_no", sa.Text(), nullable=True), schema="shop")
    op.add_column("payment", sa.Column("pay_link", sa.Text(), nullable=True), schema="shop")
    op.add_column("payment", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True), schema="shop")
    op.add_column("payment", sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True), schema="shop")
    op.add_column(
        "payment", sa.Column("times_asked", sa.BigInteger(), server_default="0", nullable=False), schema="shop"
    )
    op.add_column(
        "payment", sa.Column("shares_profit", sa.Boolean(), server_default="false", nullable=False), schema="shop"
    )
    op.create_index("payment_gateway_trade_key", "payment", ["method", "gateway_trade_no"], unique=True, schema="shop")
    op.create_index(
        "payment_one_success_key",
        "payment",
        ["order_id"],
        unique=True,
        schema="shop",
        postgresql_where=sa.text("state = 'succeeded'"),
    )
    op.create_unique_constraint(op.f("payment_out_trade_no_key"), "payment", ["out_trade_no"], schema="shop")
    op.create_index(
        "payment_to_ask_idx",
        "payment",
        ["ask_at"],
        unique=False,
        schema="shop",
        postgresql_where=sa.text("state in ('created', 'pending')"),
    )
    op.add_column(
        "product",
        sa.Column("delivery_form", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        schema="shop",
    )
    op.add_column("refund", sa.Column("payout_id", sa.BigInteger(), nullable=True), schema="shop")
    op.create_index(op.f("refund_payout_id_idx"), "refund", ["payout_id"], unique=False, schema="shop")
    op.create_foreign_key(
        op.f("refund_payout_id_fkey"),
        "refund",
        "refund_payout",
        ["payout_id"],
        ["id"],
        source_schema="shop",
        referent_schema="shop",
    )
    op.add_column(
        "shop_profile", sa.Column("selling_paused_at", sa.DateTime(timezone=True), nullable=True), schema="shop"
    )
    op.add_column(
        "shop_profile", sa.Column("pause_reason", sa.Text(), server_default="", nullable=False), schema="shop"
    )
    op.add_column(
        "sku", sa.Column("max_per_order", sa.BigInteger(), server_default="100", nullable=False), schema="shop"
    )
    op.add_column("sku", sa.Column("duration_days", sa.BigInteger(), nullable=True), schema="shop")
    _checks()
    for table in MUTABLE:
        add_mutable(table)
    for table in APPEND_ONLY:
        add_append_only(table)
    op.execute(REFUSE_CLOSED_MONTH)
    op.execute(WAIT_FOR_LEDGER_WRITERS)
    op.execute("grant usage, select on all sequences in schema shop to shop_app")


def _checks() -> None:
    """States and ways that tables of the first revision learn."""
    for table, name, condition in (
        ("payment", "state", "state in ('created', 'pending', 'succeeded', 'failed', 'closed', 'unapplied')"),
        ("fulfilment", "state", "state in ('waiting', 'delivered', 'refund_pending', 'refunded', 'cancelled')"),
    ):
        op.drop_constraint(f"{table}_{name}_check", table, schema="shop")
        op.create_check_constraint(op.f(f"{table}_{name}_check"), table, condition, schema="shop")
    for table, name, condition in (
        ("fulfilment", "waits_for", "waits_for in ('stock', 'manual', 'supplier')"),
        ("card_reveal", "one_subject", "num_nonnulls(card_id, sealed_delivery_id) = 1"),
        ("sku", "max_per_order", "max_per_order between 1 and 100"),
        ("sku", "duration", "duration_days > 0"),
    ):
        op.create_check_constraint(op.f(f"{table}_{name}_check"), table, condition, schema="shop")


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
