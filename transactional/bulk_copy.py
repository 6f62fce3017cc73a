"""Whole histories into schema `shop`: numbers reserved from the identity sequences, rows sent by COPY.

What a row means belongs to its slice; single rows of the running shop do not come this way.
"""

from collections.abc import Iterable, Sequence

import psycopg
from psycopg import sql

Connection = psycopg.Connection[tuple[object, ...]]


def reserve_ids(connection: Connection, table: str, count: int) -> list[int]:
    """`count` keys of the table, ascending, that nobody else will get; others may lie between them."""
    statement = "select array_agg(nextval(pg_get_serial_sequence(%s, 'id'))) from generate_series(1, %s)"
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(statement, (f"shop.{table}", count)).fetchone()
    ids = row[0] if row else None
    return list(ids) if isinstance(ids, list) else []


def copy_rows(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """One COPY, which to triggers is one INSERT. Raises psycopg.Error when the database refuses a row."""
    statement = sql.SQL("copy shop.{} ({}) from stdin").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
