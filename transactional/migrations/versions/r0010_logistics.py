"""Parcels."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
