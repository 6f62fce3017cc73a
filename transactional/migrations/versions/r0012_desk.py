"""Indexes for the desk: lists that page through millions of orders, and everything that belongs to one order."""

from transactional.migrations.tables import index

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    index("orders", "ordered_at", "id")
    index(
        "orders",
        "state",
        "ordered_at",
        "id",
        where="state not in ('delivered', 'completed')",
        name="orders_unsettled_idx",
    )
    index("payment", "method", "order_id")
    index("payment_notification", "payout_id", where="payout_id is not null", name="payment_notification_payout_idx")
    index("refund_payout", "gateway_refund_no")
    index("unapplied_receipt", "out_trade_no")
    index("card_defect", "replacement_card_id")
    index("ledger_seal", "highest_id", "lowest_id")
    index("review_case", "subject")


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
