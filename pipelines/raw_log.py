"""Schemas `raw` (every row version that was seen, append-only) and `raw_current` (the latest version of each key).

The statements here run inside the batch's transaction; where rows come from is the source's affair.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.source import Column, UnsupportedColumnError
from pipelines.tables import SourceTable

STAMPS = (Column("_batch", "BIGINT"), Column("_loaded_at", "TIMESTAMP WITH TIME ZONE"))


@dataclass(frozen=True)
class KnownColumns:
    """Name and type of each column that the warehouse has, by table."""

    logged: Mapping[str, Mapping[str, str]]
    current: Mapping[str, Mapping[str, str]]


def known_columns(warehouse: duckdb.DuckDBPyConnection) -> KnownColumns:
    """Asked before the source is attached: DuckDB looks through every attached catalogue to answer."""
    found: dict[str, dict[str, dict[str, str]]] = {"raw": {}, "raw_current": {}}
    for schema, table, column, kind in warehouse.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = current_database() and schema_name in ('raw', 'raw_current')"
        " and column_name not in ('_batch', '_loaded_at') order by column_index"
    ).fetchall():
        found[schema].setdefault(table, {})[column] = kind
    return KnownColumns(found["raw"], found["raw_current"])


class RawLog:
    """Row versions of one batch on their way into the warehouse."""

    def __init__(
        self, warehouse: duckdb.DuckDBPyConnection, known: KnownColumns, batch_id: int, loaded_at: datetime
    ) -> None:
        self._warehouse = warehouse
        self._known = known
        self._batch_id = batch_id
        self._stamps = f"{batch_id}::bigint as _batch, '{loaded_at.isoformat()}'::timestamptz as _loaded_at"

    def fit(self, table: SourceTable, columns: Iterable[Column]) -> tuple[str, ...] | None:
        """Give raw the source's columns; raw keeps those that the source lost.

        Returns what changed, for people; None when the table is new here.
        """
        have = self._known.current.get(table.name, {})
        want = {column.name: column.duckdb_type for column in columns}
        if not have:
            described = ", ".join(f'"{c.name}" {c.duckdb_type}' for c in (*columns, *STAMPS))
            self._warehouse.execute(f"create table raw.{table.name} ({described})")
            return None
        changes = [f"{table.name}.{name} is gone from the source" for name in have if name not in want]
        logged = self._known.logged[table.name]
        for name, kind in want.items():
            if name not in logged:
                self._warehouse.execute(f'alter table raw.{table.name} add column "{name}" {kind}')
            elif logged[name] != kind:
                self._retype(table, name, kind)
            if have.get(name) != kind:
                changes.append(
                    f"{table.name}.{name} is new: {kind}" if name not in have else f"{table.name}.{name} is now {kind}"
                )
        return tuple(changes)

    def load_all(self, table: SourceTable, columns: Iterable[Column], rows: str) -> int:
        """Log the whole table and make it the current one; returns its number of rows."""
        count = self._count(f"insert into raw.{table.name} by name select *, {self._stamps} from ({rows})")
        names = ", ".join(f'"{column.name}"' for column in (*columns, *STAMPS))
        self._warehouse.execute(
            f"create or replace table raw_current.{table.name} as"
            f" select {names} from raw.{table.name} where _batch = {self._batch_id}"
        )
        return count

    def merge(self, table: SourceTable, rows: str) -> int:
        """Log new row versions and put them in the place of older ones; returns their number."""
        warehouse = self._warehouse
        warehouse.execute(f"create or replace temp table new_version as select *, {self._stamps} from ({rows})")
        count = self._count(f"insert into raw.{table.name} by name from new_version")
        if not table.append_only:
            same = " and ".join(f'known."{key}" = new_version."{key}"' for key in table.key)
            warehouse.execute(f"delete from raw_current.{table.name} as known using new_version where {same}")
        warehouse.execute(f"insert into raw_current.{table.name} by name from new_version")
        warehouse.execute("drop table new_version")
        return count

    def reconcile(self, table: SourceTable, columns: Iterable[Column], rows: str) -> int:
        """`load_all`, with a tombstone for each key that the source has no longer; raw keeps its versions."""
        keys = ", ".join(f'"{name}"' for name in table.key)
        noted = ", ".join(f"'{name}', known_key.\"{name}\"" for name in table.key)
        same = " and ".join(f'known_key."{name}" = kept."{name}"' for name in table.key)
        self._warehouse.execute(
            f"create or replace temp table known_key as select {keys} from raw_current.{table.name}"
        )
        count = self.load_all(table, columns, rows)
        self._warehouse.execute(
            f"insert into ingest.tombstone select {self._batch_id}, '{table.name}', json_object({noted})"
            f" from known_key where not exists (from raw_current.{table.name} as kept where {same})"
        )
        self._warehouse.execute("drop table known_key")
        return count

    def is_known(self, table: SourceTable) -> bool:
        """False before the first batch that has the table."""
        return table.name in self._known.current

    def highest_xid(self, table: SourceTable) -> int | None:
        """The newest transaction named by a row of this batch."""
        query = f"select max(row_xid) from raw.{table.name} where _batch = {self._batch_id}"
        return self._number(query)

    def sizes(self, tables: Iterable[SourceTable]) -> dict[str, tuple[int, int]]:
        """Rows of each table in raw_current, and row versions in raw."""
        counts = (
            f"select '{t.name}', (select count(*) from raw_current.{t.name}), (select count(*) from raw.{t.name})"
            for t in tables
        )
        rows = self._warehouse.execute(" union all ".join(counts)).fetchall()
        return {name: (current, versions) for name, current, versions in rows}

    def _retype(self, table: SourceTable, column: str, kind: str) -> None:
        try:
            self._warehouse.execute(f'alter table raw.{table.name} alter column "{column}" type {kind}')
        except duckdb.Error as error:
            raise UnsupportedColumnError(
                f"shop.{table.name}.{column} is now {kind}, but its log is not: {error}"
            ) from None

    def _number(self, query: str) -> int | None:
        row = self._warehouse.execute(query).fetchone()
        return row[0] if row else None

    def _count(self, statement: str) -> int:
        return self._number(statement) or 0
