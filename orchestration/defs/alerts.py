"""A sensor that turns failed checks, failed runs and stale assets into alerts, and keeps how telling them ended."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence

import dagster as dg

from mingsuan import clock
from mingsuan.alerting import sinks
from mingsuan.settings import Settings
from orchestration.alarms import Matter, Memory, Telling, learn, tell
from orchestration.defs.stewardship import OPERATIONS

KEY = dg.AssetKey("alerts")
TOLD = dg.AssetSpec(
    KEY,
    group_name="alerts",
    owners=[OPERATIONS],
    kinds={"python"},
    description="What people were told and how it ended: one observation for each try of log, mail or webhook.",
)
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
    link = f"http://{settings.host}:{settings.dagster_port}/"
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
        )


def failed_jobs(instance: dg.DagsterInstance, names: Sequence[str]) -> Iterator[Matter]:
    """Jobs whose last ended run failed."""
    for name in names:
        for run in instance.get_runs(dg.RunsFilter(job_name=name, statuses=ENDED), limit=1):
            if run.status is dg.DagsterRunStatus.FAILURE:
                yield Matter(
                    kind="run_failed",
                    subject=f"job:{name}",
                    severity="critical",
                    title=f"任务失败 run failed: {name}",
                    text=f"run {run.run_id}",
                )


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
