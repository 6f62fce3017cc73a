"""The shop: accounts, catalogue, cards, orders, payments, ledger."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from transactional.migrations.change_log import FUNCTIONS, add_append_only, add_mutable

revision = "0001"
down_revision = None


CHART = (
    # code, kind, margin level, zh, en
    ("bank", "asset", None, "银行存款", "Bank"),
    ("gateway_receivable", "asset", None, "应收支付渠道", "Gateway receivable"),
    ("card_inventory", "asset", None, "卡密库存", "Card inventory"),
    ("supplier_prepaid", "asset", None, "供应商预付款", "Supplier prepaid"),
    ("purchases_in_flight", "asset", None, "在途采购", "Purchases in flight"),
    ("customer_wallet", "liability", None, "客户钱包", "Customer wallets"),
    ("unearned_sales", "liability", None, "预收货款", "Unearned sales"),
    ("unearned_membership", "liability", None, "预收会员费", "Unearned membership"),
    ("unearned_other", "liability", None, "其他预收款", "Other unearned income"),
    ("supplier_payable", "liability", None, "应付供应商", "Supplier payable"),
    ("refund_payable", "liability", None, "应付退款", "Refunds payable"),
    ("commission_payable", "liability", None, "应付佣金", "Commissions payable"),
    ("draw_stakes", "liability", None, "抽奖参与款", "Draw stakes"),
    ("unapplied_receipts", "liability", None, "待认领款项", "Unapplied receipts"),
    ("sales", "income", 1, "销售收入", "Sales"),
    ("draw_income", "income", 1, "抽奖收入", "Draw income"),
    ("membership_income", "income", 1, "会员收入", "Membership income"),
    ("other_income", "income", 1, "其他收入", "Other income"),
    ("discounts", "expense", 1, "折扣", "Discounts"),
    ("refunds", "expense", 1, "退款", "Refunds"),
    ("cogs", "expense", 1, "商品成本", "Cost of goods sold"),
    ("payment_fees", "expense", 2, "支付手续费", "Payment fees"),
    ("delivery_costs", "expense", 2, "配送成本", "Delivery costs"),
    ("supplier_losses", "expense", 2, "供应商损失", "Supplier losses"),
    ("card_losses", "expense", 2, "卡密损失", "Card losses"),
    ("chargebacks", "expense", 2, "拒付", "Chargebacks"),
    ("commissions", "expense", 3, "佣金", "Commissions"),
    ("marketing", "expense", 3, "营销费用", "Marketing"),
    ("goodwill", "expense", 3, "补偿", "Goodwill"),
    ("draw_prizes", "expense", 3, "奖品成本", "Draw prizes"),
)

ZERO_SUM = """
create function shop.refuse_unbalanced() returns trigger language plpgsql as $$
declare
    culprit record;
begin
    select transaction_id, sum(amount_fen) as difference_fen into culprit
    from new_entries group by transaction_id having sum(amount_fen) <> 0 limit 1;
    if found then
        raise exception 'ledger transaction % does not balance: difference of % fen',
            culprit.transaction_id, culprit.difference_fen using errcode = 'check_violation';
    end if;
    return null;
end $$;

create trigger refuse_unbalanced after insert on shop.ledger_entry
    referencing new table as new_entries for each statement execute function shop.refuse_unbalanced();
"""

MUTABLE = (
    "category",
    "customer",
    "data_key",
    "idempotency_key",
    "ledger_account",
    "shop_profile",
    "staff",
    "orders",
    "product",
    "session",
    "wallet",
    "payment",
    "sku",
    "card_batch",
    "order_item",
    "fulfilment",
    "card",
    "refund",
)
APPEND_ONLY = (
    "order_import",
    "ledger_transaction",
    "order_event",
    "price",
    "ledger_entry",
    "document_line",
    "card_reveal",
)


def upgrade() -> None:
    op.execute(FUNCTIONS)
    op.create_table(
        "category",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("category_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("category_public_id_key")),
        sa.UniqueConstraint("slug", name=op.f("category_slug_key")),
        schema="shop",
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("acquisition_channel", sa.Text(), server_default="direct", nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("external_ref", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("customer_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("customer_public_id_key")),
        sa.UniqueConstraint("source", "external_ref", name=op.f("customer_source_external_ref_key")),
        schema="shop",
    )
    op.create_index("customer_email_key", "customer", [sa.literal_column("lower(email)")], unique=True, schema="shop")
    op.create_table(
        "data_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("master_key_fingerprint", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("data_key_pkey")),
        schema="shop",
    )
    op.create_table(
        "idempotency_key",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status_code", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("subject", "key", name=op.f("idempotency_key_pkey")),
        schema="shop",
    )
    op.create_table(
        "ledger_account",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("margin_level", sa.BigInteger(), nullable=True),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind in ('asset', 'liability', 'income', 'expense')", name=op.f("ledger_account_kind_check")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("ledger_account_pkey")),
        schema="shop",
    )
    op.create_table(
        "order_import",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("new_row_count", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("order_import_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("order_import_public_id_key")),
        schema="shop",
    )
    op.create_table(
        "shop_profile",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint("id = 1", name=op.f("shop_profile_single_row_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("shop_profile_pkey")),
        schema="shop",
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint("role in ('owner', 'buyer', 'operator', 'auditor')", name=op.f("staff_role_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("staff_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("staff_public_id_key")),
        schema="shop",
    )
    op.create_index("staff_email_key", "staff", [sa.literal_column("lower(email)")], unique=True, schema="shop")
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("order_no", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("ordered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_ref", sa.Text(), nullable=True),
        sa.Column("import_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state in ('pending_payment', 'paid', 'fulfilling', 'partially_delivered', 'delivered', 'completed', 'cancelled', 'refund_pending', 'refunded')",
            name=op.f("orders_state_check"),
        ),
        sa.CheckConstraint("net_fen = gross_fen - discount_fen", name=op.f("orders_net_check")),
        sa.ForeignKeyConstraint(["customer_id"], ["shop.customer.id"], name=op.f("orders_customer_id_fkey")),
        sa.ForeignKeyConstraint(["import_id"], ["shop.order_import.id"], name=op.f("orders_import_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("orders_pkey")),
        sa.UniqueConstraint("order_no", name=op.f("orders_order_no_key")),
        sa.UniqueConstraint("public_id", name=op.f("orders_public_id_key")),
        sa.UniqueConstraint("source", "source_ref", name=op.f("orders_source_source_ref_key")),
        schema="shop",
    )
    op.create_index(
        "orders_customer_id_ordered_at_idx",
        "orders",
        ["customer_id", "ordered_at"],
        unique=False,
        schema="shop",
    )
    op.create_table(
        "product",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("description_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("description_en", sa.Text(), server_default="", nullable=False),
        sa.Column("tutorial_zh", sa.Text(), server_default="", nullable=False),
        sa.Column("tutorial_en", sa.Text(), server_default="", nullable=False),
        sa.Column("publish_state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind in ('card_code', 'api_topup', 'manual_service', 'physical', 'bundle', 'membership')",
            name=op.f("product_kind_check"),
        ),
        sa.CheckConstraint(
            "publish_state in ('draft', 'published', 'withdrawn')", name=op.f("product_publish_state_check")
        ),
        sa.ForeignKeyConstraint(["category_id"], ["shop.category.id"], name=op.f("product_category_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("product_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("product_public_id_key")),
        sa.UniqueConstraint("slug", name=op.f("product_slug_key")),
        schema="shop",
    )
    op.create_index(op.f("product_category_id_idx"), "product", ["category_id"], unique=False, schema="shop")
    op.create_table(
        "session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint("num_nonnulls(customer_id, staff_id) = 1", name=op.f("session_one_subject_check")),
        sa.ForeignKeyConstraint(["customer_id"], ["shop.customer.id"], name=op.f("session_customer_id_fkey")),
        sa.ForeignKeyConstraint(["staff_id"], ["shop.staff.id"], name=op.f("session_staff_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("session_pkey")),
        sa.UniqueConstraint("token_sha256", name=op.f("session_token_sha256_key")),
        schema="shop",
    )
    op.create_index(op.f("session_customer_id_idx"), "session", ["customer_id"], unique=False, schema="shop")
    op.create_index(op.f("session_staff_id_idx"), "session", ["staff_id"], unique=False, schema="shop")
    op.create_table(
        "wallet",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint("balance_fen >= 0", name=op.f("wallet_balance_not_negative_check")),
        sa.ForeignKeyConstraint(["customer_id"], ["shop.customer.id"], name=op.f("wallet_customer_id_fkey")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("wallet_pkey")),
        schema="shop",
    )
    op.create_table(
        "ledger_transaction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ledger_date", sa.Date(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["order_id"], ["shop.orders.id"], name=op.f("ledger_transaction_order_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("ledger_transaction_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("ledger_transaction_public_id_key")),
        sa.UniqueConstraint("reference", name=op.f("ledger_transaction_reference_key")),
        schema="shop",
    )
    op.create_index(
        op.f("ledger_transaction_ledger_date_idx"),
        "ledger_transaction",
        ["ledger_date"],
        unique=False,
        schema="shop",
    )
    op.create_index(
        op.f("ledger_transaction_order_id_idx"),
        "ledger_transaction",
        ["order_id"],
        unique=False,
        schema="shop",
    )
    op.create_table(
        "order_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["order_id"], ["shop.orders.id"], name=op.f("order_event_order_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("order_event_pkey")),
        schema="shop",
    )
    op.create_index(op.f("order_event_order_id_idx"), "order_event", ["order_id"], unique=False, schema="shop")
    op.create_table(
        "payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "method in ('wallet', 'wechat', 'alipay', 'unionpay', 'bank')", name=op.f("payment_method_check")
        ),
        sa.CheckConstraint("state in ('pending', 'succeeded', 'failed', 'closed')", name=op.f("payment_state_check")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("payment_positive_check")),
        sa.ForeignKeyConstraint(["order_id"], ["shop.orders.id"], name=op.f("payment_order_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("payment_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("payment_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("payment_order_id_idx"), "payment", ["order_id"], unique=False, schema="shop")
    op.create_table(
        "sku",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_zh", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("publish_state", sa.Text(), server_default="published", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "publish_state in ('draft', 'published', 'withdrawn')", name=op.f("sku_publish_state_check")
        ),
        sa.ForeignKeyConstraint(["product_id"], ["shop.product.id"], name=op.f("sku_product_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("sku_pkey")),
        sa.UniqueConstraint("code", name=op.f("sku_code_key")),
        sa.UniqueConstraint("public_id", name=op.f("sku_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("sku_product_id_idx"), "sku", ["product_id"], unique=False, schema="shop")
    op.create_table(
        "card_batch",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_name", sa.Text(), server_default="", nullable=False),
        sa.Column("card_count", sa.BigInteger(), nullable=False),
        sa.Column("total_cost_fen", sa.BigInteger(), nullable=True),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("imported_by", sa.BigInteger(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint("card_count > 0", name=op.f("card_batch_not_empty_check")),
        sa.ForeignKeyConstraint(["imported_by"], ["shop.staff.id"], name=op.f("card_batch_imported_by_fkey")),
        sa.ForeignKeyConstraint(["sku_id"], ["shop.sku.id"], name=op.f("card_batch_sku_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("card_batch_pkey")),
        sa.UniqueConstraint("file_sha256", name=op.f("card_batch_file_sha256_key")),
        sa.UniqueConstraint("public_id", name=op.f("card_batch_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("card_batch_sku_id_idx"), "card_batch", ["sku_id"], unique=False, schema="shop")
    op.create_table(
        "order_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("line_no", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint("net_fen = gross_fen - discount_fen", name=op.f("order_item_net_check")),
        sa.CheckConstraint("quantity > 0", name=op.f("order_item_quantity_check")),
        sa.ForeignKeyConstraint(["order_id"], ["shop.orders.id"], name=op.f("order_item_order_id_fkey")),
        sa.ForeignKeyConstraint(["sku_id"], ["shop.sku.id"], name=op.f("order_item_sku_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("order_item_pkey")),
        sa.UniqueConstraint("order_id", "line_no", name=op.f("order_item_order_id_line_no_key")),
        sa.UniqueConstraint("public_id", name=op.f("order_item_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("order_item_sku_id_idx"), "order_item", ["sku_id"], unique=False, schema="shop")
    op.create_table(
        "price",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("list_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint("list_price_fen >= 0", name=op.f("price_not_negative_check")),
        sa.ForeignKeyConstraint(["sku_id"], ["shop.sku.id"], name=op.f("price_sku_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("price_pkey")),
        sa.UniqueConstraint("sku_id", "valid_from", name=op.f("price_sku_id_valid_from_key")),
        schema="shop",
    )
    op.create_table(
        "fulfilment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("order_item_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_no", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), nullable=False),
        sa.Column("cost_fen", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state in ('waiting', 'delivered', 'refunded', 'cancelled')", name=op.f("fulfilment_state_check")
        ),
        sa.ForeignKeyConstraint(["order_item_id"], ["shop.order_item.id"], name=op.f("fulfilment_order_item_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("fulfilment_pkey")),
        sa.UniqueConstraint("order_item_id", "unit_no", name=op.f("fulfilment_order_item_id_unit_no_key")),
        sa.UniqueConstraint("public_id", name=op.f("fulfilment_public_id_key")),
        schema="shop",
    )
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("order_item_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ledger_entry_not_zero_check")),
        sa.ForeignKeyConstraint(["account"], ["shop.ledger_account.code"], name=op.f("ledger_entry_account_fkey")),
        sa.ForeignKeyConstraint(["customer_id"], ["shop.customer.id"], name=op.f("ledger_entry_customer_id_fkey")),
        sa.ForeignKeyConstraint(
            ["order_item_id"], ["shop.order_item.id"], name=op.f("ledger_entry_order_item_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["shop.ledger_transaction.id"], name=op.f("ledger_entry_transaction_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("ledger_entry_pkey")),
        schema="shop",
    )
    op.create_index(
        "ledger_entry_customer_idx", "ledger_entry", ["customer_id", "account"], unique=False, schema="shop"
    )
    op.create_index(
        op.f("ledger_entry_transaction_id_idx"),
        "ledger_entry",
        ["transaction_id"],
        unique=False,
        schema="shop",
    )
    op.create_table(
        "card",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("sku_id", sa.BigInteger(), nullable=False),
        sa.Column("data_key_id", sa.BigInteger(), nullable=True),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("cost_fen", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), server_default="available", nullable=False),
        sa.Column("free_at", sa.DateTime(timezone=True), server_default=sa.text("'-infinity'"), nullable=False),
        sa.Column("pick", sa.Integer(), server_default=sa.text("(random() * 2147483647)::int"), nullable=False),
        sa.Column("delivered_fulfilment_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(state = 'delivered') <= (delivered_fulfilment_id is not null and free_at = 'infinity')",
            name=op.f("card_delivered_has_fulfilment_check"),
        ),
        sa.CheckConstraint("state in ('available', 'delivered', 'defective', 'void')", name=op.f("card_state_check")),
        sa.ForeignKeyConstraint(["batch_id"], ["shop.card_batch.id"], name=op.f("card_batch_id_fkey")),
        sa.ForeignKeyConstraint(["data_key_id"], ["shop.data_key.id"], name=op.f("card_data_key_id_fkey")),
        sa.ForeignKeyConstraint(
            ["delivered_fulfilment_id"],
            ["shop.fulfilment.id"],
            name=op.f("card_delivered_fulfilment_id_fkey"),
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["shop.sku.id"], name=op.f("card_sku_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("card_pkey")),
        sa.UniqueConstraint("delivered_fulfilment_id", name=op.f("card_delivered_fulfilment_id_key")),
        sa.UniqueConstraint("fingerprint", name=op.f("card_fingerprint_key")),
        schema="shop",
    )
    op.create_index(op.f("card_batch_id_idx"), "card", ["batch_id"], unique=False, schema="shop")
    op.create_index(
        "card_free_idx",
        "card",
        ["sku_id", "free_at", "pick"],
        unique=False,
        schema="shop",
        postgresql_where=sa.text("delivered_fulfilment_id is null"),
    )
    op.create_table(
        "document_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("component", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("order_item_id", sa.BigInteger(), nullable=True),
        sa.Column("fulfilment_id", sa.BigInteger(), nullable=True),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "component in ('gross_sales', 'discounts', 'refunds', 'draw_income', 'membership_income', 'other_income', 'cogs', 'payment_fees', 'delivery_costs', 'supplier_losses', 'card_losses', 'chargebacks', 'commissions', 'marketing', 'goodwill', 'draw_prizes')",
            name=op.f("document_line_component_check"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["shop.customer.id"], name=op.f("document_line_customer_id_fkey")),
        sa.ForeignKeyConstraint(
            ["fulfilment_id"], ["shop.fulfilment.id"], name=op.f("document_line_fulfilment_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["order_item_id"], ["shop.order_item.id"], name=op.f("document_line_order_item_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["shop.ledger_transaction.id"], name=op.f("document_line_transaction_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("document_line_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("document_line_public_id_key")),
        schema="shop",
    )
    op.create_index(
        op.f("document_line_order_item_id_idx"),
        "document_line",
        ["order_item_id"],
        unique=False,
        schema="shop",
    )
    op.create_index(
        op.f("document_line_transaction_id_idx"),
        "document_line",
        ["transaction_id"],
        unique=False,
        schema="shop",
    )
    op.create_table(
        "refund",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("public_id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("fulfilment_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("earned", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("refunded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.CheckConstraint("state in ('pending', 'succeeded', 'failed')", name=op.f("refund_state_check")),
        sa.CheckConstraint("amount_fen > 0", name=op.f("refund_positive_check")),
        sa.ForeignKeyConstraint(["fulfilment_id"], ["shop.fulfilment.id"], name=op.f("refund_fulfilment_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("refund_pkey")),
        sa.UniqueConstraint("public_id", name=op.f("refund_public_id_key")),
        schema="shop",
    )
    op.create_index(op.f("refund_fulfilment_id_idx"), "refund", ["fulfilment_id"], unique=False, schema="shop")
    op.create_table(
        "card_reveal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("card_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("revealed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "row_xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["card_id"], ["shop.card.id"], name=op.f("card_reveal_card_id_fkey")),
        sa.ForeignKeyConstraint(["customer_id"], ["shop.customer.id"], name=op.f("card_reveal_customer_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("card_reveal_pkey")),
        schema="shop",
    )
    op.create_index(op.f("card_reveal_card_id_idx"), "card_reveal", ["card_id"], unique=False, schema="shop")
    for table in MUTABLE:
        add_mutable(table)
    for table in APPEND_ONLY:
        add_append_only(table)
    op.execute(ZERO_SUM)
    op.execute("grant usage on schema shop to shop_app, shop_reader")
    op.execute("grant usage, select on all sequences in schema shop to shop_app")
    account = sa.table(
        "ledger_account",
        *(sa.column(name) for name in ("code", "kind", "margin_level", "name_zh", "name_en", "position")),
        schema="shop",
    )
    op.bulk_insert(
        account,
        [
            {"code": c, "kind": k, "margin_level": m, "name_zh": z, "name_en": e, "position": i}
            for i, (c, k, m, z, e) in enumerate(CHART)
        ],
    )


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
