"""Money in and out of wallets: top-ups and withdrawals, as the compliance profile allows."""

import sqlalchemy as sa
from alembic import op

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

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _account()
    _top_ups()
    _withdrawals()


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")


def _account() -> None:
    """After refunds payable, which it resembles."""
    before = "(select position from shop.ledger_account where code = 'refund_payable')"
    op.execute(sa.text(f"update shop.ledger_account set position = position + 1 where position > {before}"))
    op.execute(
        sa.text(
            "insert into shop.ledger_account (code, kind, name_zh, name_en, position)"
            f" values ('withdrawals_payable', 'liability', '应付提现', 'Withdrawals payable', {before} + 1)"
        )
    )


def _top_ups() -> None:
    create(
        "top_up",
        number("customer_id"),
        text("state"),
        number("amount_fen"),
        number("largest_balance_fen"),
        instant("pay_by", required=True),
        instant("paid_at"),
        points_to("top_up", "customer_id", "customer"),
        check("top_up", "state", "state in ('open', 'paid', 'closed')"),
        check("top_up", "positive", "amount_fen > 0"),
        public=True,
    )
    index("top_up", "customer_id")
    index("top_up", "pay_by", where="state = 'open'", name="top_up_open_idx")
    op.alter_column("payment", "order_id", nullable=True, schema="shop")
    add_reference("payment", "top_up_id", "top_up")
    op.create_check_constraint(
        op.f("payment_purpose_check"), "payment", "num_nonnulls(order_id, top_up_id) = 1", schema="shop"
    )
    index("payment", "top_up_id", where="top_up_id is not null", name="payment_top_up_id_idx")
    index("payment", "top_up_id", where="state = 'succeeded'", is_unique=True, name="payment_one_success_of_top_up_key")


def _withdrawals() -> None:
    create(
        "withdrawal",
        number("customer_id"),
        text("state"),
        number("amount_fen"),
        text("confirmed_by"),
        number("data_key_id", required=False),
        octets("sealed_bank_account", required=False),
        text("reason", default=""),
        number("decided_by", required=False),
        instant("requested_at", now=True),
        instant("decided_at"),
        instant("ended_at"),
        points_to("withdrawal", "customer_id", "customer"),
        points_to("withdrawal", "data_key_id", "data_key"),
        points_to("withdrawal", "decided_by", "staff"),
        check(
            "withdrawal",
            "state",
            "state in ('requested', 'approved', 'paying', 'unknown', 'paid', 'refused', 'failed')",
        ),
        check("withdrawal", "confirmed_by", "confirmed_by in ('password', 'code')"),
        check("withdrawal", "positive", "amount_fen > 0"),
        public=True,
    )
    index("withdrawal", "customer_id")
    index(
        "withdrawal",
        "requested_at",
        where="state in ('requested', 'approved', 'paying', 'unknown')",
        name="withdrawal_open_idx",
    )
    create(
        "withdrawal_part",
        number("withdrawal_id"),
        number("payment_id", required=False),
        text("state"),
        number("amount_fen"),
        text("bank_reference", required=False),
        instant("ended_at"),
        points_to("withdrawal_part", "withdrawal_id", "withdrawal"),
        points_to("withdrawal_part", "payment_id", "payment"),
        unique("withdrawal_part", "bank_reference"),
        check("withdrawal_part", "state", "state in ('held', 'paying', 'paid', 'returned')"),
        check("withdrawal_part", "positive", "amount_fen > 0"),
        check("withdrawal_part", "reference", "bank_reference is null or payment_id is null"),
    )
    index("withdrawal_part", "payment_id")
    op.create_index(
        "withdrawal_part_one_way_key",
        "withdrawal_part",
        ["withdrawal_id", "payment_id"],
        unique=True,
        schema="shop",
        postgresql_nulls_not_distinct=True,
    )
    add_reference("refund_payout", "withdrawal_id", "withdrawal")
    index(
        "refund_payout",
        "withdrawal_id",
        "payment_id",
        where="withdrawal_id is not null",
        is_unique=True,
        name="refund_payout_one_of_withdrawal_key",
    )
