"""When the warehouse follows the shop: every quarter of an hour, and once a night from the start."""

import dagster as dg

from mingsuan.settings import Settings

REFRESH_CRON = "*/15 * * * *"
NIGHTLY_CRON = "30 3 * * *"  # in the shop's zone, when it sells least
BUSY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]

# A run's events are in Dagster; the log of the process that runs it needs only what went wrong.
QUIET = {"loggers": {"console": {"config": {"log_level": "WARNING"}}}}

refresh = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    config=QUIET,
    description="Ingest, build, test, publish: what `mingsuan refresh` does.",
)


def schedules(settings: Settings) -> list[dg.ScheduleDefinition]:
    """Running from the start: a served shop whose dashboards stood still would look broken."""
    often = dg.schedule(
        name="refresh_often",
        job=refresh,
        cron_schedule=REFRESH_CRON,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="New orders reach the dashboards; skipped while a refresh is under way.",
    )(_unless_busy)
    nightly = dg.schedule(
        name="rebuild_nightly",
        job=refresh,
        cron_schedule=NIGHTLY_CRON,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Builds incremental models from the start, so that an error of an increment lives a day at most.",
    )(_from_the_start)
    return [often, nightly]


def _unless_busy(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    return dg.SkipReason("a refresh is under way") if is_busy(context.instance) else dg.RunRequest()


def is_busy(instance: dg.DagsterInstance) -> bool:
    """Whether a refresh waits or works."""
    return bool(instance.get_runs(dg.RunsFilter(job_name=refresh.name, statuses=BUSY), limit=1))


def _from_the_start(_context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    return dg.RunRequest(run_config={**QUIET, "ops": {"models": {"config": {"full_refresh": True}}}})
