"""Looks over a machine and a shop: each finding says what works, or what is missing and what to do about it.

It changes nothing and leaves the warehouse alone; what it asks the database is in `mingsuan.doctor_database`.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

import duckdb
import yaml

from mingsuan import clock, snapshot
from mingsuan.doctor_database import database_findings, key_files
from mingsuan.finding import Finding, error, ok, warning
from mingsuan.keys import KEY_BYTES
from mingsuan.running import is_served
from mingsuan.services import endpoints, package
from mingsuan.settings import Settings

__all__ = ["Finding", "examine"]

LOWEST, ABOVE = (3, 11), (3, 14)
DISK_NEEDED, DISK_WISHED = 1 << 30, 5 << 30
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
STALE = timedelta(hours=24)
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order in which a first start needs things."""
    checks: tuple[tuple[str, Callable[[Settings], Iterable[Finding]]], ...] = (
        ("Python", _python),
        ("state", _state),
        ("PostgreSQL", database_findings),
        ("keys", _keys),
        ("DuckDB", _duckdb),
        ("dbt", _dbt),
        ("ports", _ports),
        ("published figures", _published),
        ("browser", _browser),
    )
    return [finding for subject, check in checks for finding in _guarded(subject, check, settings)]


def _guarded(subject: str, check: Callable[[Settings], Iterable[Finding]], settings: Settings) -> list[Finding]:
    try:
        return list(check(settings))
    except Exception as problem:  # noqa: BLE001  (a broken check is a finding, and the others still count)
        return [error(subject, f"could not be looked at: {type(problem).__name__}: {problem}")]


def _python(_settings: Settings) -> Iterator[Finding]:
    running = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    if LOWEST <= sys.version_info[:2] < ABOVE:
        yield ok("Python", running)
    else:
        yield error("Python", f"{running}; 3.11, 3.12 or 3.13 is needed: `make clean`, then `make demo PYTHON=...`")


def _state(settings: Settings) -> Iterator[Finding]:
    there = next(path for path in (settings.var, *settings.var.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        yield error("state", f"{there} cannot be written: name another folder in MINGSUAN_VAR")
        return
    free = shutil.disk_usage(there).free
    text = f"{settings.var} · {free / (1 << 30):.1f} GiB free"
    if free < DISK_NEEDED:
        yield error("state", f"{text}: make room, PostgreSQL and the warehouse stop on a full disk")
    elif free < DISK_WISHED:
        yield warning("state", f"{text}: 5 GiB leave room for a full rebuild")
    else:
        yield ok("state", text)


def _keys(settings: Settings) -> Iterator[Finding]:
    for name, path in key_files(settings).items():
        if not path.exists():
            yield ok(name, f"will be made in {path} at the first start")
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.stat().st_size != KEY_BYTES:
            yield error(name, f"{path} must hold {KEY_BYTES} bytes, not {path.stat().st_size}: restore it")
        elif mode & 0o077:
            yield error(name, f"others may read {path} (mode {mode:04o}): run `chmod 600 {path}`")
        else:
            yield ok(name, f"{path}, readable by its owner only; keep a copy apart from the database's")


def _duckdb(_settings: Settings) -> Iterator[Finding]:
    name = "DuckDB and its PostgreSQL extension"
    try:
        folder = package("duckdb_extension_postgres_scanner") / "extensions" / f"v{duckdb.__version__}"
    except ModuleNotFoundError:
        yield error(name, "duckdb-extension-postgres-scanner is not installed: run `make demo` again")
        return
    with duckdb.connect() as connection:
        connection.execute(f"load '{folder / 'postgres_scanner.duckdb_extension'}'")
    yield ok(name, f"{duckdb.__version__}, loaded from the wheel")


def _dbt(_settings: Settings) -> Iterator[Finding]:
    """Reads the project without starting dbt, which would cost some six seconds."""
    project = package("pipelines").parent / "dbt_project"
    try:
        core, adapter = version("dbt-core"), version("dbt-duckdb")
        described = [
            yaml.load(path.read_text(), _YAML)  # noqa: S506  (a safe loader)
            for path in sorted(project.rglob("*.yml"))
        ]
    except PackageNotFoundError as problem:
        yield error("dbt", f"{problem.name} is not installed: run `make demo` again")
        return
    except yaml.YAMLError as problem:
        yield error("dbt", f"{project} does not parse: {problem}")
        return
    models = list((project / "models").rglob("*.sql"))
    if not models or not described:
        yield error("dbt", f"{project} holds no models: the checkout is not complete")
    else:
        yield ok("dbt", f"{core} with dbt-duckdb {adapter}; {len(models)} models")


def _ports(settings: Settings) -> Iterator[Finding]:
    served = is_served(settings)
    for name, endpoint in endpoints(settings).items():
        if served:
            answers = "answers" if endpoint.answers() else "does not answer yet"
            yield (ok if answers == "answers" else warning)(name, f"served; {endpoint.url} {answers}")
        elif endpoint.is_free():
            yield ok(name, f"port {endpoint.port} on {endpoint.host} is free")
        else:
            text = f"port {endpoint.port} on {endpoint.host} is taken: free it, or set {endpoint.setting}"
            yield warning(name, text)


def _published(settings: Settings) -> Iterator[Finding]:
    name = "published figures"
    try:
        manifest = snapshot.manifest(snapshot.resolve(settings))
    except snapshot.SnapshotError:
        yield ok(name, "none yet: `mingsuan refresh` (or `make demo`) makes them")
    else:
        source = datetime.fromisoformat(manifest["source_instant"])
        age = clock.now() - source
        text = f"the shop as of {source.astimezone(settings.zone):%Y-%m-%d %H:%M}"
        yield warning(name, f"{text}: run `mingsuan refresh`") if age > STALE else ok(name, text)
    attempt = settings.published_dir / "last_attempt.json"
    last = json.loads(attempt.read_text()) if attempt.exists() else {"published": True}
    if not last["published"]:
        yield error("last refresh", f"nothing was published at {last['attempted_at']}: {last['error']}")


def _browser(_settings: Settings) -> Iterator[Finding]:
    found = os.environ.get("MINGSUAN_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        yield warning(
            "browser (tests only)",
            "no Chromium: install it (Debian: apt-get install chromium), or name it in MINGSUAN_CHROMIUM",
        )
    else:
        yield ok("browser (tests only)", found)
    fonts = shutil.which("fc-list")
    if fonts is not None:
        listed = subprocess.run([fonts, ":lang=zh", "family"], capture_output=True, text=True, check=False)  # noqa: S603
        if not listed.stdout.strip():
            yield warning(
                "fonts (tests only)", "no Chinese font: screenshots show boxes (Debian: apt-get install fonts-noto-cjk)"
            )
