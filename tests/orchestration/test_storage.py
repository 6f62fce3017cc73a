"""Where Dagster keeps what it knows: in a PostgreSQL when one is named, in files of its home otherwise."""

import os
from pathlib import Path

import dagster as dg
import psycopg
import pytest
import yaml

from mingsuan.postgres import DatabaseUrls
from mingsuan.services import services
from mingsuan.settings import Settings
from orchestration.instance import DATABASE, make_home

pytestmark = [pytest.mark.xdist_group("dagster"), pytest.mark.filterwarnings("ignore")]


@dg.op
def nothing() -> None:
    """An op that does nothing."""


@dg.job
def idle() -> None:
    """A job of it."""
    nothing()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DAGSTER_STORAGE_DIR", str(tmp_path / "home"))
    monkeypatch.delenv(DATABASE, raising=False)
    return tmp_path / "home"


def test_a_runs_events_land_in_the_named_postgresql(
    home: Path, fresh_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(dagster_database_url=fresh_database.owner)
    monkeypatch.setenv(DATABASE, services(settings, fresh_database, tmp_path).environment[DATABASE])
    make_home()
    assert fresh_database.owner.partition("://")[2] not in (home / "dagster.yaml").read_text(), (
        "the file names the variable only"
    )
    with dg.DagsterInstance.get() as instance:
        run = idle.execute_in_process(instance=instance)
    with psycopg.connect(fresh_database.owner) as connection:
        runs = connection.execute("select run_id, status from runs").fetchall()
        events = connection.execute("select count(*) from event_logs where run_id = %s", [run.run_id]).fetchone()
    assert runs == [(run.run_id, "SUCCESS")]
    assert events is not None
    assert events[0] > 3
    assert not list(home.rglob("*.db"))


def test_without_one_they_are_files_of_the_home(home: Path) -> None:
    make_home()
    assert DATABASE not in os.environ
    assert "sqlite" in yaml.safe_load((home / "dagster.yaml").read_text())["storage"]
    with dg.DagsterInstance.get() as instance:
        run = idle.execute_in_process(instance=instance)
        assert instance.get_run_by_id(run.run_id) is not None
    assert list(home.rglob("*.db"))
