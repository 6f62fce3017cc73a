"""Attempts that are refused at the door are counted in rows of several; allowances that are whole again are forgotten.

A row of `rate_limit` whose instant has passed says the same as no row, so the service may take it away.
"""

from transactional.migrations.tables import add, number

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    add("log_in_attempt", number("times", default=1))
    op.create_check_constraint(op.f("log_in_attempt_times_check"), "log_in_attempt", "times > 0", schema="shop")
    op.execute("grant delete on shop.rate_limit to shop_app")


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
