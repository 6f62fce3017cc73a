"""Schema `ingest` of the warehouse: which batches there were, what each counted, and which keys disappeared."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.literals import literal
from pipelines.source import Identity, Snapshot, SourceState

_TABLES = """
create schema if not exists raw;
create schema if not exists raw_current;
create schema if not exists ingest;
create table if not exists ingest.batch (
    batch_id bigint not null,
    kind varchar not null,
    source_snapshot varchar not null,
    system_identifier varchar not null,
    timeline integer not null,
    database_oid bigint not null,
    source_instant timestamptz not null,
    loaded_at timestamptz not null,
    row_count bigint not null,
    oldest_transaction_age_s double,
    notes varchar not null
);
create table if not exists ingest.table_count (
    batch_id bigint not null,
    table_name varchar not null,
    source_rows bigint,
    raw_current_rows bigint not null,
    raw_versions bigint not null,
    new_rows bigint not null
);
create table if not exists ingest.tombstone (
    batch_id bigint not null,
    table_name varchar not null,
    key json not null
);
"""


@dataclass(frozen=True)
class Batch:
    """One batch: what it read, when, and what is worth knowing about it. `kind`: backfill, increment or resync."""

    batch_id: int
    kind: str
    state: SourceState
    loaded_at: datetime
    row_count: int
    notes: str

    def summary(self) -> str:
        """For people, one line and one more a note."""
        age = self.state.oldest_transaction_age_s
        oldest = "" if age is None else f"; oldest open transaction {age:.1f} s"
        head = (
            f"Batch {self.batch_id} ({self.kind}): {self.row_count:,} row versions; "
            f"source at {self.state.instant.isoformat(timespec='seconds')}{oldest}"
        )
        return "\n".join([head, *(f"! {note}" for note in self.notes.split("; ") if note)])


@dataclass(frozen=True)
class TableCount:
    """Rows of a table after a batch; `source_rows` is None where the source was not asked this time."""

    table: str
    source_rows: int | None
    raw_current_rows: int
    raw_versions: int
    new_rows: int


def prepare(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Make the schemas and tables that are missing."""
    warehouse.execute(_TABLES)


def last_batch(warehouse: duckdb.DuckDBPyConnection) -> Batch | None:
    """The batch whose snapshot is the watermark."""
    row = warehouse.execute(
        "select batch_id, kind, source_snapshot, system_identifier, timeline, database_oid, source_instant,"
        " oldest_transaction_age_s, loaded_at, row_count, notes from ingest.batch order by batch_id desc limit 1"
    ).fetchone()
    if row is None:
        return None
    batch_id, kind, snapshot, system, timeline, database, instant, age, loaded_at, row_count, notes = row
    state = SourceState(Snapshot(snapshot), Identity(system, timeline, database), instant, age)
    return Batch(batch_id, kind, state, loaded_at, row_count, notes)


def last_counted(warehouse: duckdb.DuckDBPyConnection, since: datetime) -> set[str]:
    """Tables whose rows the source has counted since."""
    rows = warehouse.execute(
        "select distinct table_name from ingest.table_count join ingest.batch using (batch_id)"
        f" where source_rows is not null and source_instant >= {literal(since)}"
    ).fetchall()
    return {name for (name,) in rows}


def record(warehouse: duckdb.DuckDBPyConnection, batch: Batch, counts: Sequence[TableCount]) -> None:
    """Write the watermark and the counts, in the transaction of the batch's rows."""
    state = batch.state
    values = (
        batch.batch_id,
        batch.kind,
        state.snapshot.text,
        state.identity.system_identifier,
        state.identity.timeline,
        state.identity.database_oid,
        state.instant,
        batch.loaded_at,
        batch.row_count,
        state.oldest_transaction_age_s,
        batch.notes,
    )
    warehouse.execute(f"insert into ingest.batch values {_row(values)}")
    rows = (
        _row((batch.batch_id, c.table, c.source_rows, c.raw_current_rows, c.raw_versions, c.new_rows)) for c in counts
    )
    warehouse.execute(f"insert into ingest.table_count values {', '.join(rows)}")


def _row(values: Sequence[object]) -> str:
    return f"({', '.join(literal(value) for value in values)})"
