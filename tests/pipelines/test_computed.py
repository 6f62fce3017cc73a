"""Tables that Python computes beside the models: when each is due, in what order a build makes them, what stops it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
import yaml

from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings
from pipelines import build as building
from pipelines import computed
from pipelines.build import build
from pipelines.build_context import BuildContext
from pipelines.computed import COMPUTATIONS, Computation, When
from pipelines.dbt_run import PROJECT, DbtOutcome, NodeResult
from pipelines.publish import NotPublishableError, publish
from tests.warehouse import built

pytestmark = pytest.mark.xdist_group("dbt")
CONTEXT = BuildContext(date(2026, 3, 31), datetime(2026, 3, 31, 4, tzinfo=UTC), 1, "CNY", "Asia/Shanghai", False)
Told = list[str]


def _writing(told: Told, *tables: str) -> Callable[[duckdb.DuckDBPyConnection, Settings, BuildContext, Progress], None]:
    def compute(
        connection: duckdb.DuckDBPyConnection, settings: Settings, context: BuildContext, progress: Progress
    ) -> None:
        told.append(f"compute {tables[0]}")
        for table in tables:
            connection.execute(f"create or replace table computed.{table} as select now() as computed_at")

    return compute


def _raising(*_: object) -> None:
    raise ZeroDivisionError("no customer bought twice")


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Settings:
    """A built shop of its own."""
    made = built.hand_fed_shop(tmp_path_factory.getbasetemp())
    shutil.copytree(made.var, tmp_path, ignore=shutil.ignore_patterns("dbt", "pg"), dirs_exist_ok=True)
    return Settings(var=tmp_path)


def _due(connection: duckdb.DuckDBPyConnection, one: Computation, context: BuildContext = CONTEXT) -> bool:
    return computed.due(connection, [one], context, nightly=False) == (one,)


def test_what_is_nightly_waits_for_the_night_once_it_ran_well(connection: duckdb.DuckDBPyConnection) -> None:
    value = Computation("value", ("value",), When.NIGHTLY, _writing([], "value"))
    assert _due(connection, value), "its table is missing"
    computed.run(connection, value, Settings(), CONTEXT, silent)
    assert not _due(connection, value)
    assert computed.due(connection, [value], CONTEXT, nightly=True) == (value,)
    assert _due(connection, value, replace(CONTEXT, as_of_date=date(2026, 4, 1))), "the as-of date moved"
    assert _due(connection, value, replace(CONTEXT, simulated=True)), "it is another shop"
    connection.execute("update meta.computation set code = 'older'")
    assert _due(connection, value), "other code ran"
    computed.run(connection, value, Settings(), CONTEXT, silent)
    computed.run(connection, replace(value, compute=_raising), Settings(), CONTEXT, silent)
    assert _due(connection, value), "it failed the last time"


def test_what_belongs_to_every_build_is_always_due(connection: duckdb.DuckDBPyConnection) -> None:
    audit = Computation("audit", ("audit",), When.EVERY_BUILD, _writing([], "audit"))
    computed.run(connection, audit, Settings(), CONTEXT, silent)
    assert _due(connection, audit)


def test_a_computation_that_leaves_no_table_failed(connection: duckdb.DuckDBPyConnection) -> None:
    silent_one = Computation("value", ("value", "fit"), When.NIGHTLY, _writing([], "value"))
    result = computed.run(connection, silent_one, Settings(), CONTEXT, silent)
    assert (result.status, result.message) == ("error", "LookupError: it left no table fit")


def test_a_computation_that_raises_is_named_and_nothing_is_published(settings: Settings) -> None:
    before = publish(settings)
    audit = Computation("draw_audit", ("draw_audit",), When.EVERY_BUILD, _raising)
    result = build(settings, computations=[audit])
    assert [(test.name, test.status) for test in result.blocking] == [("draw_audit", "error")]
    with pytest.raises(NotPublishableError, match=r"draw_audit on computed\.draw_audit: error.*bought twice"):
        publish(settings)
    attempt = json.loads((settings.published_dir / "last_attempt.json").read_text())
    assert [test["name"] for test in attempt["tests"]] == ["draw_audit"]
    assert (settings.published_dir / "current").resolve() == before.folder.resolve()


def _dbt(told: Told, status: str) -> Callable[..., DbtOutcome]:
    """A dbt that says what it was asked for, and whose only test ends with `status`."""
    node = NodeResult("x", "test_x", "test", "m", None, "error", status, 0, None, "", "x.sql", None, 0.0)

    def run(settings: Settings, command: str, *options: str, progress: Progress = silent) -> DbtOutcome:
        told.append(" ".join([command, *options[2:]]))
        return DbtOutcome((node,), None)

    return run


def _order(settings: Settings, monkeypatch: pytest.MonkeyPatch, *, status: str = "pass") -> Told:
    told: Told = []
    monkeypatch.setattr(building, "run_dbt", _dbt(told, status))
    slow = Computation("value", ("value", "fit"), When.NIGHTLY, _writing(told, "value", "fit"))
    audit = Computation("audit", ("audit",), When.EVERY_BUILD, _writing(told, "audit"))
    build(settings, computations=[slow, audit])
    return told


def test_a_slow_computation_stands_between_what_it_reads_and_what_reads_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    downstream = "source:computed.value+ source:computed.fit+"
    assert _order(settings, monkeypatch) == [
        "compute audit",
        f"build --exclude {downstream}",
        "compute value",
        f"build --select {downstream}",
    ]
    assert _order(settings, monkeypatch) == ["compute audit", "build"], "by day one invocation does all"


def test_nothing_slow_is_computed_from_models_that_failed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    told = _order(settings, monkeypatch, status="fail")
    assert told == ["compute audit", "build --exclude source:computed.value+ source:computed.fit+"]


def test_every_computed_table_is_a_source_of_the_models() -> None:
    files = (PROJECT / "models/staging").rglob("_sources*.yml")
    sources = [source for file in files for source in yaml.safe_load(file.read_text(encoding="utf-8"))["sources"]]
    declared = {table["name"] for source in sources if source["name"] == "computed" for table in source["tables"]}
    assert declared == {table for computation in COMPUTATIONS for table in computation.tables}
