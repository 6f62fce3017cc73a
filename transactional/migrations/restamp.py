"""Naming a new transaction in every row of a restored database, so that the change log can go on from there.

A dump carries the transaction numbers of the server that it was taken from; they mean nothing on another one.
"""

import psycopg
from psycopg import sql

LOCK_WAIT_S = 60


def restamp(owner_url: str) -> int:
    """Set row_xid of every row of every table in one transaction; returns the number of rows.

    Nothing else changes: `updated_at` stays, and append-only tables are opened for this transaction alone. Writers
    wait until it ends. Raises psycopg.errors.LockNotAvailable when one holds a table for longer than LOCK_WAIT_S.
    """
    with psycopg.connect(owner_url) as connection:
        connection.execute(f"set local lock_timeout = '{LOCK_WAIT_S}s'")
        tables = [
            sql.Identifier("shop", name)
            for (name,) in connection.execute(
                "select table_name::text from information_schema.columns"
                " where table_schema = 'shop' and column_name = 'row_xid' order by table_name"
            )
        ]
        if not tables:
            return 0
        connection.execute(sql.SQL("lock table {} in share row exclusive mode").format(sql.SQL(", ").join(tables)))
        return sum(_restamp(connection, table) for table in tables)


def _restamp(connection: psycopg.Connection, table: sql.Identifier) -> int:
    connection.execute(sql.SQL("alter table {} disable trigger user").format(table))
    stamped = connection.execute(sql.SQL("update {} set row_xid = pg_current_xact_id()::text::bigint").format(table))
    connection.execute(sql.SQL("alter table {} enable trigger user").format(table))
    return stamped.rowcount
