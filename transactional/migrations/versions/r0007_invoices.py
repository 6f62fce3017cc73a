"""Requests for invoices (发票)."""

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
