"""Build and test all models in the warehouse, and keep what every test said. Publishes nothing."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

import duckdb

from mingsuan import clock
from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings
from pipelines import test_results, warehouse
from pipelines.attempt import record_attempt
from pipelines.build_context import BuildContext, NothingIngestedError, write_context
from pipelines.dbt_run import DbtOutcome, run_dbt
from pipelines.test_results import TestResult

_RUN_TABLE = (
    "create table if not exists meta.build_run (run_id varchar, run_at timestamptz, finished_at timestamptz,"
    " batch_id bigint, source_instant timestamptz, as_of_date date, publishable boolean, error varchar)"
)


@dataclass(frozen=True)
class BuildResult:
    """A build of one batch; `error` when dbt could not run at all."""

    run_id: str
    run_at: datetime
    finished_at: datetime
    batch_id: int
    source_instant: datetime
    as_of_date: date
    tests: tuple[TestResult, ...]
    error: str | None

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


def build(settings: Settings, *, full_refresh: bool = False, progress: Progress = silent) -> BuildResult:
    """Build the last batch and test everything; a failure is recorded as the last attempt to publish.

    Raises NothingIngestedError when the warehouse has no batch.
    """
    with warehouse.owned(settings, "build", progress):
        run_at = clock.now()
        context = _prepare(settings)
        outcome = run_dbt(settings, "build", *_options(full_refresh), progress=progress)
        result = _keep(settings, context, run_at, outcome)
    progress(f"{result.count('pass')} tests passed, {result.count('warn')} warned, {len(result.blocking)} failed")
    if not result.publishable:
        record_attempt(
            settings, source_instant=result.source_instant, version=None, error=result.refusal(), tests=result.tests
        )
    return result


def last_build(connection: duckdb.DuckDBPyConnection) -> BuildResult | None:
    """The build that `build` kept last."""
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


def _options(full_refresh: bool) -> list[str]:
    chosen = ["--exclude-resource-type", "unit_test"]
    return [*chosen, "--full-refresh"] if full_refresh else chosen


def _prepare(settings: Settings) -> BuildContext:
    if not settings.warehouse_file.exists():
        raise NothingIngestedError("there is no warehouse yet: run `mingsuan ingest` or `mingsuan refresh` first")
    with warehouse.connect(settings) as connection:
        return write_context(connection, settings)


def _keep(settings: Settings, context: BuildContext, run_at: datetime, outcome: DbtOutcome) -> BuildResult:
    run_id = uuid.uuid4().hex
    with warehouse.connect(settings) as connection:
        connection.begin()
        tests = test_results.record(connection, run_id, run_at, outcome.results)
        result = BuildResult(
            run_id=run_id,
            run_at=run_at,
            finished_at=clock.now(),
            batch_id=context.batch_id,
            source_instant=context.source_instant,
            as_of_date=context.as_of_date,
            tests=tests,
            error=None if outcome.results else outcome.error or "dbt ran nothing",
        )
        connection.execute(_RUN_TABLE)
        connection.execute(
            "insert into meta.build_run values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(run_id, run_at, result.finished_at, result.batch_id, result.source_instant, result.as_of_date),
                *(result.publishable, result.error),
            ],
        )
        connection.commit()
    return result
