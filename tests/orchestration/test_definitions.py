"""The definitions load without credentials, and one run of all of them publishes the shop. Loaded once a session."""

import json
import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import MagicMock

import dagster as dg
import pytest
import yaml

from mingsuan import snapshot
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from orchestration.instance import close_interrupted_runs, make_home
from pipelines import warehouse
from pipelines.dbt_run import run_dbt
from pipelines.tables import TABLES
from transactional.orders.history_import import import_orders

pytestmark = [pytest.mark.xdist_group("dagster"), pytest.mark.filterwarnings("ignore")]  # of Dagster and dbt
HISTORY = """\
 00001 19970101  1   11.77
 00001 19970118  2   22.00
 00002 19970112  1   12.00
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.endswith("_DATABASE_URL"):
                patch.delenv(name)
        patch.setenv("MINGSUAN_VAR", str(tmp_path_factory.mktemp("dagster")))
        yield patch


@pytest.fixture(scope="module")
def loaded(environment: pytest.MonkeyPatch) -> dg.Definitions:
    """As a code server loads them: no credentials, no database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what dagster-dbt imports
        from orchestration.definitions import definitions
    run_dbt(Settings(), "parse")  # what the build below needs in any case; the definitions take its manifest
    made = definitions()
    assert isinstance(made, dg.Definitions)
    dg.Definitions.validate_loadable(made)
    return made


@pytest.fixture
def shop(fresh_database: DatabaseUrls, environment: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """A shop of three orders, named in the environment as a served one is."""
    for name, url in fresh_database.environment().items():
        environment.setenv(name, url)
    settings = Settings()
    history = tmp_path / "history.txt"
    history.write_text(HISTORY)
    import_orders(fresh_database.app, settings, history, "cdnow")
    return settings


def _specs(loaded: dg.Definitions) -> Mapping[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in loaded.resolve_all_asset_specs()}


def test_every_followed_table_is_an_asset_and_models_hang_from_them(loaded: dg.Definitions) -> None:
    specs = _specs(loaded)
    assert {dg.AssetKey(["raw", table.name]) for table in TABLES} <= specs.keys()
    orders = {dep.asset_key for dep in specs[dg.AssetKey("stg_shop__orders")].deps}
    assert orders == {dg.AssetKey(["raw", "orders"])}


def test_the_published_version_comes_after_every_model(loaded: dg.Definitions) -> None:
    specs = _specs(loaded)
    layers = ("staging", "intermediate", "marts_")
    models = {key for key, spec in specs.items() if str(spec.group_name).startswith(layers)}
    assert dg.AssetKey("mart_profit_daily") in models
    assert models <= {dep.asset_key for dep in specs[dg.AssetKey("published")].deps}


def test_every_asset_has_an_owner_a_kind_a_group_and_a_description(loaded: dg.Definitions) -> None:
    for key, spec in _specs(loaded).items():
        assert spec.owners, key
        assert spec.kinds, key
        assert spec.group_name not in {None, "default"}, key
        assert spec.description, key


def test_every_test_that_reads_a_model_is_a_check_with_a_sentence(loaded: dg.Definitions) -> None:
    """Those of the whole books, which read several models, too."""
    written = json.loads((Settings().var / "dbt" / "target" / "manifest.json").read_text())
    tests = {
        unique_id
        for unique_id, node in written["nodes"].items()
        if node["resource_type"] == "test" and any(each.startswith("model.") for each in node["depends_on"]["nodes"])
    }
    graph = loaded.get_repository_def().asset_graph
    specs = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    shown = [spec for spec in specs if "dagster_dbt/unique_id" in (spec.metadata or {})]
    assert {spec.metadata["dagster_dbt/unique_id"] for spec in shown} == tests
    assert all(spec.description for spec in specs)
    books = dg.AssetCheckKey(dg.AssetKey("fct_ledger_entries"), "margins_equal_ledger")
    assert graph.get_check_spec(books).blocking


def test_raw_tables_marts_and_the_published_version_have_to_be_fresh_and_areas_have_teams(
    loaded: dg.Definitions,
) -> None:
    specs = _specs(loaded)
    for key, spec in specs.items():
        renewed = key.path[0] in {"raw", "computed"} or str(spec.group_name).startswith(("marts_", "published"))
        assert (spec.freshness_policy is not None) or not renewed, key
    profit = specs[dg.AssetKey("mart_profit_daily")]
    assert (profit.group_name, profit.owners) == ("marts_finance", ["team:finance"])
    assert {"dbt", "duckdb"} <= set(profit.kinds)
    assert (profit.description or "").startswith("One row per")
    nightly, each = specs[dg.AssetKey(["computed", "customer_value"])], specs[dg.AssetKey(["computed", "draw_audit"])]
    assert nightly.freshness_policy != each.freshness_policy


def test_both_schedules_run_from_the_start_in_the_shops_zone(loaded: dg.Definitions) -> None:
    schedules = list(loaded.schedules or [])
    assert {schedule.name for schedule in schedules} == {"refresh_often", "rebuild_nightly"}
    for schedule in schedules:
        assert isinstance(schedule, dg.ScheduleDefinition)
        assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
        assert schedule.execution_timezone == "Asia/Shanghai"


def test_a_refresh_that_waits_or_works_makes_the_next_one_skip(loaded: dg.Definitions) -> None:
    from orchestration.defs.schedules import is_busy

    job = loaded.resolve_job_def("refresh")
    with dg.DagsterInstance.ephemeral() as instance:
        assert not is_busy(instance)
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.SUCCESS)
        assert not is_busy(instance)
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED)
        assert is_busy(instance)


def test_the_nightly_run_rebuilds_from_the_start_and_computes_what_is_slow(loaded: dg.Definitions) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        tick = loaded.get_schedule_def("rebuild_nightly").evaluate_tick(dg.build_schedule_context(instance=instance))
    (request,) = tick.run_requests or []
    job = loaded.resolve_job_def("rebuild")
    assert loaded.get_schedule_def("rebuild_nightly").job_name == "rebuild"
    assert not request.run_config, "what the job says counts"
    how = dg.validate_run_config(job, job.run_config)["ops"]["models"]["config"]
    assert how == {"full_refresh": True, "nightly": True}


def test_a_resync_reads_the_whole_source_again_and_every_job_has_its_longest_time(loaded: dg.Definitions) -> None:
    job = loaded.resolve_job_def("resync")
    assert dg.validate_run_config(job, job.run_config)["ops"]["raw"]["config"] == {"resync": True}
    for name in ("refresh", "rebuild", "resync"):
        assert int(loaded.resolve_job_def(name).tags["dagster/max_runtime"]) >= 3600


@pytest.mark.parametrize(("error", "transient"), [(TimeoutError("away"), True), (ValueError("refused"), False)])
def test_only_errors_that_pass_by_themselves_are_tried_again(error: Exception, transient: bool) -> None:
    from orchestration.defs.retries import tried_again

    waits = []
    for number in range(3):
        context = MagicMock(spec=dg.AssetExecutionContext, retry_number=number)
        with pytest.raises((dg.RetryRequested, ValueError)) as raised, tried_again(context):
            raise error
        waits.append(getattr(raised.value, "seconds_to_wait", None))
    assert waits == ([10, 40, 160] if transient else [None] * 3)


def test_a_failed_run_is_told_once_and_how_that_ended_is_kept(
    loaded: dg.Definitions, caplog: pytest.LogCaptureFixture
) -> None:
    from orchestration.defs.alerts import KEY, alerts_sensor

    cursor = None
    with dg.DagsterInstance.ephemeral() as instance:
        instance.create_run_for_job(loaded.resolve_job_def("refresh"), status=dg.DagsterRunStatus.FAILURE)
        for _ in range(2):
            context = dg.build_sensor_context(
                instance=instance, repository_def=loaded.get_repository_def(), cursor=cursor
            )
            result = alerts_sensor(context)
            assert isinstance(result, dg.SensorResult)
            assert not result.run_requests
            cursor = result.cursor
        tries = instance.fetch_observations(KEY, limit=10).records
    (told,) = [record.event_log_entry.asset_observation for record in tries]
    assert told is not None
    assert (told.metadata["outcome"].value, told.metadata["subjects"].value) == ("told", "job:refresh")
    assert [record.message for record in caplog.records if record.name == "mingsuan.alerts"] == [
        "alert raised run_failed"
    ]


@pytest.mark.proof
def test_one_run_ingests_builds_tests_and_publishes(loaded: dg.Definitions, shop: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = loaded.resolve_job_def("refresh").execute_in_process(instance=instance)
        assert result.success
        published = instance.get_latest_materialization_event(dg.AssetKey("published"))
        orders = instance.get_latest_materialization_event(dg.AssetKey(["raw", "orders"]))
    materialized = {event.asset_key for event in result.get_asset_materialization_events()}
    beside = {dg.AssetKey("statements_inbox"), dg.AssetKey("alerts")}
    assert materialized == _specs(loaded).keys() - beside, "what the build writes beside the models too"
    checks = {(check.asset_key, check.check_name): check.passed for check in result.get_asset_check_evaluations()}
    assert all(checks.values())
    assert len(checks) > 50
    assert checks[dg.AssetKey("published"), "snapshot_is_fresh"]

    assert orders is not None
    assert orders.asset_materialization is not None
    assert orders.asset_materialization.metadata["dagster/row_count"].value == 3
    folder = snapshot.resolve(shop)
    assert published is not None
    assert published.asset_materialization is not None
    assert published.asset_materialization.metadata["version"].value == folder.name
    with snapshot.open_snapshot(folder) as connection:
        assert connection.execute("select sum(net_sales_fen) from mart_profit_daily").fetchone() == (4577,)
    with warehouse.owned(shop, "test"), warehouse.connect(shop) as connection:  # the run let go of it
        assert connection.execute("select count(*) from ingest.batch").fetchone() == (1,)


def test_runs_that_a_stopped_machine_left_are_closed(loaded: dg.Definitions) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(loaded.resolve_job_def("refresh"), status=dg.DagsterRunStatus.STARTED)
        assert close_interrupted_runs(instance) == [run.run_id]
        closed = instance.get_run_by_id(run.run_id)
        assert closed is not None
        assert closed.status is dg.DagsterRunStatus.FAILURE
        assert close_interrupted_runs(instance) == []


def test_the_home_gets_the_configuration_and_telemetry_is_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    make_home()
    written = yaml.safe_load((tmp_path / "home" / "dagster.yaml").read_text())
    assert written["telemetry"] == {"enabled": False}
    assert written["concurrency"]["runs"]["max_concurrent_runs"] == 1


def test_the_manifest_is_parsed_again_only_when_a_model_changed(
    loaded: dg.Definitions, environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from orchestration.defs import manifest

    settings = Settings()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "_parse", lambda _settings, _kept: pytest.fail("parsed again"))
        assert manifest.manifest(settings)["nodes"]
        (tmp_path / "model.sql").write_text("select 1")
        patch.setattr(manifest, "PROJECT", tmp_path)
        with pytest.raises(pytest.fail.Exception, match="parsed again"):
            manifest.manifest(settings.model_copy(update={"var": tmp_path / "v"}))
