"""Cases about what was bought."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
