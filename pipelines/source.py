"""The shop's database as the ingest reads it: attached to DuckDB, in one repeatable-read transaction, never written.

What becomes of the rows belongs to `raw_log` and `ingest`.
"""

import importlib.util
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pipelines.literals import literal
from pipelines.tables import SourceTable, is_withheld

ALIAS = "shop_source"
SCHEMA = "shop"
SESSION_LIMITS = (
    "-c idle_in_transaction_session_timeout=15min -c statement_timeout=60min -c lock_timeout=30s"
    " -c timezone=UTC -c jit=off"
)
"""A hung reader must not hold the source's horizon for ever."""

_TYPES = {
    "bigint": "BIGINT",
    "integer": "INTEGER",
    "smallint": "SMALLINT",
    "boolean": "BOOLEAN",
    "real": "FLOAT",
    "double precision": "DOUBLE",
    "text": "VARCHAR",
    "character varying": "VARCHAR",
    "uuid": "UUID",
    "bytea": "BLOB",
    "date": "DATE",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    # these arrive as their text
    "json": "VARCHAR",
    "jsonb": "VARCHAR",
    "inet": "VARCHAR",
    "xid8": "VARCHAR",
}
_NUMERIC = re.compile(r"numeric\((\d+),(\d+)\)")


class IngestError(RuntimeError):
    """A batch was refused and the warehouse is as it was; the message is for people."""


class SourceUnavailableError(IngestError):
    """The shop's database cannot be read; the message says why."""


class UnsupportedColumnError(IngestError):
    """A column of the shop cannot be carried without loss; the message names table, column and type."""


@dataclass(frozen=True)
class Column:
    """A column as both sides know it."""

    name: str
    duckdb_type: str


@dataclass(frozen=True)
class Snapshot:
    """What was visible in the source when a batch read it, in PostgreSQL's own form `xmin:xmax:xip,…`."""

    text: str

    @property
    def xmin(self) -> int:
        """Every transaction below has ended."""
        return int(self.text.split(":")[0])

    @property
    def xmax(self) -> int:
        """No transaction from here on had begun to write."""
        return int(self.text.split(":")[1])


@dataclass(frozen=True)
class Identity:
    """Which history of which database: a restored or promoted one has another."""

    system_identifier: str
    timeline: int
    database_oid: int


@dataclass(frozen=True)
class SourceState:
    """The instant that a batch shows. `instant` is the source's clock just before the snapshot was taken.

    `oldest_transaction_age_s` is None when the reader may not see other roles' activity.
    """

    snapshot: Snapshot
    identity: Identity
    instant: datetime
    oldest_transaction_age_s: float | None


_STATE = """
select pg_current_snapshot()::text as snapshot,
    (select system_identifier::text from pg_control_system()) as system_identifier,
    (select oid::int8 from pg_database where datname = current_database()) as database_oid,
    now() as instant, pg_is_in_recovery() as in_recovery,
    case when not pg_is_in_recovery() then substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end as timeline,
    case when pg_has_role('pg_read_all_stats', 'usage') then coalesce((
        select extract(epoch from clock_timestamp() - min(started))::float8 from (
            select xact_start as started from pg_stat_activity where backend_xid is not null
            union all select prepared from pg_prepared_xacts) as open_transactions), 0) end as age_s
"""

_CATALOGUE = f"""
select c.relname::text as table_name, a.attname::text as column_name, format_type(a.atttypid, a.atttypmod) as kind
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = to_regnamespace('{SCHEMA}') and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
order by c.relname, a.attnum
"""


class Source:
    """The attached database. All reads of one DuckDB transaction share one snapshot, parallel ones too."""

    def __init__(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        self._warehouse = warehouse

    def state(self) -> SourceState:
        """Take the snapshot. Raises SourceUnavailableError on a standby, whose snapshots omit open transactions."""
        [(snapshot, system, database, instant, in_recovery, wal, age)] = self._rows(_STATE)
        if in_recovery:
            raise SourceUnavailableError(
                "the reader's connection leads to a standby, whose snapshots do not list open transactions: "
                "name the primary in MINGSUAN_READER_DATABASE_URL"
            )
        return SourceState(Snapshot(snapshot), Identity(system, int(wal, 16), database), instant, age)

    def columns(self, tables: Iterable[SourceTable]) -> dict[str, tuple[Column, ...]]:
        """What each table has now, without what is withheld. Raises UnsupportedColumnError."""
        listed = {table.name: table for table in tables}
        found: dict[str, list[Column]] = {name: [] for name in listed}
        for table, column, kind in self._rows(_CATALOGUE):
            if table in listed and not is_withheld(listed[table], column):
                found[table].append(Column(column, _duckdb_type(table, column, kind)))
        if not any(found.values()):
            raise SourceUnavailableError(f"the source has no tables in schema {SCHEMA}: run mingsuan migrate first")
        if missing := sorted(name for name, columns in found.items() if not columns):
            raise SourceUnavailableError(f"the source lacks tables of schema {SCHEMA}: {', '.join(missing)}")
        return {name: tuple(columns) for name, columns in found.items()}

    def withheld(self, tables: Iterable[SourceTable]) -> tuple[str, ...]:
        """Columns, as table.column, that are withheld for their name alone, since nobody has judged them yet."""
        listed = {table.name: table for table in tables}
        return tuple(
            f"{table}.{column}"
            for table, column, _ in self._rows(_CATALOGUE)
            if table in listed and column not in listed[table].dropped and is_withheld(listed[table], column)
        )

    def changed(self, tables: Iterable[SourceTable], since: Snapshot) -> set[str]:
        """Names of the tables that have a row which is visible now and was not then."""
        probes = (
            f"select '{table.name}' as name where exists (select from {SCHEMA}.{table.name} where {_new_since(since)})"
            for table in tables
        )
        return {name for (name,) in self._rows(" union all ".join(probes))}

    def count(self, tables: Iterable[SourceTable]) -> dict[str, int]:
        """Rows of each table in this snapshot: a scan of one index or of the table."""
        counts = [
            f"select '{table.name}' as name, count(*) as row_count from {SCHEMA}.{table.name}" for table in tables
        ]
        return dict(self._rows(" union all ".join(counts))) if counts else {}

    def all_rows(self, table: SourceTable, columns: Iterable[Column]) -> str:
        """A DuckDB query for the whole table, read in parallel ctid ranges."""
        return f"select {_cast(columns)} from {ALIAS}.{SCHEMA}.{table.name}"

    def new_rows(self, table: SourceTable, columns: Iterable[Column], since: Snapshot) -> str:
        """A DuckDB query for the rows that are visible now and were not then, found by the index on row_xid."""
        names = ", ".join(f'"{column.name}"' for column in columns)
        query = f"select {names} from {SCHEMA}.{table.name} where {_new_since(since)}"
        return f"select {_cast(columns)} from postgres_query('{ALIAS}', {literal(query)})"

    def _rows(self, query: str) -> list[tuple]:  # type: ignore[type-arg]
        # fetchall: an unexhausted result would keep the connection busy and its snapshot held
        return self._warehouse.execute(f"from postgres_query('{ALIAS}', {literal(query)})").fetchall()


@contextmanager
def attached(warehouse: duckdb.DuckDBPyConnection, reader_url: str, *, by_index: bool) -> Iterator[Source]:
    """Attach the source for this block, afresh every run: columns added after an ATTACH would be silently absent.

    `by_index` keeps PostgreSQL from scanning tables whose changes are few.
    """
    warehouse.execute(f"load {literal(str(extension_file()))}")
    options = SESSION_LIMITS + (" -c enable_seqscan=off" if by_index else "")
    given = conninfo_to_dict(reader_url)
    conninfo = make_conninfo(
        reader_url,
        application_name="mingsuan ingest",
        connect_timeout=10,
        options=f"{given.get('options') or ''} {options}".strip(),
    )
    try:
        warehouse.execute(f"attach {literal(conninfo)} as {ALIAS} (type postgres, read_only)")
    except duckdb.Error as error:
        raise SourceUnavailableError(_without_password(f"PostgreSQL does not answer: {error}", given)) from None
    try:
        yield Source(warehouse)
    finally:
        warehouse.execute(f"detach {ALIAS}")


def _new_since(since: Snapshot) -> str:
    return f"row_xid >= {since.xmin} and not pg_visible_in_snapshot(row_xid::text::xid8, '{since.text}'::pg_snapshot)"


def _cast(columns: Iterable[Column]) -> str:
    return ", ".join(f'cast("{column.name}" as {column.duckdb_type}) as "{column.name}"' for column in columns)


def _duckdb_type(table: str, column: str, kind: str) -> str:
    if bounded := _NUMERIC.fullmatch(kind):
        width, scale = int(bounded[1]), int(bounded[2])
        if width <= 38:
            return f"DECIMAL({width},{scale})"
    found = _TYPES.get(re.sub(r"\(\d+\)$", "", kind))
    if found is None:
        raise UnsupportedColumnError(
            f"{SCHEMA}.{table}.{column} has the type {kind}, which cannot be carried to the warehouse without loss: "
            "give it another type, or list the column as dropped"
        )
    return found


def _without_password(message: str, conninfo: Mapping[str, object]) -> str:
    password = conninfo.get("password")
    return message.replace(str(password), "***") if password else message


def extension_file() -> Path:
    """DuckDB's extension for PostgreSQL, from its wheel. Raises SourceUnavailableError."""
    found = importlib.util.find_spec("duckdb_extension_postgres_scanner")
    if found is None or found.origin is None:
        raise SourceUnavailableError("the package duckdb-extension-postgres-scanner is not installed")
    name = "postgres_scanner.duckdb_extension"
    path = Path(found.origin).parent / "extensions" / f"v{duckdb.__version__}" / name
    if not path.exists():
        raise SourceUnavailableError(f"no PostgreSQL extension for DuckDB {duckdb.__version__}: {path} is missing")
    return path
