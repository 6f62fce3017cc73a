"""Backups: whole or not at all, of one instant, nobody else's to read; restores: into emptiness, after every check."""

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from mingsuan import backup as backups
from mingsuan import restore as restores
from mingsuan.backup_manifest import BackupError
from mingsuan.postgres import DatabaseUrls
from mingsuan.postgres_programs import ProgramError, program
from mingsuan.settings import Settings
from tests import fresh_databases


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(var=tmp_path / "v")
    made.keys_dir.mkdir(parents=True, mode=0o700)
    (made.keys_dir / "master.key").write_bytes(b"m" * 32)
    (made.keys_dir / "fingerprint.key").write_bytes(b"f" * 32)
    (made.public_dir / "ledger-heads").mkdir(parents=True)
    (made.public_dir / "ledger-heads" / "heads.jsonl").write_text("one\ntwo\n")
    return made


@pytest.fixture
def elsewhere(tmp_path: Path) -> Settings:
    """Another machine's folder."""
    return Settings(var=tmp_path / "other")


@pytest.fixture
def empty(server: DatabaseUrls) -> Iterator[DatabaseUrls]:
    """A database in which nothing was ever made."""
    name = f"r_{uuid.uuid4().hex[:12]}"
    yield fresh_databases.copy(server, name, template="template0")
    fresh_databases.drop(server, name)


def _place_an_order(urls: DatabaseUrls, number: str) -> None:
    with psycopg.connect(urls.app) as connection:
        connection.execute("insert into shop.category (slug, name_zh, name_en) values (%s, 'a', 'b')", [number])


def test_the_folder_is_whole_its_owners_alone_and_without_keys(
    settings: Settings, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    folder = tmp_path / "backups" / "one"
    manifest = backups.backup(settings, fresh_database, folder)
    assert sorted(manifest.files) == ["public/ledger-heads/heads.jsonl", "shop.dump"]
    assert json.loads((folder / "manifest.json").read_text())["source"]["orders"] == 0
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*") if path.is_file())
    assert [path.name for path in folder.parent.iterdir()] == ["one"]
    with pytest.raises(BackupError, match="exists already"):
        backups.backup(settings, fresh_database, folder)


def test_nothing_is_left_of_a_backup_that_failed(settings: Settings, server: DatabaseUrls, tmp_path: Path) -> None:
    gone = DatabaseUrls(*(url.replace("/mingsuan?", "/nobody?") for url in (server.owner, server.app, server.reader)))
    with pytest.raises(BackupError, match="no backup was written"):
        backups.backup(settings, gone, tmp_path / "b" / "one")
    assert list((tmp_path / "b").iterdir()) == []


def test_keys_go_only_where_nobody_else_may_look(
    settings: Settings, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir(mode=0o755)
    with pytest.raises(BackupError, match="the keys open every code"):
        backups.backup(settings, fresh_database, place / "one", with_keys=True)
    place.chmod(0o700)
    manifest = backups.backup(settings, fresh_database, place / "one", with_keys=True)
    assert {"keys/master.key", "keys/fingerprint.key"} <= set(manifest.files)


def test_a_restore_brings_rows_rights_guards_and_sequences(
    settings: Settings, elsewhere: Settings, fresh_database: DatabaseUrls, empty: DatabaseUrls, tmp_path: Path
) -> None:
    _place_an_order(fresh_database, "first")
    with psycopg.connect(fresh_database.app) as connection:
        connection.execute(
            "insert into shop.ledger_transaction (reference, event, effective_at, ledger_date)"
            " values ('a', 'test', now(), '2026-01-01')"
        )
    backups.backup(settings, fresh_database, tmp_path / "b", with_keys=False)
    restores.restore(elsewhere, empty, tmp_path / "b")

    rights = (
        "select table_schema, table_name, grantee, privilege_type from information_schema.role_table_grants"
        " where grantee in ('shop_app', 'shop_reader') and table_schema in ('shop', 'jobs') order by 1, 2, 3, 4"
    )
    triggers = (
        "select c.relname, t.tgname, t.tgenabled from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        " where not t.tgisinternal order by 1, 2"
    )
    functions = "select proname, proconfig, prosrc from pg_proc where pronamespace = 'jobs'::regnamespace order by 1, 3"
    for look in (rights, triggers, functions):
        with psycopg.connect(fresh_database.owner) as before, psycopg.connect(empty.owner) as after:
            expected = before.execute(look).fetchall()
            assert after.execute(look).fetchall() == expected
            assert len(expected) > 10
    with psycopg.connect(empty.app) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update shop.ledger_transaction set event = 'x'")
        connection.rollback()
    with psycopg.connect(empty.owner) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("delete from shop.ledger_transaction")
    _place_an_order(empty, "second")
    with psycopg.connect(empty.reader) as connection:
        ids = connection.execute("select id, slug from shop.category order by id").fetchall()
    assert [slug for _, slug in ids] == ["first", "second"]
    assert ids[1][0] > ids[0][0]
    assert (elsewhere.public_dir / "ledger-heads" / "heads.jsonl").read_text() == "one\ntwo\n"


def test_a_database_with_a_shop_in_it_is_never_written_over(
    settings: Settings, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    backups.backup(settings, fresh_database, tmp_path / "b")
    with pytest.raises(BackupError, match="not empty: it has schema jobs and shop"):
        restores.restore(settings, fresh_database, tmp_path / "b")


@pytest.mark.parametrize("damage", ["changed", "missing", "added", "manifest"])
def test_a_damaged_backup_is_refused_before_anything_is_written(
    damage: str,
    settings: Settings,
    elsewhere: Settings,
    fresh_database: DatabaseUrls,
    empty: DatabaseUrls,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "b"
    backups.backup(settings, fresh_database, folder)
    dump = folder / "shop.dump"
    if damage == "changed":
        content = bytearray(dump.read_bytes())
        content[len(content) // 2] ^= 1
        dump.write_bytes(content)
    elif damage == "missing":
        dump.unlink()
    elif damage == "added":
        (folder / "public" / "more").touch()
    else:
        (folder / "manifest.json").write_text("{}")
    with pytest.raises(BackupError):
        restores.restore(elsewhere, empty, folder)
    with psycopg.connect(empty.owner) as connection:
        assert connection.execute("select to_regnamespace('shop')").fetchone() == (None,)
    assert not elsewhere.public_dir.exists()


def test_a_backup_of_a_newer_program_is_refused(
    settings: Settings, elsewhere: Settings, fresh_database: DatabaseUrls, empty: DatabaseUrls, tmp_path: Path
) -> None:
    with psycopg.connect(fresh_database.owner) as connection:
        connection.execute("update shop.alembic_version set version_num = '9999'")
    backups.backup(settings, fresh_database, tmp_path / "b")
    with pytest.raises(BackupError, match="revision 9999, which this program does not know"):
        restores.restore(elsewhere, empty, tmp_path / "b")


def test_published_heads_are_never_made_shorter_and_never_replaced_by_others(
    settings: Settings, elsewhere: Settings, fresh_database: DatabaseUrls, empty: DatabaseUrls, tmp_path: Path
) -> None:
    backups.backup(settings, fresh_database, tmp_path / "b")
    heads = elsewhere.public_dir / "ledger-heads" / "heads.jsonl"
    heads.parent.mkdir(parents=True)
    heads.write_text("others\n")
    with pytest.raises(BackupError, match="another one than the backup's"):
        restores.restore(elsewhere, empty, tmp_path / "b")
    heads.write_text("one\ntwo\nthree\n")
    restores.restore(elsewhere, empty, tmp_path / "b")
    assert heads.read_text() == "one\ntwo\nthree\n"


def _log(settings: Settings, size: int) -> Path:
    folder = settings.public_dir / "log"
    (folder / "tile/0/000.p").mkdir(parents=True, exist_ok=True)
    (folder / f"tile/0/000.p/{size}").write_bytes(b"x" * 32 * size)
    (folder / "checkpoint").write_text(f"shop.example/log\n{size}\nroot\n\n— signature\n")
    return folder


@pytest.mark.parametrize(("there", "afterwards"), [(0, 5), (3, 5), (8, 8)])
def test_the_log_of_draws_is_never_made_shorter(
    settings: Settings,
    elsewhere: Settings,
    fresh_database: DatabaseUrls,
    empty: DatabaseUrls,
    tmp_path: Path,
    there: int,
    afterwards: int,
) -> None:
    _log(settings, 5)
    backups.backup(settings, fresh_database, tmp_path / "b")
    if there:
        _log(elsewhere, there)
    restores.restore(elsewhere, empty, tmp_path / "b")
    folder = elsewhere.public_dir / "log"
    assert (folder / "checkpoint").read_text().split("\n")[1] == str(afterwards)
    assert (folder / f"tile/0/000.p/{afterwards}").exists()


def test_a_log_that_grows_while_it_is_copied_is_whole_in_the_backup(
    settings: Settings, fresh_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, copy = _log(settings, 255), backups.write_whole

    def grown(path: Path, content: bytes) -> None:
        copy(path, content)
        if path.name == "checkpoint" and not (folder / "tile/0/000").exists():
            _log(settings, 256)
            (folder / "tile/0/000.p/256").rename(folder / "tile/0/000")
            (folder / ".draft").write_text("unfinished")
        if path.name == "heads.jsonl":
            (folder / "tile/0/000.p/255").unlink(missing_ok=True)

    monkeypatch.setattr(backups, "write_whole", grown)
    manifest = backups.backup(settings, fresh_database, tmp_path / "b")
    assert (tmp_path / "b/public/log/checkpoint").read_text().split("\n")[1] == "255"
    assert sorted(manifest.files) == [
        *("public/ledger-heads/heads.jsonl", "public/log/checkpoint", "public/log/tile/0/000", "shop.dump")
    ]


def test_the_commands_say_what_was_done_and_what_to_do_next(
    settings: Settings, fresh_database: DatabaseUrls, empty: DatabaseUrls, tmp_path: Path
) -> None:
    def mingsuan(var: Path, urls: DatabaseUrls, *words: str) -> str:
        command = [sys.executable, "-c", "from mingsuan.cli import main; main()", *words]
        environment = {"MINGSUAN_VAR": str(var), "COLUMNS": "200", **urls.environment()}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    said = mingsuan(settings.var, fresh_database, "backup", str(tmp_path / "b"))
    assert "Backed up 0 orders (last none)" in said
    assert "keep a copy elsewhere" in said
    said = mingsuan(tmp_path / "w", empty, "restore", str(tmp_path / "b"))
    for expected in ("Put the keys back", "ledger check", "ingest --resync", "worker asks the gateways"):
        assert expected in said


def test_programs_older_than_the_server_are_not_used() -> None:
    assert program("pg_dump", 18).name == "pg_dump"
    with pytest.raises(ProgramError, match="PostgreSQL 99 or newer is needed, found only version"):
        program("pg_dump", 99)
    with pytest.raises(ProgramError, match="found none"):
        program("pg_nothing", 18)
