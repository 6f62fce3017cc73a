"""A sensor that turns failed checks, failed runs and stale assets into alerts, and keeps how telling them ended."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import quote

import dagster as dg

from mingsuan import clock
from mingsuan.alerting import sinks
from mingsuan.services import endpoints
from mingsuan.settings import Settings
from orchestration.alarms import Matter, Memory, Telling, learn, tell
from orchestration.defs.schedules import JOBS
from orchestration.defs.stewardship import OPERATIONS

KEY = dg.AssetKey("alerts")
TOLD = dg.AssetSpec(
    KEY,
    group_name="alerts",
    owners=[OPERATIONS],
    kinds={"python"},
    description="What people were told and how it ended: one observation for each try of log, mail or webhook.",
)
BY_HAND = "__ASSET_JOB"
"""Dagster's own job, in which it runs what people materialize from its pages."""
ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]


@dg.sensor(
    name="alerts",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells failed checks, failed runs and stale assets by log, mail and webhook (docs/alerts.md): once"
    " while each lasts, and when it is over. Starts nothing.",
)
def alerts_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """The cursor holds what is known and who was told."""
    settings, now = Settings(), clock.now()
    memory = Memory.model_validate_json(context.cursor) if context.cursor else Memory()
    graph = context.repository_def.asset_graph if context.repository_def else None
    jobs = [job.name for job in context.repository_def.get_all_jobs()] if context.repository_def else []
    if graph is not None:
        checks, fresh = sorted(graph.asset_check_keys), sorted(graph.get_all_asset_keys())
        learn(memory, wrong(context.instance, checks, jobs, fresh), now)
    link = endpoints(settings)["Dagster"].url
    tellings = asyncio.run(_told(memory, settings, link))
    for each in tellings:
        context.instance.report_runless_asset_event(_observation(each))
    return dg.SensorResult(
        skip_reason=f"{len(memory.known)} matters are known, {len(tellings)} messages went out",
        cursor=memory.model_dump_json(),
    )


def wrong(
    instance: dg.DagsterInstance,
    checks: Sequence[dg.AssetCheckKey],
    jobs: Sequence[str],
    assets: Sequence[dg.AssetKey],
) -> list[Matter]:
    """Everything that is wrong now by what the instance recorded."""
    return [*failed_checks(instance, checks), *failed_jobs(instance, jobs), *stale(instance, assets)]


def failed_checks(instance: dg.DagsterInstance, keys: Sequence[dg.AssetCheckKey]) -> Iterator[Matter]:
    """Checks whose last finished evaluation did not pass; one that is under way counts as before."""
    for key, summary in instance.event_log_storage.get_asset_check_summary_records(keys).items():
        record = summary.last_completed_check_execution_record
        event = record.event.dagster_event if record is not None and record.event is not None else None
        if event is None or event.event_type is not dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            continue
        found = event.asset_check_evaluation_data
        if found.passed:
            continue
        warns = found.severity is dg.AssetCheckSeverity.WARN
        said = [f"{name}: {value.value}" for name, value in found.metadata.items()]
        yield Matter(
            kind="check_failed",
            subject=f"check:{key.asset_key.to_user_string()}:{key.name}",
            severity="warning" if warns else "critical",
            title=f"检查未通过 check failed: {key.asset_key.to_user_string()} · {key.name}",
            text="\n".join([found.description or "", *said]).strip()[:2000],
            page=f"assets/{'/'.join(map(quote, key.asset_key.path))}?view=checks&checkDetail={quote(key.name)}",
        )


def failed_jobs(instance: dg.DagsterInstance, names: Sequence[str]) -> Iterator[Matter]:
    """Jobs whose last ended run failed. Of what people materialize by hand, runs of whole jobs after it count too."""
    for name in names:
        by_hand = name == BY_HAND
        for run in _ended(instance, [BY_HAND, *(job.name for job in JOBS)] if by_hand else [name]):
            if run.status is dg.DagsterRunStatus.FAILURE and run.job_name == name:
                yield Matter(
                    kind="run_failed",
                    subject="job:by_hand" if by_hand else f"job:{name}",
                    severity="critical",
                    title=f"任务失败 run failed: {'手动 by hand' if by_hand else name}",
                    text=_reason(instance, run),
                    page=f"runs/{run.run_id}",
                )


def _ended(instance: dg.DagsterInstance, names: Sequence[str]) -> list[dg.DagsterRun]:
    """The run of these jobs that was created last among those that ended, if there is one."""
    last = [
        record
        for name in names
        for record in instance.get_run_records(dg.RunsFilter(job_name=name, statuses=ENDED), limit=1)
    ]
    return [max(last, key=lambda record: record.storage_id).dagster_run] if last else []


def _reason(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """What each failed step said, without its traceback; where no step failed, what the run itself said."""
    said = []
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = entry.dagster_event
        if event is not None:
            found = event.step_failure_data
            cause = found.error.cause or found.error if found.error is not None else None
            own = found.user_failure_data.description if found.user_failure_data is not None else None
            said.append(f"{event.step_key}: {own or (cause.message.strip() if cause is not None else '')}")
    if not said:
        ends = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        said = [entry.dagster_event.message or "" for entry in ends if entry.dagster_event is not None]
    return "\n".join([*said, f"run {run.run_id}"]).strip()[:2000]


def stale(instance: dg.DagsterInstance, keys: Sequence[dg.AssetKey]) -> Iterator[Matter]:
    """Groups of assets that failed their freshness policy, by the first part of the key; one matter a group."""
    groups: dict[str, list[str]] = defaultdict(list)
    for key, record in instance.get_freshness_state_records(keys).items():
        if record.freshness_state.value == "FAIL":
            groups[key.path[0] if len(key.path) > 1 or key.path[0] == "published" else "models"].append(key.path[-1])
    for group, names in sorted(groups.items()):
        yield Matter(
            kind="stale",
            subject=f"stale:{group}",
            severity="critical" if group == "published" else "warning",
            title=f"数据过期 stale: {group}",
            text=", ".join(sorted(names))[:2000],
            page="assets",
        )


async def _told(memory: Memory, settings: Settings, link: str) -> list[Telling]:
    made = sinks(settings)
    try:
        return await tell(memory, made, link, clock.now())
    finally:
        for sink in made:
            await sink.aclose()


def _observation(telling: Telling) -> dg.AssetObservation:
    about = {"sink": telling.sink, "outcome": telling.outcome, "reason": telling.reason}
    return dg.AssetObservation(KEY, metadata={**about, "subjects": "\n".join(telling.subjects)})
