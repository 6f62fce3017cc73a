"""Money in and out of wallets: top-ups and withdrawals, as the compliance profile allows."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
