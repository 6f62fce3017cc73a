"""One owner of the warehouse file at a time."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from mingsuan.settings import Settings
from pipelines.warehouse import NotOwnerError, connect, lock_file, owned, transaction

HOLDER = """
import sys, time
from pathlib import Path
from mingsuan.settings import Settings
from pipelines.warehouse import connect, owned
settings = Settings(var=Path(sys.argv[1]))
with owned(settings, "the holder"), connect(settings) as warehouse:
    warehouse.execute("create table if not exists held (pid bigint)")
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path)


def _holder(settings: Settings) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(settings.var)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


class _Told:
    """Remembers steps; the first one sets `heard`."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.heard = threading.Event()

    def __call__(self, step: str, done: int | None = None, total: int | None = None) -> None:
        self.steps.append(step)
        self.heard.set()


def test_another_process_waits_and_says_whom_it_waits_for(settings: Settings) -> None:
    told = _Told()
    entered = threading.Event()

    def enter() -> None:
        with owned(settings, "the waiter", told), connect(settings) as warehouse:
            warehouse.execute("select * from held").fetchall()
            entered.set()

    with _holder(settings) as holder:
        waiter = threading.Thread(target=enter)
        waiter.start()
        assert told.heard.wait(10)
        assert not entered.is_set()
        assert "the holder" in told.steps[0]
        assert f"process {holder.pid}" in told.steps[0]
        holder.communicate("", timeout=10)
        assert entered.wait(10)
        waiter.join()


def test_an_owner_that_is_killed_leaves_the_warehouse_to_the_next(settings: Settings) -> None:
    with _holder(settings) as holder:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate(timeout=10)
    with owned(settings, "the next"), connect(settings) as warehouse:
        assert warehouse.execute("select count(*) from held").fetchone() == (0,)
    assert '"the next"' in lock_file(settings).read_text()


def test_an_owner_may_enter_again_and_stays_owner_until_the_outermost_block_ends(settings: Settings) -> None:
    with owned(settings, "refresh"):
        with owned(settings, "ingest"), connect(settings):
            pass
        with connect(settings):
            assert '"refresh"' in lock_file(settings).read_text()
    with pytest.raises(NotOwnerError, match="owned"):
        connect(settings)


def test_threads_of_one_process_take_turns(settings: Settings) -> None:
    inside: list[str] = []
    overlaps: list[str] = []

    def work(name: str) -> None:
        for _ in range(20):
            with owned(settings, name):
                inside.append(name)
                with connect(settings) as warehouse:
                    warehouse.execute("create or replace table turn as select 1 as n")
                if inside != [name]:
                    overlaps.append(name)
                inside.remove(name)

    threads = [threading.Thread(target=work, args=(f"thread {n}",)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert overlaps == []


def test_a_connection_works_in_utc_and_downloads_nothing(settings: Settings) -> None:
    with owned(settings, "test"), connect(settings) as warehouse:
        row = warehouse.execute(
            "select current_setting('TimeZone'), current_setting('autoinstall_known_extensions')"
        ).fetchone()
    assert row == ("UTC", False)


def test_what_is_written_in_a_transaction_is_there_whole_or_not_at_all() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table kept (n integer check (n < 3))")
        with pytest.raises(duckdb.ConstraintException), transaction(connection):
            _insert(connection, 1, 3)
        with transaction(connection):
            _insert(connection, 1, 2)
        assert connection.execute("select n from kept order by n").fetchall() == [(1,), (2,)]


def _insert(connection: duckdb.DuckDBPyConnection, *numbers: int) -> None:
    for number in numbers:
        connection.execute("insert into kept values (?)", [number])


def test_memory_is_bounded_as_the_settings_say(settings: Settings) -> None:
    small = settings.model_copy(update={"warehouse_memory_mib": 1024})
    with owned(small, "test"), connect(small) as connection:
        assert connection.execute("select current_setting('memory_limit')").fetchall() == [("1.0 GiB",)]
