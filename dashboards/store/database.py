"""The file of the dashboards' own store: opened for one small transaction at a time, brought up to date on the way."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WAIT_S = 1.0
"""How long a writer waits for another one at most: a page is never held up for longer."""

MIGRATIONS = (
    """
    create table access (
        access_id integer primary key,
        at text not null,
        who text not null,
        subject text not null,
        roles text not null,
        page text not null,
        filters text not null,
        version text not null,
        export text
    ) strict;
    create index access_by_time on access (at);
    create table saved_view (
        saved_view_id integer primary key,
        owner text not null,
        name text not null,
        kind text not null check (kind in ('page', 'question', 'sql')),
        content text not null,
        is_shared integer not null check (is_shared in (0, 1)),
        changed_at text not null,
        unique (owner, name)
    ) strict;
    create table threshold (
        threshold_id integer primary key,
        owner text not null,
        name text not null,
        question text not null,
        kind text not null check (kind in ('above', 'below', 'change', 'anomaly')),
        amount real not null,
        is_active integer not null check (is_active in (0, 1)),
        changed_at text not null,
        unique (owner, name)
    ) strict;
    """,
)
"""Each brings the file from the version of its index to the next; what was published is never changed."""


class StoreError(Exception):
    """The store cannot be read or written; the message says why."""


class Store:
    """The file. Each use is a transaction on a connection of its own, so sessions and threads share nothing."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection whose writes are kept together when the block ends well. Raises StoreError."""
        try:
            connection = self._connected()
            try:
                with connection:
                    yield connection
            finally:
                connection.close()
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"{self.file}: {error}") from error

    def _connected(self) -> sqlite3.Connection:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.file, timeout=WAIT_S)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("pragma synchronous = normal")
            if _version(connection) < len(MIGRATIONS):
                _migrate(connection)
        except BaseException:
            connection.close()
            raise
        if (found := _version(connection)) > len(MIGRATIONS):
            connection.close()
            raise StoreError(f"{self.file}: written by a newer release (its version {found})")
        return connection


def _migrate(connection: sqlite3.Connection) -> None:
    """Under a lock, so that of several sessions that start together one does it."""
    connection.execute("pragma journal_mode = wal")
    connection.execute("begin immediate")
    for number in range(_version(connection), len(MIGRATIONS)):
        for statement in MIGRATIONS[number].split(";"):
            connection.execute(statement)
        connection.execute(f"pragma user_version = {number + 1}")
    connection.commit()


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("pragma user_version").fetchone()
    return int(version)
