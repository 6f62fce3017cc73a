"""`mingsuan backup`: schemas `shop` and `jobs` at one instant, the public heads, and a manifest, in one new folder.

Putting it back is `mingsuan.restore`'s.
"""

import os
import shutil
from pathlib import Path

import psycopg

from mingsuan import clock
from mingsuan.backup_manifest import DUMP, KEYS, PUBLIC, BackupError, Facts, Manifest, hashes, sync_folder, write_whole
from mingsuan.doctor_database import key_files
from mingsuan.postgres import DatabaseUrls
from mingsuan.postgres_programs import ProgramError, run
from mingsuan.settings import Settings

CHECKPOINT = Path("log") / "checkpoint"
MADE_AGAIN = ("draws/*/bundle-*.zip", "log/policy.json")
FACTS = """
select (select system_identifier::text from pg_control_system()) as system_identifier,
    current_setting('server_version_num')::int as server_version,
    (select version_num from shop.alembic_version) as revision,
    (select count(*) from shop.orders) as orders,
    (select order_no from shop.orders order by id desc limit 1) as last_order_no,
    (select seal_no from shop.ledger_seal order by seal_no desc limit 1) as last_seal_no,
    (select encode(head, 'hex') from shop.ledger_seal order by seal_no desc limit 1) as last_seal_head
"""


def backup(settings: Settings, urls: DatabaseUrls, folder: Path, *, with_keys: bool = False) -> Manifest:
    """Write a backup into `folder`, which must not exist yet; it appears whole or not at all.

    Raises BackupError; also for keys that would go where others may look.
    """
    folder = folder.expanduser().absolute()
    if folder.exists():
        raise BackupError(f"{folder} exists already: name a new folder, a backup is never written over another")
    folder.parent.mkdir(parents=True, exist_ok=True)
    if with_keys and folder.parent.stat().st_mode & 0o077:
        raise BackupError(
            f"others may look into {folder.parent}, and the keys open every code: run `chmod 700 {folder.parent}`,"
            " or name a place of your own"
        )
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.draft")
    draft.mkdir(mode=0o700)
    try:
        manifest = _write(settings, urls, draft, with_keys)
        draft.rename(folder)
    except (ProgramError, psycopg.Error, OSError) as error:
        raise BackupError(f"no backup was written: {str(error).strip()}") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    sync_folder(folder.parent)
    return manifest


def _write(settings: Settings, urls: DatabaseUrls, draft: Path, with_keys: bool) -> Manifest:
    # heads first: what is published after the snapshot would name seals that the dump does not hold
    _copy_public(settings.public_dir, draft / PUBLIC)
    with psycopg.connect(urls.owner) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        taken_at = clock.now()
        [snapshot] = connection.execute("select pg_export_snapshot()").fetchone() or ("",)
        with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            facts = Facts.model_validate(cursor.execute(FACTS).fetchone())
        _dump(urls.owner, str(snapshot), draft / DUMP, facts.server_version)
    if with_keys:
        _copy_tree(settings.keys_dir, draft / KEYS)
        for path in key_files(settings).values():  # they may be elsewhere
            if path.exists() and not (draft / KEYS / path.name).exists():
                write_whole(draft / KEYS / path.name, path.read_bytes())
    run("pg_restore", ["--list", str(draft / DUMP)], urls.owner, facts.server_version)
    manifest = Manifest(taken_at=taken_at, source=facts, with_keys=with_keys, files=hashes(draft))
    manifest.write(draft)
    for inner in (*(path for path in draft.rglob("*") if path.is_dir()), draft):
        sync_folder(inner)
    return manifest


def _dump(url: str, snapshot: str, file: Path, version: int) -> None:
    schemas = ["--schema=shop", "--schema=jobs"]
    options = ["--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={file}"]
    run("pg_dump", [*options, *schemas], url, version)
    file.chmod(0o600)
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy_public(source: Path, target: Path) -> None:
    """While the log of draws grows: its checkpoint is read before the tiles that it needs are looked for."""
    checkpoint = source / CHECKPOINT
    content = checkpoint.read_bytes() if checkpoint.exists() else None
    if content is not None:
        write_whole(target / CHECKPOINT, content)
    while not _copy_tree(source, target):  # a partial tile gave way to the whole one, which is there by now
        pass


def _copy_tree(source: Path, target: Path) -> bool:
    """Whether nothing vanished meanwhile. Unfinished files are left out, and what can be made again at any time."""
    is_whole = True
    for path in sorted(source.rglob("*")) if source.exists() else ():
        copied = target / path.relative_to(source)
        if path.is_dir() or copied.exists() or path.name.startswith(".") or any(map(path.match, MADE_AGAIN)):
            continue
        try:
            write_whole(copied, path.read_bytes())
        except FileNotFoundError:
            is_whole = False
    return is_whole
