"""Build and test everything in the warehouse, and keep what every test said. Publishes nothing."""

from collections.abc import Sequence

from mingsuan import clock
from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings
from pipelines import computed, warehouse
from pipelines.attempt import record_attempt
from pipelines.build_context import BuildContext, NothingIngestedError, write_context
from pipelines.build_result import BuildResult, keep
from pipelines.computed import COMPUTATIONS, Computation, When
from pipelines.dbt_run import DbtOutcome, run_dbt
from pipelines.test_results import BROKEN


def build(
    settings: Settings,
    *,
    full_refresh: bool = False,
    nightly: bool = False,
    progress: Progress = silent,
    computations: Sequence[Computation] = COMPUTATIONS,
) -> BuildResult:
    """Build the last batch and test everything; a failure is recorded as the last attempt to publish.

    `full_refresh` builds incremental models from the start, and is `nightly` too: it computes what changes slowly
    again. Raises NothingIngestedError when the warehouse has no batch.
    """
    with warehouse.owned(settings, "build", progress):
        run_at = clock.now()
        context = _prepare(settings)
        work = _Work(settings, context, full_refresh, progress)
        outcome = work.run(computations, nightly=nightly or full_refresh)
        with warehouse.connect(settings) as connection:
            result = keep(connection, context, run_at, outcome)
    progress(f"{result.count('pass')} tests passed, {result.count('warn')} warned, {len(result.blocking)} failed")
    if not result.publishable:
        record_attempt(
            settings, source_instant=result.source_instant, version=None, error=result.refusal(), tests=result.tests
        )
    return result


class _Work:
    """One build under way: computations and models in the order in which they read each other."""

    def __init__(self, settings: Settings, context: BuildContext, full_refresh: bool, progress: Progress) -> None:
        self._settings = settings
        self._context = context
        self._options = ["--exclude-resource-type", "unit_test", *(["--full-refresh"] if full_refresh else [])]
        self._progress = progress

    def run(self, computations: Sequence[Computation], *, nightly: bool) -> DbtOutcome:
        """Stops where something failed on which the rest stands: nothing can be published then."""
        with warehouse.connect(self._settings) as connection:
            due = computed.due(connection, computations, self._context, nightly=nightly)
        slow = [one for one in due if one.when is When.NIGHTLY]
        downstream = [name for one in slow for name in one.selection()]
        around_slow = (
            lambda: self._dbt("--exclude", *downstream),
            lambda: self._compute(slow),
            lambda: self._dbt("--select", *downstream),
        )
        outcome = self._compute([one for one in due if one.when is When.EVERY_BUILD])
        for step in around_slow if slow else (self._dbt,):
            if not _failed(outcome):
                after = step()
                outcome = DbtOutcome((*outcome.results, *after.results), after.error)
        return outcome

    def _compute(self, computations: Sequence[Computation]) -> DbtOutcome:
        with warehouse.connect(self._settings) as connection:
            results = [
                computed.run(connection, one, self._settings, self._context, self._progress) for one in computations
            ]
        return DbtOutcome(tuple(results), None)

    def _dbt(self, *selection: str) -> DbtOutcome:
        return run_dbt(self._settings, "build", *self._options, *selection, progress=self._progress)


def _failed(outcome: DbtOutcome) -> bool:
    return outcome.error is not None or any(node.status in BROKEN for node in outcome.results)


def _prepare(settings: Settings) -> BuildContext:
    if not settings.warehouse_file.exists():
        raise NothingIngestedError("there is no warehouse yet: run `mingsuan ingest` or `mingsuan refresh` first")
    with warehouse.connect(settings) as connection:
        return write_context(connection, settings)
