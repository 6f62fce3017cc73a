"""Alerts of Dagster: told once while they last, again when worse, at the end; a sink that failed is told later."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.loader import LoadingContextForTest
from dagster._core.test_utils import freeze_time
from dagster._daemon.freshness import FreshnessDaemon

from mingsuan import clock
from mingsuan.alert_notes import AlertNote, Letter, NotToldError, Severity
from orchestration.alarms import Matter, Memory, learn, tell
from orchestration.defs.alerts import BY_HAND, failed_checks, failed_jobs, stale
from orchestration.defs.stewardship import FOLLOWS_THE_SHOP

pytestmark = [pytest.mark.xdist_group("dagster"), pytest.mark.filterwarnings("ignore")]
T = datetime(2026, 11, 22, 4, tzinfo=UTC)


class Ear:
    """A sink that hears, or answers with an error."""

    def __init__(self, name: str = "webhook", least: Severity = "warning") -> None:
        self.name, self.least = name, least
        self.heard: list[tuple[str, bool]] = []
        self.keys: list[str] = []
        self.answer: NotToldError | None = None

    async def tell(self, alerts: Sequence[AlertNote], letter: Letter) -> None:
        self.keys += [each.key for each in alerts]
        if self.answer is not None:
            raise self.answer
        self.heard += [(each.subject, each.ended_at is not None) for each in alerts]

    async def aclose(self) -> None:
        """Nothing is open."""


def matter(severity: Severity = "warning", subject: str = "check:a:b") -> Matter:
    return Matter(kind="check_failed", subject=subject, severity=severity, title="t", text="x")


async def tick(memory: Memory, ear: Ear, *matters: Matter, minute: int) -> list[str]:
    now = T + timedelta(minutes=minute)
    restored = Memory.model_validate_json(memory.model_dump_json())  # as through the cursor
    memory.__dict__.update(restored.__dict__)
    learn(memory, matters, now)
    return [each.outcome for each in await tell(memory, [ear], "http://x", now)]


@pytest.mark.anyio
async def test_a_matter_is_told_once_while_it_lasts_again_when_worse_and_when_over() -> None:
    memory, ear = Memory(), Ear()
    assert await tick(memory, ear, matter(), minute=0) == ["told"]
    assert await tick(memory, ear, matter(), minute=1) == []
    assert await tick(memory, ear, matter("critical"), minute=2) == ["told"]
    assert await tick(memory, ear, minute=3) == ["told"]
    assert await tick(memory, ear, minute=4) == []
    assert memory.known == {}
    assert ear.heard == [("check:a:b", False), ("check:a:b", False), ("check:a:b", True)]


@pytest.mark.anyio
async def test_a_sink_that_did_not_answer_is_told_later_under_the_same_key() -> None:
    memory, ear = Memory(), Ear()
    ear.answer = NotToldError("unknown", "ReadTimeout")
    assert await tick(memory, ear, matter(), minute=0) == ["unknown"]
    assert await tick(memory, ear, matter(), minute=1) == [], "not before two minutes"
    ear.answer = None
    assert await tick(memory, ear, matter(), minute=2) == ["told"]
    assert ear.keys[0] == ear.keys[1]
    assert memory.tries == {}


@pytest.mark.anyio
async def test_what_was_over_before_it_could_be_told_and_what_is_too_mild_are_not_told() -> None:
    memory, ear = Memory(), Ear()
    ear.answer = NotToldError("refused", "away")
    await tick(memory, ear, matter(), minute=0)
    ear.answer = None
    assert await tick(memory, ear, matter("info", "other"), minute=9) == []
    assert ear.heard == []


@dg.asset(check_specs=[dg.AssetCheckSpec("even", asset="number")])
def number(context: dg.AssetExecutionContext):  # Dagster reads an annotation as that of its outputs
    """An asset whose check says what the run's tag says."""
    passed = context.run.tags["passed"] == "yes"
    severity = dg.AssetCheckSeverity.ERROR
    check = dg.AssetCheckResult(check_name="even", passed=passed, severity=severity, metadata={"found": 3})
    return dg.MaterializeResult(check_results=[check])


def test_failed_checks_and_runs_are_matters_until_the_next_good_ones() -> None:
    key = dg.AssetCheckKey(dg.AssetKey("number"), "even")
    job = dg.Definitions(assets=[number], jobs=[dg.define_asset_job("all")]).resolve_job_def("all")
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, tags={"passed": "no"})
        (found,) = failed_checks(instance, [key])
        assert (found.severity, found.subject, found.text) == ("critical", "check:number:even", "found: 3")
        job.execute_in_process(instance=instance, tags={"passed": "yes"})
        assert list(failed_checks(instance, [key])) == []
        assert list(failed_jobs(instance, ["all"])) == []
        job.execute_in_process(instance=instance, tags={}, raise_on_error=False)
        (broken,) = failed_jobs(instance, ["all"])
        last = instance.get_run_records(limit=1)[0].dagster_run.run_id
        assert (broken.subject, broken.page) == ("job:all", f"runs/{last}")
        assert broken.text.splitlines() == ["number: KeyError: 'passed'", f"run {last}"], "what went wrong, not where"


@dg.asset(name="published", freshness_policy=FOLLOWS_THE_SHOP)
def version() -> None:
    """An asset that has to be as fresh as what readers see."""


def test_what_people_ran_by_hand_is_put_right_by_any_later_good_run_of_theirs_or_of_a_whole_job() -> None:
    refresh = dg.Definitions(assets=[version], jobs=[dg.define_asset_job("refresh")]).resolve_job_def("refresh")
    by_hand = dg.Definitions(assets=[number]).resolve_job_def(BY_HAND)
    with dg.DagsterInstance.ephemeral() as instance:
        by_hand.execute_in_process(instance=instance, raise_on_error=False)
        (broken,) = failed_jobs(instance, [BY_HAND, "refresh"])
        assert (broken.subject, broken.title) == ("job:by_hand", "任务失败 run failed: 手动 by hand")
        refresh.execute_in_process(instance=instance)
        assert list(failed_jobs(instance, [BY_HAND, "refresh"])) == []
        by_hand.execute_in_process(instance=instance, raise_on_error=False)
        assert len(list(failed_jobs(instance, [BY_HAND, "refresh"]))) == 1
        by_hand.execute_in_process(instance=instance, tags={"passed": "yes"})
        assert list(failed_jobs(instance, [BY_HAND, "refresh"])) == []


@pytest.mark.anyio
async def test_what_nobody_renewed_for_an_hour_is_told_as_stale_and_as_over_when_it_is_renewed() -> None:
    """Judged as Dagster's daemon does, at the given minute after the asset was made."""
    definitions = dg.Definitions(assets=[version])
    node = definitions.get_repository_def().asset_graph.get(version.key)
    memory, ear = Memory(), Ear()
    with dg.DagsterInstance.ephemeral() as instance:

        async def told(minute: int) -> list[tuple[str, bool]]:
            with freeze_time(clock.now() + timedelta(minutes=minute)):
                await FreshnessDaemon()._evaluate_asset(LoadingContextForTest(instance), node)
            ear.heard.clear()
            await tick(memory, ear, *stale(instance, [version.key]), minute=minute)
            return list(ear.heard)

        assert await told(1) == [], "what was never made is not stale"
        definitions.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
        assert await told(50) == [], "late only"
        assert await told(61) == [("stale:published", False)]
        (matter,) = (known.matter for known in memory.known.values())
        assert (matter.severity, matter.text) == ("critical", "published")
        definitions.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
        assert await told(2) == [("stale:published", True)]
