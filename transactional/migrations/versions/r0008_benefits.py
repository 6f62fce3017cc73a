"""What a customer owns, and its life at the provider."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
