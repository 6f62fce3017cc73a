"""The parts that every table of schema `shop` gets in its migration: change log, append-only guard, privileges."""

from alembic import op

FUNCTIONS = """
create function shop.touch_row() returns trigger language plpgsql as $$
begin
    new.row_xid := pg_current_xact_id()::text::bigint;
    new.updated_at := clock_timestamp();
    return new;
end $$;

create function shop.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% on %.% refused: the table is append-only', tg_op, tg_table_schema, tg_table_name
        using errcode = 'restrict_violation';
end $$;
"""


def add_mutable(table: str, fillfactor: int = 85) -> None:
    """A row names its last writer; BRIN keeps HOT updates possible, a B-tree on row_xid would not."""
    op.execute(f"alter table shop.{table} set (fillfactor = {fillfactor})")
    op.execute(f"create index {table}_row_xid_idx on shop.{table} using brin (row_xid) with (autosummarize = on)")
    op.execute(f"create trigger touch_row before update on shop.{table} for each row execute function shop.touch_row()")
    op.execute(f"grant select, insert, update on shop.{table} to shop_app")
    op.execute(f"grant select on shop.{table} to shop_reader")


def add_append_only(table: str) -> None:
    """Rows are never changed: neither the service's role nor the owner's may, short of dropping the trigger."""
    op.execute(f"create index {table}_row_xid_idx on shop.{table} (row_xid)")
    op.execute(
        f"create trigger refuse_change before update or delete on shop.{table}"
        " for each row execute function shop.refuse_change()"
    )
    op.execute(
        f"create trigger refuse_truncate before truncate on shop.{table}"
        " for each statement execute function shop.refuse_change()"
    )
    op.execute(f"grant select, insert on shop.{table} to shop_app")
    op.execute(f"grant select on shop.{table} to shop_reader")
