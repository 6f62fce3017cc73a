"""Databases of tests that commit: copies of the migrated one, emptied after a test and lent to the next.

A copy of some 1,200 files takes longer than most tests. A test that changed the schema, not only rows, spoils its
copy: that one is dropped.
"""

import uuid
from dataclasses import dataclass, field

import psycopg
from filelock import FileLock
from psycopg import sql

from mingsuan.postgres import DatabaseUrls

CATALOGUES = (
    "pg_attrdef",
    "pg_attribute",
    "pg_class",
    "pg_constraint",
    "pg_default_acl",
    "pg_event_trigger",
    "pg_extension",
    "pg_index",
    "pg_namespace",
    "pg_policy",
    "pg_proc",
    "pg_publication",
    "pg_rewrite",
    "pg_trigger",
    "pg_type",
)
SHAPE = " union all ".join(
    f"select '{name}', count(*), max(xmin::text::bigint) from pg_catalog.{name}" for name in CATALOGUES
)
"""What a change of the schema changes."""
SETTINGS = "select count(*) from pg_db_role_setting where setdatabase <> 0"
TABLES = """
select c.oid, n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname not in ('pg_catalog', 'information_schema')
order by 1
"""
SIZED = "select oid from pg_class where oid = any(%s) and pg_relation_size(oid) > 0"
OTHERS = """
select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""
SEQUENCES = """
select format('%I.%I', schemaname, sequencename)::regclass::oid, coalesce(last_value, start_value),
    last_value is not null
from pg_sequences order by 1
"""
REWOUND = """
select setval(oid::regclass, value, called) from unnest(%s::oid[], %s::bigint[], %s::bool[]) as t (oid, value, called)
"""
MOST_USES = 60
"""What was deleted still takes room: a copy is dropped before that slows it down."""


@dataclass
class FreshDatabases:
    """Lends databases named `<prefix>_…` of one server to one process."""

    server: DatabaseUrls
    _clean: list[str] = field(default_factory=list)
    _kept: dict[str, "_Contents"] = field(default_factory=dict)

    def take(self) -> DatabaseUrls:
        """A migrated database with nothing in it but what migrations put there."""
        if self._clean:
            return at(self.server, self._clean.pop())
        name = f"t_{uuid.uuid4().hex[:12]}"
        urls = copy(self.server, name)
        with psycopg.connect(superuser(urls), autocommit=True) as connection:
            self._kept[name] = _Contents.of(connection)
        return urls

    def give_back(self, urls: DatabaseUrls) -> None:
        """To be lent again, or dropped where it is no longer what it was."""
        name = name_of(urls)
        with psycopg.connect(superuser(urls), autocommit=True) as connection:
            connection.execute(OTHERS)
            is_clean = self._kept[name].restore(connection)
        if is_clean:
            self._clean.append(name)
        else:
            self.drop(name)

    def drop(self, name: str) -> None:
        del self._kept[name]
        drop(self.server, name)

    def close(self) -> None:
        for name in list(self._kept):
            self.drop(name)


@dataclass
class _Contents:
    """What a new copy holds: rows of few tables, places of sequences; and the shape by which changes are seen."""

    tables: dict[int, sql.Identifier]
    rows: dict[int, bytes]
    sequences: list[tuple[int, int, bool]]
    shape: list[tuple[object, ...]]
    uses: int = 0

    @classmethod
    def of(cls, connection: psycopg.Connection) -> "_Contents":
        tables = {oid: sql.Identifier(schema, name) for oid, schema, name in connection.execute(TABLES)}
        rows = {oid: _read(connection, table) for oid, table in tables.items() if _holds(connection, table)}
        return cls(tables, rows, connection.execute(SEQUENCES).fetchall(), _shape(connection))

    def restore(self, connection: psycopg.Connection) -> bool:
        """False where the schema is no longer the same, or it was used enough, and nothing was done."""
        self.uses += 1
        if self.uses >= MOST_USES or _shape(connection) != self.shape:
            return False
        with connection.transaction():
            connection.execute("set local session_replication_role = replica")  # no trigger, no foreign key
            for (oid,) in connection.execute(SIZED, (list(self.tables),)).fetchall():
                table, before = self.tables[oid], self.rows.get(oid)
                if before is None:
                    connection.execute(sql.SQL("delete from {}").format(table))
                elif _read(connection, table) != before:
                    connection.execute(sql.SQL("delete from {}").format(table))
                    _write(connection, table, before)
            now = connection.execute(SEQUENCES).fetchall()
            moved = [each for each, found in zip(self.sequences, now, strict=True) if each != found]
            if moved:
                connection.execute(REWOUND, [list(part) for part in zip(*moved, strict=True)])
        return True


def at(server: DatabaseUrls, name: str) -> DatabaseUrls:
    """The same server's database of another name."""
    return DatabaseUrls(
        *(url.replace("@/mingsuan?", f"@/{name}?") for url in (server.owner, server.app, server.reader))
    )


def name_of(urls: DatabaseUrls) -> str:
    return urls.owner.partition("@/")[2].partition("?")[0]


def superuser(urls: DatabaseUrls) -> str:
    return urls.owner.replace("shop_owner@/", "postgres@/")


def administered(server: DatabaseUrls) -> str:
    """Where databases are made and server-wide settings changed."""
    return superuser(at(server, "postgres"))


def copy(server: DatabaseUrls, name: str, template: str = "mingsuan") -> DatabaseUrls:
    lock = FileLock("/tmp/mingsuan-test-template.lock")  # noqa: S108  (one template copy at a time)
    new = sql.SQL("create database {} template {} owner shop_owner strategy file_copy")
    with lock, psycopg.connect(administered(server), autocommit=True) as connection:
        connection.execute(new.format(sql.Identifier(name), sql.Identifier(template)))
    return at(server, name)


def drop(server: DatabaseUrls, name: str) -> None:
    with psycopg.connect(administered(server), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def _shape(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return [*connection.execute(SHAPE), *connection.execute(SETTINGS)]


def _holds(connection: psycopg.Connection, table: sql.Identifier) -> bool:
    return bool(
        (connection.execute(sql.SQL("select exists (select from only {})").format(table)).fetchone() or [False])[0]
    )


def _read(connection: psycopg.Connection, table: sql.Identifier) -> bytes:
    with connection.cursor().copy(sql.SQL("copy {} to stdout").format(table)) as rows:
        return b"".join(bytes(block) for block in rows)


def _write(connection: psycopg.Connection, table: sql.Identifier, content: bytes) -> None:
    with connection.cursor().copy(sql.SQL("copy {} from stdin").format(table)) as rows:
        rows.write(content)
