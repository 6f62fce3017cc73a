"""A warehouse fed by hand: the tables that ingest would have written, filled with a few rows that can be summed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import duckdb
import sqlalchemy as sa

from mingsuan.settings import Settings
from pipelines import warehouse
from transactional.migrations.versions.r0001_shop import CHART
from transactional.models import METADATA

_TYPES: tuple[tuple[type[Any], str], ...] = (
    (sa.BigInteger, "bigint"),
    (sa.Integer, "integer"),
    (sa.Boolean, "boolean"),
    (sa.DateTime, "timestamptz"),
    (sa.Date, "date"),
    (sa.Uuid, "uuid"),
    (sa.LargeBinary, "blob"),
    (sa.Text, "varchar"),
)
NOT_INGESTED = {"session", "idempotency_key", "data_key", "staff"}
SHOP_TABLES: Mapping[str, sa.Table] = {
    table.name: table for table in METADATA.sorted_tables if table.name not in NOT_INGESTED
}


def _type(column: sa.Column[Any]) -> str:
    return next((name for kind, name in _TYPES if isinstance(column.type, kind)), "varchar")


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty tables of the shop and of ingest's bookkeeping."""
    connection.execute("create schema raw_current; create schema ingest")
    for name, table in SHOP_TABLES.items():
        columns = ", ".join(f'"{column.name}" {_type(column)}' for column in table.columns)
        connection.execute(f"create table raw_current.{name} ({columns}, _batch bigint, _loaded_at timestamptz)")
    connection.executemany(
        "insert into raw_current.ledger_account (code, kind, margin_level, name_zh, name_en) values (?, ?, ?, ?, ?)",
        [list(account) for account in CHART],
    )
    connection.execute(
        "create table ingest.batch (batch_id bigint, source_snapshot varchar, system_identifier varchar, timeline int,"
        " source_instant timestamptz, loaded_at timestamptz, row_count bigint, oldest_transaction_age_s double)"
    )
    connection.execute(
        "create table ingest.table_count (batch_id bigint, table_name varchar, source_rows bigint,"
        " raw_current_rows bigint, raw_versions bigint, new_rows bigint)"
    )


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows by column name; a missing public id is made up."""
    for given in rows:
        row = dict(given)
        if "public_id" in SHOP_TABLES[table].columns:
            row.setdefault("public_id", f"00000000-0000-7000-8000-{hash_of(table, row['id']):012x}")
        marks = ", ".join("?" * len(row))
        connection.execute(f"insert into raw_current.{table} ({', '.join(row)}) values ({marks})", list(row.values()))


def hash_of(table: str, number: int) -> int:
    """The same made-up public id for the same row, always."""
    return sorted(SHOP_TABLES).index(table) * 10**6 + number


def key_of(table: str, number: int) -> str:
    return f"00000000-0000-7000-8000-{hash_of(table, number):012x}"


def close_batch(connection: duckdb.DuckDBPyConnection, batch_id: int, source_instant: datetime) -> None:
    """Book a batch as ingest does: with the counts of what is there."""
    counts: Sequence[tuple[str, int]] = [
        (name, connection.execute(f"select count(*) from raw_current.{name}").fetchone()[0])  # type: ignore[index]
        for name in SHOP_TABLES
    ]
    connection.execute(
        "insert into ingest.batch values (?, '10:20:', '7', 1, ?, ?, ?, 0.5)",
        [batch_id, source_instant, datetime.now(UTC), sum(count for _, count in counts)],
    )
    connection.executemany(
        "insert into ingest.table_count values (?, ?, ?, ?, ?, ?)",
        [[batch_id, name, count, count, count, count] for name, count in counts],
    )


def feed(settings: Settings, rows: Mapping[str, Sequence[Mapping[str, Any]]], source_instant: datetime) -> None:
    """A new warehouse with these rows and one batch."""
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        create(connection)
        for table, given in rows.items():
            insert(connection, table, given)
        close_batch(connection, 1, source_instant)
