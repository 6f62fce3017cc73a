"""`mingsuan restore`: puts a backup into an empty database, and the public heads and keys back where they are missing.

Everything is looked at before anything is written.
"""

from pathlib import Path

import psycopg
from alembic.script import ScriptDirectory
from psycopg.conninfo import conninfo_to_dict

from mingsuan.backup import CHECKPOINT
from mingsuan.backup_manifest import DUMP, KEYS, PUBLIC, BackupError, Manifest, verified, write_whole
from mingsuan.doctor_database import key_files
from mingsuan.postgres import DatabaseUrls
from mingsuan.postgres_programs import ProgramError, run
from mingsuan.services import package
from mingsuan.settings import Settings

SCHEMAS = "select nspname::text from pg_namespace where nspname in ('shop', 'jobs') order by 1"
ROLES = "select count(*) from pg_roles where rolname in ('shop_owner', 'shop_app', 'shop_reader')"
CAME = """
select (select count(*) from shop.orders), (select order_no from shop.orders order by id desc limit 1),
    (select encode(head, 'hex') from shop.ledger_seal order by seal_no desc limit 1)
"""


def restore(settings: Settings, urls: DatabaseUrls, folder: Path) -> Manifest:
    """Put the backup in `folder` back. Raises BackupError with everything as it was, unless it says otherwise."""
    folder = folder.expanduser().absolute()
    manifest = verified(folder)
    _check_revision(manifest)
    files = _missing(folder / PUBLIC, settings.public_dir, may_be_longer=True)
    files |= _missing(folder / KEYS, settings.keys_dir, may_be_longer=False)
    try:
        version = _check_empty(urls)
        options = ["--single-transaction", "--exit-on-error", "--no-owner", "--dbname", _name(urls.owner)]
        run("pg_restore", [*options, str(folder / DUMP)], urls.owner, max(version, manifest.source.server_version))
        _check_arrived(urls, manifest)
    except (ProgramError, psycopg.Error) as error:
        raise BackupError(f"nothing was restored: {str(error).strip()}") from None
    last = settings.public_dir / CHECKPOINT  # nobody may meet it without its tiles
    for path, content in sorted(files.items(), key=lambda file: file[0] == last):
        _put(path, content, path.is_relative_to(settings.public_dir))
    return manifest


def next_steps(settings: Settings, manifest: Manifest) -> list[str]:
    """What to do after a restore, one sentence each."""
    steps = []
    missing = [str(path) for path in key_files(settings).values() if not path.exists()]
    if missing:
        steps.append(f"Put the keys back ({', '.join(missing)}): without them no code can be read, and nothing starts.")
    return [
        *steps,
        "Run `mingsuan migrate`, then `mingsuan ledger check`.",
        "Run `mingsuan ingest --resync`: the warehouse refuses another history of the shop until it is told so.",
        f"What was sold or paid after {manifest.taken_at:%Y-%m-%d %H:%M} UTC is not in it: the worker asks the gateways"
        " and reads their bills, and opens a case for each payment that it does not know.",
    ]


def _check_revision(manifest: Manifest) -> None:
    known = {found.revision for found in ScriptDirectory(str(package("transactional") / "migrations")).walk_revisions()}
    if manifest.source.revision not in known:
        raise BackupError(
            f"the backup is at revision {manifest.source.revision}, which this program does not know: install the"
            " program that made it, or a newer one"
        )


def _check_empty(urls: DatabaseUrls) -> int:
    """The server's version. Raises BackupError unless the database is empty and the three roles are there."""
    with psycopg.connect(urls.owner) as connection:
        found = [name for (name,) in connection.execute(SCHEMAS)]
        roles = connection.execute(ROLES).fetchone()
        version = connection.info.server_version
    if found:
        raise BackupError(
            f"the database is not empty: it has schema {' and '.join(found)}. A restore never writes over a shop: name"
            " another folder in MINGSUAN_VAR, or another database"
        )
    if roles != (3,):
        raise BackupError("the server lacks a role of shop_owner, shop_app and shop_reader: see docker/roles.sh")
    return version


def _check_arrived(urls: DatabaseUrls, manifest: Manifest) -> None:
    source = manifest.source
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        came = connection.execute(CAME).fetchone()
        if came != (source.orders, source.last_order_no, source.last_seal_head):
            raise BackupError(f"the database was restored, but not what the manifest says: {came}. Do not use it.")
        connection.execute("analyze")


def _missing(source: Path, target: Path, *, may_be_longer: bool) -> dict[Path, bytes]:
    """What of `source` has to be written into `target`. Raises BackupError where the target holds something else.

    A published file may have grown since the backup; it is never made shorter. So may the log of draws.
    """
    needed: dict[Path, bytes] = {}
    for path in sorted(source.rglob("*")) if source.exists() else ():
        if not path.is_file():
            continue
        there, content = target / path.relative_to(source), path.read_bytes()
        present = there.read_bytes() if there.exists() else None
        if present is not None and path.relative_to(source) == CHECKPOINT:
            if _log_size(present) < _log_size(content):
                needed[there] = content
        elif present is None or (may_be_longer and content.startswith(present) and content != present):
            needed[there] = content
        elif present != content and not (may_be_longer and present.startswith(content)):
            raise BackupError(f"{there} is another one than the backup's: move it away, or restore elsewhere")
    return needed


def _log_size(checkpoint: bytes) -> int:
    """How many leaves a signed checkpoint has; whether it is one of this log, the worker looks when it starts."""
    lines = checkpoint.split(b"\n")
    return int(lines[1]) if len(lines) > 1 and lines[1].isdigit() else 0


def _put(path: Path, content: bytes, public: bool) -> None:
    draft = path.with_name(f".{path.name}.restored")
    draft.unlink(missing_ok=True)
    write_whole(draft, content)
    if public:
        draft.chmod(0o644)
    draft.replace(path)


def _name(url: str) -> str:
    return str(conninfo_to_dict(url).get("dbname", ""))
