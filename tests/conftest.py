"""One PostgreSQL a test session, shared by all workers; one migrated database a worker; rollback between tests."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from filelock import FileLock

from mingsuan.postgres import DatabaseUrls, database
from mingsuan.settings import Settings
from tests import fresh_databases
from tests.scheduling import ByGroup

IN_CI = os.environ.get("CI") == "true"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What belongs together in one process comes first, or it is what all wait for in the end.

    Long proofs, marked `proof`, are left to `make prove`.
    """
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
    if Settings().full_counts:
        return
    proofs = [item for item in items if item.get_closest_marker("proof")]
    if proofs and len(proofs) < len(items):  # asked for alone, they run at their reduced counts
        config.hook.pytest_deselected(items=proofs)
        items[:] = [item for item in items if item not in proofs]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByGroup:
    return ByGroup(config, log)


@pytest.fixture(scope="session", autouse=True)
def _nothing_outlives_the_run() -> Iterator[None]:
    """Files are not forced to the disk, nor is the server's log."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def full_counts() -> bool:
    """True in `make prove`: as many rounds as a claim needs, where `make test` takes a sample."""
    return Settings().full_counts


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = Settings().real_data
    if folder is None or not folder.is_dir():
        reason = "MINGSUAN_REAL_DATA does not name a folder with the real data sets"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(f"not run: {reason}")
    return folder


@pytest.fixture(scope="session")
def server(testrun_uid: str) -> Iterator[DatabaseUrls]:
    """A running embedded server whose database `mingsuan` is migrated; tests use copies of it.

    It lives outside pytest's folders, which each start of pytest closes to other users, the server's among them.
    """
    from transactional.migrations import migrate

    shared = Path(tempfile.gettempdir()) / f"mingsuan-tests-{testrun_uid}"
    shared.mkdir(exist_ok=True)
    with FileLock(str(shared / "server.lock")), _closed_environment():
        running = database(Settings(var=shared / "s"))
        urls = running.__enter__()
        if not (shared / "migrated").exists():
            with psycopg.connect(fresh_databases.administered(urls), autocommit=True) as connection:
                for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                    connection.execute(f"alter system set {setting} = off")  # nothing here outlives the run
                connection.execute("select pg_reload_conf()")
            migrate(urls.owner)
            (shared / "migrated").touch()
    yield urls
    with FileLock(str(shared / "server.lock")):
        running.__exit__(None, None, None)
        if not (shared / "s" / "pg" / "postmaster.pid").exists():
            shutil.rmtree(shared, ignore_errors=True)


class _closed_environment:  # noqa: N801
    """Connection strings of the machine must not leak into tests."""

    def __enter__(self) -> None:
        self._kept = {k: os.environ.pop(k) for k in list(os.environ) if k.endswith("_DATABASE_URL")}

    def __exit__(self, *_: object) -> None:
        os.environ.update(self._kept)


@pytest.fixture(scope="session")
def database_urls(server: DatabaseUrls, worker_id: str) -> DatabaseUrls:
    """This worker's database: for tests that roll back."""
    return fresh_databases.copy(server, f"worker_{worker_id}")


@pytest.fixture(scope="session")
def lent_databases(server: DatabaseUrls) -> Iterator[fresh_databases.FreshDatabases]:
    lent = fresh_databases.FreshDatabases(server)
    yield lent
    lent.close()


@pytest.fixture
def fresh_database(lent_databases: fresh_databases.FreshDatabases) -> Iterator[DatabaseUrls]:
    """A database of its own, migrated and empty: for tests that commit."""
    urls = lent_databases.take()
    yield urls
    lent_databases.give_back(urls)


@pytest.fixture(scope="module")
def module_database(lent_databases: fresh_databases.FreshDatabases) -> Iterator[DatabaseUrls]:
    """A database of its own for a whole module: for tests that commit but do not disturb each other."""
    urls = lent_databases.take()
    yield urls
    lent_databases.give_back(urls)


@pytest.fixture
def connection(database_urls: DatabaseUrls) -> Iterator[psycopg.Connection]:
    """A connection as `shop_app` whose work is rolled back."""
    with psycopg.connect(database_urls.app) as opened:
        yield opened
        opened.rollback()


@pytest.fixture
async def session(database_urls: DatabaseUrls) -> AsyncIterator["WriteSession"]:  # noqa: F821
    """A write session as `shop_app` whose work is rolled back."""
    from transactional.db import WriteSession, engine

    source = engine(database_urls.app)
    async with WriteSession(source, expire_on_commit=False) as opened:
        yield opened
        await opened.rollback()
    await source.dispose()
