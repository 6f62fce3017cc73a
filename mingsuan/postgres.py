"""The PostgreSQL behind the shop: an embedded server under `var/` by default, or the one in the three given URLs.

Hands out one URL a role and creates roles and database of the embedded server; tables are the migrations' work.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from mingsuan.embedded_postgres import START_SECONDS, EmbeddedServerError, Postmaster, shared_server
from mingsuan.settings import Settings

DATABASE = "mingsuan"
MINIMUM_VERSION = 180000
ROLES = ("shop_owner", "shop_app", "shop_reader")


@dataclass(frozen=True)
class DatabaseUrls:
    """One libpq URL a role."""

    owner: str
    app: str
    reader: str

    def environment(self) -> dict[str, str]:
        """The settings that make another process use the same databases."""
        return {
            "MINGSUAN_OWNER_DATABASE_URL": self.owner,
            "MINGSUAN_APP_DATABASE_URL": self.app,
            "MINGSUAN_READER_DATABASE_URL": self.reader,
        }


class DatabaseUnavailableError(RuntimeError):
    """The database cannot be used; the message says why and what to do."""


@contextmanager
def database(settings: Settings) -> Iterator[DatabaseUrls]:
    """URLs of a running server. The embedded one stops when the last process that uses it leaves this block."""
    given = (settings.owner_database_url, settings.app_database_url, settings.reader_database_url)
    if any(given):
        missing = [
            f"MINGSUAN_{r}_DATABASE_URL" for r, u in zip(("OWNER", "APP", "READER"), given, strict=True) if not u
        ]
        if missing:
            raise DatabaseUnavailableError(f"set all three connection strings or none; missing: {', '.join(missing)}")
        owner, app, reader = (url.get_secret_value() for url in given if url)
        yield DatabaseUrls(owner, app, reader)
        return
    with _embedded(settings.var / "pg") as urls:
        yield urls


@contextmanager
def _embedded(folder: Path) -> Iterator[DatabaseUrls]:
    try:
        with shared_server(folder, _create_roles_and_database) as postmaster:
            yield DatabaseUrls(*(_url(role, DATABASE, postmaster) for role in ROLES))
    except EmbeddedServerError as error:
        raise DatabaseUnavailableError(str(error)) from None


def _first_connection(url: str) -> psycopg.Connection:
    """Waits while the server recovers from a crash (SQLSTATE 57P03)."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return psycopg.connect(url, autocommit=True)
        except psycopg.OperationalError as error:
            if "starting up" not in str(error) and "recovery" not in str(error):
                raise DatabaseUnavailableError(f"the embedded PostgreSQL does not answer: {error}") from None
            if time.monotonic() > deadline:
                raise DatabaseUnavailableError(
                    f"the embedded PostgreSQL still recovers after {START_SECONDS} s: {error}"
                ) from None
        time.sleep(0.1)


def _url(role: str, name: str, postmaster: Postmaster) -> str:
    return f"postgresql://{role}@/{name}?host={quote(postmaster.socket_dir)}&port={postmaster.port}"


def _create_roles_and_database(postmaster: Postmaster) -> None:
    with _first_connection(_url("postgres", "postgres", postmaster)) as superuser:
        have = {row[0] for row in superuser.execute("select rolname from pg_roles")}
        for role in ROLES:
            if role not in have:
                superuser.execute(f"create role {role} login")
        # so that every batch can tell the age of the oldest open transaction
        superuser.execute("grant pg_read_all_stats to shop_reader")
        if not superuser.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
            superuser.execute(f"create database {DATABASE} owner shop_owner")


def check_version(url: str) -> int:
    """Server version number, such as 180001. Raises DatabaseUnavailableError when it is too old or not reachable."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(f"PostgreSQL does not answer: {error}") from None
    if version < MINIMUM_VERSION:
        raise DatabaseUnavailableError(f"PostgreSQL 18 or newer is needed (uuidv7); this server is {version // 10000}")
    return version
