"""The embedded server through crashes, crowds and awkward folders."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mingsuan import embedded_postgres
from mingsuan.embedded_postgres import EmbeddedServerError, Postmaster, running, shared_server, stop_unused
from mingsuan.postgres import DatabaseUnavailableError, check_version, database
from mingsuan.settings import Settings

USER = """
import sys
from pathlib import Path
from mingsuan.postgres import database
from mingsuan.settings import Settings
with database(Settings(var=Path(sys.argv[1]))) as urls:
    print(urls.owner, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _no_given_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("OWNER", "APP", "READER"):
        monkeypatch.delenv(f"MINGSUAN_{role}_DATABASE_URL", raising=False)


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "v"
    for left in (tmp_path / "v" / "pg", tmp_path / "moved" / "pg"):
        if (server := running(left)) is not None:
            server.process.kill()


class _User:
    """Another process inside `database(...)` until it is let go or killed."""

    def __init__(self, var: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", USER, str(var)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def url(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def leave(self) -> None:
        with self._process:
            pass
        assert self._process.returncode == 0

    def kill(self) -> None:
        self._process.kill()
        with self._process:
            pass


def test_two_processes_that_start_at_once_share_one_server_and_the_last_one_stops_it(var: Path) -> None:
    users = [_User(var), _User(var)]
    urls = {user.url() for user in users}
    assert len(urls) == 1
    first = running(var / "pg")
    assert first is not None
    users[0].leave()
    assert check_version(urls.pop()) >= 180000
    users[1].leave()
    assert not first.process.is_running()


@pytest.mark.proof
def test_a_crashed_server_whose_pid_belongs_to_somebody_else_now_starts_again_with_its_data(var: Path) -> None:
    user = _User(var)
    url = user.url()
    with psycopg.connect(url) as connection:
        connection.execute("create table kept as select 42 as answer")
    server = running(var / "pg")
    assert server is not None
    pid_file = var / "pg" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait(60)
    user.kill()
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with database(Settings(var=var)) as urls, psycopg.connect(urls.owner) as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_a_killed_user_does_not_keep_the_server_for_ever(var: Path) -> None:
    user = _User(var)
    user.url()
    server = running(var / "pg")
    assert server is not None
    user.kill()
    assert server.process.is_running()
    assert stop_unused(var / "pg")
    assert not server.process.is_running()
    assert not stop_unused(var / "pg")


def test_a_server_that_could_not_be_prepared_is_not_left_running(var: Path) -> None:
    def fails(_server: Postmaster) -> None:
        raise EmbeddedServerError("the roles could not be made")

    with pytest.raises(EmbeddedServerError, match="roles"), shared_server(var / "pg", fails):
        pass
    assert running(var / "pg") is None


def test_a_server_in_use_is_not_stopped_as_unused(var: Path) -> None:
    with database(Settings(var=var)) as urls:
        assert not stop_unused(var / "pg")
        assert check_version(urls.app) >= 180000


@pytest.mark.proof
def test_a_folder_deleted_under_its_server_gives_a_new_empty_server(var: Path) -> None:
    user = _User(var)
    user.url()
    old = running(var / "pg")
    assert old is not None
    user.kill()
    shutil.rmtree(var)
    with database(Settings(var=var)) as urls:
        assert not old.process.is_running()
        assert check_version(urls.reader) >= 180000


@pytest.mark.proof
def test_long_folders_with_spaces_commas_and_other_scripts_work(tmp_path: Path) -> None:
    awkward = tmp_path / ("long, with spaces and 100% " + "x" * 80) / "明算"
    with database(Settings(var=awkward)) as urls, psycopg.connect(urls.app) as connection:
        assert connection.execute("select current_user").fetchone() == ("shop_app",)


@pytest.mark.proof
@pytest.mark.parametrize("name", ["a,b", """it's "$(id)" \\ `id`"""], ids=["comma", "shell"])
def test_short_folders_whose_names_mean_something_to_shells_and_clients_work(name: str) -> None:
    """Short, so that the socket lies in the folder itself."""
    with tempfile.TemporaryDirectory(dir="/tmp") as short:
        Path(short).chmod(0o755)
        with database(Settings(var=Path(short) / name)) as urls, psycopg.connect(urls.app) as connection:
            assert connection.execute("select current_user").fetchone() == ("shop_app",)


@pytest.mark.skipif(os.geteuid() != 0, reason="not run: only root starts the server as another user")
def test_root_opens_the_folders_above_for_passing_and_not_for_listing(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with database(Settings(var=closed / "v")) as urls:
        assert check_version(urls.owner) >= 180000
        server = running(closed / "v" / "pg")
        assert server is not None
        assert server.process.uids().effective != 0
    assert stat.S_IMODE(closed.stat().st_mode) == 0o711


@pytest.mark.skipif(os.geteuid() != 0, reason="not run: only root starts the server as another user")
def test_a_folder_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    def refused(path: Path, _mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(Path, "chmod", refused)
    with pytest.raises(DatabaseUnavailableError, match=f"cannot pass {closed}.*MINGSUAN_VAR"):
        database(Settings(var=closed / "v")).__enter__()


def test_a_folder_of_other_files_is_left_alone(var: Path) -> None:
    (var / "pg").mkdir(parents=True)
    (var / "pg" / "letter.txt").write_text("mine")
    with pytest.raises(DatabaseUnavailableError, match="holds files but no PostgreSQL data"):
        database(Settings(var=var)).__enter__()
    assert (var / "pg" / "letter.txt").read_text() == "mine"


@pytest.mark.proof
def test_a_server_that_cannot_start_says_what_postgresql_said(var: Path) -> None:
    with database(Settings(var=var)):
        pass
    with (var / "pg" / "postgresql.conf").open("a") as conf:
        conf.write("shared_buffers = nonsense\n")
    with pytest.raises(DatabaseUnavailableError, match="shared_buffers"):
        database(Settings(var=var)).__enter__()


def test_a_folder_in_the_way_of_the_socket_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_postgres.tempfile, "gettempdir", lambda: str(tmp_path))
    deep = tmp_path / ("x" * 120)
    name = embedded_postgres._socket_dir(deep, None)
    name.rmdir()
    name.write_text("in the way")
    with pytest.raises(EmbeddedServerError, match="in the way"):
        embedded_postgres._socket_dir(deep, None)


def test_all_three_connection_strings_or_none(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, app_database_url="postgresql://shop_app@127.0.0.1:1/x")  # type: ignore[arg-type]
    with pytest.raises(DatabaseUnavailableError, match="OWNER_DATABASE_URL, MINGSUAN_READER_DATABASE_URL"):
        database(settings).__enter__()
