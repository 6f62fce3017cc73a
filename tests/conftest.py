"""One PostgreSQL a test session, shared by all workers; one migrated database a worker; rollback between tests."""

import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
from filelock import FileLock

from mingsuan.postgres import DatabaseUrls, database
from mingsuan.settings import Settings

IN_CI = os.environ.get("CI") == "true"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long proofs, marked `proof`, are left to `make prove`."""
    if Settings().full_counts:
        return
    proofs = [item for item in items if item.get_closest_marker("proof")]
    if proofs and len(proofs) < len(items):  # asked for alone, they run at their reduced counts
        config.hook.pytest_deselected(items=proofs)
        items[:] = [item for item in items if item not in proofs]


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
            with psycopg.connect(_superuser(urls), autocommit=True) as connection:
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


def _superuser(urls: DatabaseUrls) -> str:
    return urls.owner.replace("shop_owner@/mingsuan", "postgres@/postgres")


class _closed_environment:  # noqa: N801
    """Connection strings of the machine must not leak into tests."""

    def __enter__(self) -> None:
        self._kept = {k: os.environ.pop(k) for k in list(os.environ) if k.endswith("_DATABASE_URL")}

    def __exit__(self, *_: object) -> None:
        os.environ.update(self._kept)


def _copy(server: DatabaseUrls, name: str) -> DatabaseUrls:
    lock = FileLock("/tmp/mingsuan-test-template.lock")  # noqa: S108  (one template copy at a time)
    with lock, psycopg.connect(_superuser(server), autocommit=True) as connection:
        connection.execute(f'create database "{name}" template mingsuan owner shop_owner strategy file_copy')
    return DatabaseUrls(
        *(url.replace("@/mingsuan?", f"@/{name}?") for url in (server.owner, server.app, server.reader))
    )


def _drop(server: DatabaseUrls, name: str) -> None:
    with psycopg.connect(_superuser(server), autocommit=True) as connection:
        connection.execute(f'drop database "{name}" with (force)')


@pytest.fixture(scope="session")
def database_urls(server: DatabaseUrls, worker_id: str) -> DatabaseUrls:
    """This worker's database: for tests that roll back."""
    return _copy(server, f"worker_{worker_id}")


@pytest.fixture
def fresh_database(server: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """A database of its own, migrated and empty: for tests that commit."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    yield _copy(server, name)
    _drop(server, name)


@pytest.fixture(scope="module")
def module_database(server: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """A database of its own for a whole module: for tests that commit but do not disturb each other."""
    name = f"m_{uuid.uuid4().hex[:12]}"
    yield _copy(server, name)
    _drop(server, name)


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
