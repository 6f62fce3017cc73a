"""Build and test everything in the warehouse, and keep what every test said. Publishes nothing."""

from collections.abc import Callable, Sequence

from mingsuan import clock
from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings
from pipelines import computed, increments, warehouse
from pipelines.attempt import record_attempt
from pipelines.build_context import BuildContext, NothingIngestedError, write_context
from pipelines.build_result import BuildResult, keep
from pipelines.computed import COMPUTATIONS, Computation, When
from pipelines.dbt_run import DbtOutcome, ModelsUnreadableError, models_checksum, run_dbt
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

    Facts are stated anew only where the shop changed since the last complete build; `full_refresh` states all of them
    anew, and is `nightly` too: it computes what changes slowly again. Raises NothingIngestedError when the warehouse
    has no batch.
    """
    with warehouse.owned(settings, "build", progress):
        run_at = clock.now()
        context = _prepare(settings)
        outcome = _Work(settings, context, progress).run(computations, full_refresh=full_refresh, nightly=nightly)
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

    def __init__(self, settings: Settings, context: BuildContext, progress: Progress) -> None:
        self._settings = settings
        self._context = context
        self._progress = progress
        self._options = ["--exclude-resource-type", "unit_test"]

    def run(self, computations: Sequence[Computation], *, full_refresh: bool, nightly: bool) -> DbtOutcome:
        """Stops where something failed on which the rest stands: nothing can be published then."""
        try:
            models = models_checksum(self._settings, self._progress)
        except ModelsUnreadableError as error:
            return DbtOutcome((), str(error))
        with warehouse.connect(self._settings) as connection:
            basis = increments.basis(connection, self._settings, self._context, models, asked=full_refresh)
            increments.begin(connection, self._settings, basis)
            due = computed.due(connection, computations, self._context, nightly=nightly or full_refresh)
        if basis.batch_id is None:
            self._progress(f"building from the start: {basis.why}")
            self._options.append("--full-refresh")
        outcome, finished = self._steps(due)
        if finished and all(node.status == "success" for node in outcome.results if node.resource_type == "model"):
            with warehouse.connect(self._settings) as connection:
                increments.complete(connection, self._settings, self._context, models)
        return outcome

    def _steps(self, due: Sequence[Computation]) -> tuple[DbtOutcome, bool]:
        """How everything ended, and whether every step was taken."""
        slow = [one for one in due if one.when is When.NIGHTLY]
        downstream = [name for one in slow for name in one.selection()]
        steps: list[Callable[[], DbtOutcome]] = [self._dbt]
        if slow:
            steps = [
                lambda: self._dbt("--exclude", *downstream),
                lambda: self._compute(slow),
                lambda: self._dbt("--select", *downstream),
            ]
        outcome = self._compute([one for one in due if one.when is When.EVERY_BUILD])
        for step in steps:
            if _failed(outcome):
                return outcome, False
            after = step()
            outcome = DbtOutcome((*outcome.results, *after.results), after.error)
        return outcome, outcome.error is None

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
