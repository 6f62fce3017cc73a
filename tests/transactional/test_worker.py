"""The worker: jobs belong to transactions, survive killed workers, and the queue's tables are the library's."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import procrastinate
import psycopg
import pytest
from procrastinate.jobs import Job
from procrastinate.schema import SchemaManager
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional import worker_under_test
from transactional import worker
from transactional.db import writing
from transactional.jobs import defer
from transactional.patience import LONGEST_S, Patience
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
SECONDS = 60
NEWEST_QUEUE_MIGRATION = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""The newest of the library's migrations that its schema in revision 0003 holds."""


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "slices", lambda: (worker_under_test,))


def _unused() -> Shop:
    raise AssertionError


def _states(urls: DatabaseUrls, task: str) -> list[tuple[str, int]]:
    with psycopg.connect(urls.app) as connection:
        return connection.execute(
            "select status::text, attempts from jobs.procrastinate_jobs where task_name = %s order by id", [task]
        ).fetchall()


async def _until(urls: DatabaseUrls, task: str, states: list[str]) -> None:
    async with asyncio.timeout(SECONDS):
        while [state for state, _ in _states(urls, task)] != states:
            await asyncio.sleep(0.05)


async def test_a_job_of_a_transaction_that_is_rolled_back_does_not_exist(
    fresh_database: DatabaseUrls, fresh_engine: AsyncEngine
) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with writing(fresh_engine) as session:
            await defer(session, "test.touch", {"row_id": 1})
            raise ZeroDivisionError
    assert _states(fresh_database, "test.touch") == []
    async with writing(fresh_engine) as session:
        await defer(session, "test.touch", {"row_id": 2})
    assert _states(fresh_database, "test.touch") == [("todo", 0)]


@pytest.mark.usefixtures("slices")
async def test_jobs_are_run_and_told_by_their_ids(
    fresh_database: DatabaseUrls, fresh_engine: AsyncEngine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker_under_test.FOLDER = tmp_path
    caplog.set_level(logging.INFO, "mingsuan.worker")
    async with worker.working(worker.worker_app(fresh_database.app, _unused)):
        async with writing(fresh_engine) as session:
            await defer(session, "test.touch", {"row_id": 7})
        await _until(fresh_database, "test.touch", ["succeeded"])
    assert (tmp_path / "7").exists()
    assert [r.task for r in caplog.records if r.getMessage() == "job test.touch done"] == ["test.touch"]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("slices")
async def test_a_killed_workers_job_is_finished_by_another(
    fresh_database: DatabaseUrls, fresh_engine: AsyncEngine, tmp_path: Path
) -> None:
    async with writing(fresh_engine) as session:
        await defer(session, "test.slow_at_first", {"row_id": 3})
    command = [sys.executable, "-m", "tests.transactional.worker_under_test", fresh_database.app, str(tmp_path)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as doomed:
        async with asyncio.timeout(SECONDS):
            while not (tmp_path / "begun-3").exists():
                await asyncio.sleep(0.05)
        doomed.send_signal(signal.SIGKILL)
    assert doomed.returncode == -signal.SIGKILL
    assert _states(fresh_database, "test.slow_at_first") == [("doing", 0)]

    worker_under_test.FOLDER = tmp_path
    app = worker.worker_app(fresh_database.app, _unused)
    async with worker.working(app):
        assert await worker.retry_stalled(app) == 0  # its heart may yet beat
        with psycopg.connect(fresh_database.app) as connection:
            connection.execute(
                "update jobs.procrastinate_workers set last_heartbeat = now() - interval '31 s'"
                " where id = (select worker_id from jobs.procrastinate_jobs where task_name = 'test.slow_at_first')"
            )
        await worker.retry_stalled(app)
        await _until(fresh_database, "test.slow_at_first", ["succeeded"])
    assert _states(fresh_database, "test.slow_at_first") == [("succeeded", 2)]


@pytest.mark.usefixtures("slices")
async def test_a_job_that_kills_every_worker_is_failed_in_the_end(
    fresh_database: DatabaseUrls, fresh_engine: AsyncEngine
) -> None:
    async with writing(fresh_engine) as session:
        await defer(session, "test.touch", {"row_id": 1})
    with psycopg.connect(fresh_database.app) as connection:
        connection.execute("update jobs.procrastinate_jobs set status = 'doing', attempts = 10")
    async with worker.worker_app(fresh_database.app, _unused).open_async() as app:
        assert await worker.retry_stalled(app) == 1
    assert _states(fresh_database, "test.touch") == [("failed", 11)]


@pytest.mark.usefixtures("slices")
@pytest.mark.parametrize("died", [True, False], ids=["died", "failed"])
async def test_a_job_to_be_tried_again_gives_way_to_its_successor_that_waits(
    fresh_database: DatabaseUrls, fresh_engine: AsyncEngine, tmp_path: Path, died: bool
) -> None:
    worker_under_test.FOLDER = tmp_path
    async with writing(fresh_engine) as session:
        await defer(session, "test.touch", {"row_id": 1})
        await defer(session, "test.touch", {"row_id": 2}, lock="test.touch")
    with psycopg.connect(fresh_database.app, autocommit=True) as connection:
        connection.execute(
            "update jobs.procrastinate_jobs set status = 'doing', lock = 'test.touch' where args = '{\"row_id\": 1}'"
        )
        connection.execute("update jobs.procrastinate_jobs set queueing_lock = 'test.touch'")
    app = worker.worker_app(fresh_database.app, _unused)
    async with worker.working(app):
        [stalled] = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=0)
        await (worker.retry_stalled(app) if died else app.job_manager.retry_job(stalled, retry_at=clock.now()))
        await _until(fresh_database, "test.touch", ["succeeded"])
    assert not (tmp_path / "1").exists()
    assert (tmp_path / "2").exists()


@pytest.mark.usefixtures("slices")
async def test_done_jobs_are_forgotten_and_failed_ones_kept_to_be_looked_at(
    fresh_database: DatabaseUrls, fresh_engine: AsyncEngine
) -> None:
    async with writing(fresh_engine) as session:
        for number in range(3):
            await defer(session, "test.touch", {"row_id": number})
    with psycopg.connect(fresh_database.owner) as connection:
        connection.execute("update jobs.procrastinate_jobs set status = 'doing'")
        connection.execute(
            "update jobs.procrastinate_jobs set status = (array['succeeded', 'failed', 'doing'])"
            "[(args->>'row_id')::int + 1]::jobs.procrastinate_job_status"
        )
        connection.execute("update jobs.procrastinate_events set at = at - interval '4 days'")
    async with worker.worker_app(fresh_database.app, _unused).open_async() as app:
        await worker.prune(app)
    assert [state for state, _ in _states(fresh_database, "test.touch")] == ["failed", "doing"]


@pytest.mark.usefixtures("slices")
async def test_a_job_that_the_shutdown_cut_off_waits_for_the_next_worker(
    fresh_database: DatabaseUrls, fresh_engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "GRACE_S", 0.1)
    worker_under_test.FOLDER = tmp_path
    async with worker.working(worker.worker_app(fresh_database.app, _unused)):
        async with writing(fresh_engine) as session:
            await defer(session, "test.slow_at_first", {"row_id": 5})
        async with asyncio.timeout(SECONDS):
            while not (tmp_path / "begun-5").exists():
                await asyncio.sleep(0.05)
    assert _states(fresh_database, "test.slow_at_first") == [("todo", 1)]


def test_every_task_of_the_slices_can_be_tried_again_and_has_a_name_of_its_slice() -> None:
    app = worker.worker_app("postgresql://nobody@/nothing", _unused)
    own = {name: task for name, task in app.tasks.items() if not name.startswith(("builtin:", "procrastinate."))}
    assert {"payments.pay_out", "orders.cancel_expired", "worker.retry_stalled"} <= set(own)
    for name, task in own.items():
        assert task.retry_strategy is not None, name
    slices = {module.__name__.split(".")[1] for module in worker.slices()}
    assert {name.split(".")[0] for name in own} <= slices | {"worker"}


def _decision(patience: Patience, error: BaseException, attempts: int) -> float | None:
    job = Job(id=1, queue="q", task_name="t", lock=None, queueing_lock=None, task_kwargs={}, attempts=attempts)
    made = patience.get_retry_decision(exception=error, job=job)
    if made is None or made.retry_at is None:
        return None
    return (made.retry_at - procrastinate.utils.utcnow()).total_seconds()


def test_pauses_double_up_to_an_hour_and_end() -> None:
    patience = Patience(attempts=25)
    first, later, late = (_decision(patience, OSError(), n) for n in (0, 3, 23))
    assert first is not None
    assert 2 <= first <= 6
    assert later is not None
    assert 30 <= later <= 48
    assert late is not None
    assert 0.79 * LONGEST_S <= late <= 1.2 * LONGEST_S
    assert _decision(patience, OSError(), 24) is None
    assert _decision(patience, asyncio.CancelledError(), 24) is not None


def test_the_library_brings_no_migration_that_revision_0003_does_not_hold() -> None:
    """Fails after an upgrade of procrastinate: write a revision that runs its newer migrations, then move the name."""
    newest = max(file.name for file in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    assert newest == NEWEST_QUEUE_MIGRATION


def test_the_slices_that_have_jobs_are_all_registered() -> None:
    package = Path(worker.__file__).parent
    found = {".".join(file.relative_to(package.parent).with_suffix("").parts) for file in package.rglob("*jobs.py")}
    own = {"transactional.jobs", "transactional.migrations.versions.r0003_jobs"}
    assert found - own == {module.__name__ for module in worker.slices()}


@pytest.mark.enable_socket
def test_the_worker_answers_its_probes_and_ends_when_asked(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {"MINGSUAN_VAR": str(tmp_path), "MINGSUAN_WORKER_PORT": str(port)}
    environment = {**os.environ, **fresh_database.environment(), **own}
    command = [sys.executable, "-c", "from mingsuan.cli import main; main()", "worker"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        try:
            deadline = time.monotonic() + 3 * SECONDS
            while b'"ok"' not in _page(port, "/healthz"):
                assert running.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert b"mingsuan_jobs_run_total" in _page(port, "/metrics")
            running.send_signal(signal.SIGTERM)
            said, _ = running.communicate(timeout=SECONDS)
        finally:
            running.kill()
    assert running.returncode == 0, said
    assert "the worker has stopped" in said


def _page(port: int, path: str) -> bytes:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().read()
    except OSError:
        return b""
    finally:
        connection.close()
