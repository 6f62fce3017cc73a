"""When the warehouse follows the shop: every quarter of an hour, and once a night from the start."""

from typing import Any

import dagster as dg

from mingsuan.settings import Settings
from orchestration.defs.inbox import KEY as STATEMENTS

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


def _how(longest_s: int, **steps: dict[str, bool]) -> dict[str, Any]:
    """How a job runs everything but the inbox, its steps told how; the daemon ends a run that takes longer."""
    return {
        "selection": dg.AssetSelection.all() - dg.AssetSelection.assets(STATEMENTS),
        "executor_def": dg.in_process_executor,
        "config": {**QUIET, "ops": {step: {"config": config} for step, config in steps.items()}},
        "tags": {"dagster/max_runtime": str(longest_s)},
    }


refresh = dg.define_asset_job(
    "refresh", **_how(3600), description="Ingest, build, test, publish: what `mingsuan refresh` does."
)
rebuild = dg.define_asset_job(
    "rebuild",
    **_how(6 * 3600, models={"full_refresh": True, "nightly": True}),
    description="The same with all models built from the start and all that is slow computed again: the nightly run.",
)
resync = dg.define_asset_job(
    "resync",
    **_how(6 * 3600, raw={"resync": True}, models={"full_refresh": True}),
    description="The same after reading the whole source again, as after its restore: `mingsuan ingest --resync`.",
)
JOBS = (refresh, rebuild, resync)


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
    nightly = dg.ScheduleDefinition(
        name="rebuild_nightly",
        job=rebuild,
        cron_schedule=NIGHTLY_CRON,
        execution_timezone=settings.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Builds incremental models from the start, so that an error of an increment lives a day at most.",
    )
    return [often, nightly]


def _unless_busy(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    return dg.SkipReason("a refresh is under way") if is_busy(context.instance) else dg.RunRequest()


def is_busy(instance: dg.DagsterInstance) -> bool:
    """Whether a run of one of the jobs waits or works; each brings what the next refresh would."""
    return any(instance.get_runs(dg.RunsFilter(job_name=job.name, statuses=BUSY), limit=1) for job in JOBS)
