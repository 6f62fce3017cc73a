"""Bringing the shop's changes into the warehouse: after every batch raw_current is the source at one instant.

A batch is every row visible now and not in the snapshot of the batch before, for all tables together; rows and
snapshot land in one transaction of the warehouse, so a crash repeats or resumes and never loses or doubles.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import duckdb

from mingsuan import clock
from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings
from pipelines.bookkeeping import Batch, TableCount, last_batch, last_counted, prepare, record
from pipelines.raw_log import KnownColumns, RawLog, known_columns
from pipelines.source import Column, IngestError, Source, SourceState, attached
from pipelines.tables import TABLES, SourceTable
from pipelines.warehouse import connect, owned, transaction

COUNTED_EVERY_BATCH = 1_000_000
"""Rows up to which the source counts a table for every batch (some 0.1 s); larger ones are counted hourly."""
RECOUNT = timedelta(hours=1)


class RestoredSourceError(IngestError):
    """The source's history is not the one that the warehouse has followed; the message says how it shows."""


class IncompleteBatchError(IngestError):
    """A table that was read whole has not the rows that the source counts in the same snapshot; nothing was kept."""


def ingest(
    settings: Settings,
    reader_url: str,
    *,
    resync: bool = False,
    progress: Progress = silent,
    tables: Sequence[SourceTable] = TABLES,
) -> Batch:
    """Bring one batch in and return its record.

    A table that is new here, or whose columns changed, is read whole; the others by difference. `resync` reads all
    of them whole, whatever the source's history. Keys that a table read whole has no longer leave raw_current and get
    a row in ingest.tombstone, raw keeps what it had. Raises RestoredSourceError, IncompleteBatchError,
    SourceUnavailableError, UnsupportedColumnError; then the warehouse is as it was.
    """
    with owned(settings, "ingest", progress), connect(settings) as warehouse:
        # Rows have no order to keep, and without it both cores write.
        warehouse.execute("set preserve_insertion_order = false")
        # FSST costs a quarter of the work of writing a table with text in it, and saves some 30 % of the file.
        warehouse.execute("set disabled_compression_methods = 'fsst'")
        prepare(warehouse)
        known = known_columns(warehouse)
        previous = last_batch(warehouse)
        before = None if resync else previous
        batch_id = previous.batch_id + 1 if previous else 1
        with attached(warehouse, reader_url, by_index=before is not None) as source, transaction(warehouse):
            batch = _Ingest(warehouse, source, known, tables, batch_id, before, resync, progress).run()
    return batch


@dataclass
class _Ingest:
    """One batch under way, inside the transaction of the warehouse that spans the source's."""

    warehouse: duckdb.DuckDBPyConnection
    source: Source
    known: KnownColumns
    tables: Sequence[SourceTable]
    batch_id: int
    before: Batch | None
    resync: bool
    progress: Progress

    def run(self) -> Batch:
        state = self.source.state()
        if self.before is not None:
            _refuse_other_history(self.before, state)
        loaded_at = clock.now()
        log = RawLog(self.warehouse, self.known, self.batch_id, loaded_at)
        columns = self.source.columns(self.tables)
        whole, notes = self._fit(log, columns)
        new_rows = self._load(log, columns, whole)
        _refuse_rows_of_the_future(log, [t for t in self.tables if new_rows[t.name]], state)
        counts = self._count(log, new_rows, whole, state.instant)
        notes += [f"{column} is withheld: its name says person or secret" for column in self._withheld(whole)]
        notes += [
            f"{c.table}: the source has {c.source_rows:,} rows, raw_current {c.raw_current_rows:,}; rows were removed "
            "at the source: run mingsuan ingest --resync"
            for c in counts
            if c.source_rows is not None and c.source_rows != c.raw_current_rows
        ]
        kind = "resync" if self.resync else "increment" if self.before else "backfill"
        batch = Batch(self.batch_id, kind, state, loaded_at, sum(new_rows.values()), "; ".join(notes))
        record(self.warehouse, batch, counts)
        return batch

    def _fit(self, log: RawLog, columns: dict[str, tuple[Column, ...]]) -> tuple[set[str], list[str]]:
        """Tables that are read whole, and what changed in their columns."""
        whole: set[str] = set()
        notes: list[str] = []
        for table in self.tables:
            changes = log.fit(table, columns[table.name])
            if changes is None or changes or self.before is None:
                whole.add(table.name)
            notes += changes or ()
            if changes:
                self.progress(f"columns changed: {', '.join(changes)}; reading {table.name} whole")
        return whole, notes

    def _load(self, log: RawLog, columns: dict[str, tuple[Column, ...]], whole: set[str]) -> dict[str, int]:
        by_difference = [table for table in self.tables if table.name not in whole]
        since = self.before.state.snapshot if self.before else None
        changed = self.source.changed(by_difference, since) if since and by_difference else set()
        new_rows = dict.fromkeys((table.name for table in self.tables), 0)
        due = [table for table in self.tables if table.name in whole | changed]
        for done, table in enumerate(due):
            self.progress("bringing in tables", done, len(due))
            has = columns[table.name]
            if table.name not in whole and since:
                new_rows[table.name] = log.merge(table, self.source.new_rows(table, has, since))
            elif log.is_known(table):
                new_rows[table.name] = log.reconcile(table, has, self.source.all_rows(table, has))
            else:
                new_rows[table.name] = log.load_all(table, has, self.source.all_rows(table, has))
        if due:
            self.progress("bringing in tables", len(due), len(due))
        return new_rows

    def _count(self, log: RawLog, new_rows: dict[str, int], whole: set[str], instant: datetime) -> list[TableCount]:
        sizes = log.sizes(self.tables)
        fresh = last_counted(self.warehouse, since=instant - RECOUNT)
        due = [
            t for t in self.tables if t.name in whole or t.name not in fresh or sizes[t.name][0] <= COUNTED_EVERY_BATCH
        ]
        counted = self.source.count(due)
        for name in whole:
            if counted[name] != sizes[name][0]:
                raise IncompleteBatchError(
                    f"{name}: {sizes[name][0]:,} rows were read where the source counts {counted[name]:,}"
                )
        return [TableCount(t.name, counted.get(t.name), *sizes[t.name], new_rows[t.name]) for t in self.tables]

    def _withheld(self, whole: set[str]) -> tuple[str, ...]:
        return self.source.withheld([table for table in self.tables if table.name in whole])


def _refuse_other_history(before: Batch, state: SourceState) -> None:
    known, found = before.state.identity, state.identity
    remedy = "If that is meant, run mingsuan ingest --resync."
    if known.system_identifier != found.system_identifier or known.database_oid != found.database_oid:
        raise RestoredSourceError(
            f"this is another database than the one that batch {before.batch_id} was read from "
            f"(server {found.system_identifier}, database {found.database_oid}; before: server "
            f"{known.system_identifier}, database {known.database_oid}). {remedy}"
        )
    if known.timeline != found.timeline:
        raise RestoredSourceError(
            f"the source was restored or failed over: its timeline is {found.timeline}, batch {before.batch_id} was "
            f"read on timeline {known.timeline}. {remedy}"
        )
    if before.state.snapshot.xmax > state.snapshot.xmax:
        raise RestoredSourceError(
            f"the source was set back: its next transaction is {state.snapshot.xmax}, batch {before.batch_id} had "
            f"already seen {before.state.snapshot.xmax}. {remedy}"
        )


def _refuse_rows_of_the_future(log: RawLog, tables: Sequence[SourceTable], state: SourceState) -> None:
    """Rows that name a transaction which has not begun were written in another history of the source.

    Looking at a batch's own rows is enough: such a row counts as not seen in every batch.
    """
    for table in tables:
        highest = log.highest_xid(table)
        if highest is not None and highest >= state.snapshot.xmax:
            raise RestoredSourceError(
                f"the source was restored from a dump: a row of {table.name} names transaction {highest}, and the next "
                f"one is {state.snapshot.xmax}. Run mingsuan ingest --resync."
            )
