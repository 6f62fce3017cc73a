"""The tables of the job queue, in a schema of their own.

They are procrastinate's, taken from the installed library; a test tells when it brings a change that needs a revision.
"""

from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy import text

revision = "0003"
down_revision = "0002"

FUNCTIONS = """
select 'jobs.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')'
from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace where n.nspname = 'jobs'
"""


def upgrade() -> None:
    connection = op.get_bind()
    op.execute("create schema jobs")
    op.execute("set local search_path = jobs")
    connection.exec_driver_sql(SchemaManager.get_schema(), execution_options={"no_parameters": True})
    op.execute("set local search_path to default")
    # the functions name their tables without a schema; the shop's sessions keep their own path
    for function in connection.scalars(text(FUNCTIONS)).all():
        op.execute(f"alter function {function} set search_path = jobs, pg_temp")
    op.execute("grant select on shop.alembic_version to shop_app")  # it says ready at its own revision only
    op.execute("grant usage on schema jobs to shop_app")
    op.execute("grant select, insert, update, delete on all tables in schema jobs to shop_app")
    op.execute("grant usage, select on all sequences in schema jobs to shop_app")


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")
