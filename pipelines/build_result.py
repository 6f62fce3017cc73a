"""What a build was and how it ended, kept in `meta.build_run` with everything that its tests said."""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb

from mingsuan import clock
from pipelines import test_results
from pipelines.build_context import BuildContext
from pipelines.dbt_run import DbtOutcome, NodeResult
from pipelines.test_results import TestResult
from pipelines.warehouse import transaction

_RUN_TABLE = (
    "create table if not exists meta.build_run (run_id varchar, run_at timestamptz, finished_at timestamptz,"
    " batch_id bigint, source_instant timestamptz, as_of_date date, publishable boolean, error varchar)"
)


@dataclass(frozen=True)
class BuildResult:
    """A build of one batch; `error` when dbt could not run at all.

    `nodes` is how each model, test and computation ended, in order; a result that is read back has none.
    """

    run_id: str
    run_at: datetime
    finished_at: datetime
    batch_id: int
    source_instant: datetime
    as_of_date: date
    tests: tuple[TestResult, ...]
    error: str | None
    nodes: tuple[NodeResult, ...] = field(default=(), repr=False)

    @property
    def blocking(self) -> tuple[TestResult, ...]:
        """What forbids publication."""
        return tuple(test for test in self.tests if test.blocks)

    @property
    def publishable(self) -> bool:
        return self.error is None and not self.blocking

    def count(self, status: str) -> int:
        """How many tests ended with this status."""
        return sum(test.status == status for test in self.tests)

    def refusal(self) -> str | None:
        """Why this build must not be published, or None."""
        if self.error is not None:
            return f"the models could not be built: {self.error}"
        if not self.blocking:
            return None
        return f"{len(self.blocking)} blocking test(s) failed: " + " | ".join(t.sentence() for t in self.blocking)

    def summary(self) -> str:
        took = (self.finished_at - self.run_at).total_seconds()
        head = (
            f"Batch {self.batch_id} built as of {self.as_of_date} in {took:.1f} s:"
            f" {self.count('pass')} tests passed, {self.count('warn')} warned, {len(self.blocking)} failed."
        )
        refusal = self.refusal()
        return f"{head} Not publishable: {refusal}" if refusal else head


def keep(
    connection: duckdb.DuckDBPyConnection, context: BuildContext, run_at: datetime, outcome: DbtOutcome
) -> BuildResult:
    """Record a build that has just ended."""
    run_id = uuid.uuid4().hex
    with transaction(connection):
        tests = test_results.record(connection, run_id, run_at, outcome.results)
        result = BuildResult(
            run_id=run_id,
            run_at=run_at,
            finished_at=clock.now(),
            batch_id=context.batch_id,
            source_instant=context.source_instant,
            as_of_date=context.as_of_date,
            tests=tests,
            error=outcome.error,
            nodes=outcome.results,
        )
        connection.execute(_RUN_TABLE)
        connection.execute(
            "insert into meta.build_run values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(run_id, run_at, result.finished_at, result.batch_id, result.source_instant, result.as_of_date),
                *(result.publishable, result.error),
            ],
        )
    return result


def last_build(connection: duckdb.DuckDBPyConnection) -> BuildResult | None:
    """The build that was kept last."""
    try:
        row = connection.execute(
            "select run_id, run_at, finished_at, batch_id, source_instant, as_of_date, error"
            " from meta.build_run order by run_at desc limit 1"
        ).fetchone()
    except duckdb.CatalogException:
        return None
    if row is None:
        return None
    run_id, run_at, finished_at, batch_id, source_instant, as_of, error = row
    tests = test_results.of_run(connection, run_id)
    return BuildResult(run_id, run_at, finished_at, batch_id, source_instant, as_of, tests, error)
