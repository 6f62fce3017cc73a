"""Write–audit–publish: a build that passed becomes a version that readers open, in one step and never by half."""

import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from mingsuan import clock
from mingsuan.progress import Progress, silent
from mingsuan.semantics.declared import FILE as SEMANTICS
from mingsuan.settings import Settings
from pipelines import segments, semantics, versions, warehouse
from pipelines.attempt import record_attempt, write_whole
from pipelines.build_result import BuildResult, last_build
from pipelines.published_macros import create_macros
from pipelines.segments import Segment
from pipelines.versions import Version

__all__ = ["NotPublishableError", "Version", "publish"]
MODELS = "analytics"
PUBLIC_PREFIXES = ("fct_", "dim_", "mart_")
HEALTH = {
    "health_tests": "select name, model, column_name, severity, status, failures, message, description, run_at,"
    " failing_since from meta.test_result"
    " where run_id = (select run_id from meta.build_run order by run_at desc limit 1)",
    "health_tables": "select counts.table_name, counts.source_rows, counts.raw_current_rows, counts.raw_versions,"
    " build.source_instant from ingest.table_count as counts join meta.build_context as build using (batch_id)",
    "health_batches": "select * from ingest.batch order by batch_id desc limit 200",
}


class NotPublishableError(RuntimeError):
    """The warehouse must not be published; the message says why, naming the tests that failed."""


def publish(settings: Settings, progress: Progress = silent) -> Version:
    """Publish the last build as a new version, make it current, and drop versions that are no longer kept.

    Raises NotPublishableError unless the last build passed every blocking test and is of the last batch.
    """
    with warehouse.owned(settings, "publish", progress):
        if not settings.warehouse_file.exists():
            raise NotPublishableError("there is no warehouse yet: run `mingsuan refresh`")
        with warehouse.connect(settings) as connection:
            result = _publishable(connection)
            progress("writing the new version")
            version = _write(settings, connection, result)
        versions.make_current(settings.published_dir, version.name)
        record_attempt(
            settings, source_instant=version.source_instant, version=version.name, error=None, tests=result.tests
        )
        _tidy(settings, version)
    progress(f"published {version.name}")
    return version


def _tidy(settings: Settings, version: Version) -> None:
    """Drop versions that are no longer kept, and what a publication or a removal that was killed left behind."""
    zone = ZoneInfo(version.manifest["timezone"])
    for old in versions.to_remove(versions.kept(settings.published_dir), clock.now(), settings.keep_versions, zone):
        if old.name != version.name:
            versions.remove(old)
    for leftover in versions.versions_dir(settings.published_dir).glob(".*"):
        shutil.rmtree(leftover)


def _publishable(connection: duckdb.DuckDBPyConnection) -> BuildResult:
    result = last_build(connection)
    if result is None:
        raise NotPublishableError("nothing was built yet: run `mingsuan build` or `mingsuan refresh`")
    refusal = result.refusal()
    if refusal is not None:
        raise NotPublishableError(refusal)
    newest = connection.execute("select max(batch_id) from ingest.batch").fetchone()
    if newest is None or newest[0] != result.batch_id:
        raise NotPublishableError(
            f"the last build is of batch {result.batch_id}, and batch {newest and newest[0]} came after: build again"
        )
    return result


def _write(settings: Settings, connection: duckdb.DuckDBPyConnection, result: BuildResult) -> Version:
    published = settings.published_dir
    earlier = versions.current(published)
    name = versions.new_name(published, result.source_instant, result.batch_id)
    draft = versions.versions_dir(published) / f".{name}.draft"
    shutil.rmtree(draft, ignore_errors=True)  # of a publication that was killed
    (draft / segments.FOLDER).mkdir(parents=True)
    pieces = _segments(connection, draft, earlier)
    row_counts = _marts(connection, draft, pieces)
    manifest = _manifest(connection, result, name, row_counts, pieces)
    (draft / SEMANTICS).write_text(semantics.declared().dump(), encoding="utf-8")
    manifest["source_notes"] = _source_notes(connection, earlier, result)
    write_whole(draft / versions.MANIFEST, manifest)
    versions.sync_tree(draft)
    folder = draft.rename(versions.versions_dir(published) / name)
    versions.sync_folder(folder.parent)
    return Version(folder, name, manifest)


def _segments(connection: duckdb.DuckDBPyConnection, draft: Path, earlier: Version | None) -> list[Segment]:
    known = [Segment(**segment) for segment in earlier.manifest["segments"]] if earlier else []
    before = earlier.folder if earlier else None
    return [
        segment
        for table in segments.MONTH_COLUMNS
        for segment in segments.write_segments(connection, f"{MODELS}.{table}", draft, before, known)
    ]


def _marts(connection: duckdb.DuckDBPyConnection, draft: Path, pieces: list[Segment]) -> dict[str, int]:
    """The small DuckDB file: tables, macros, and views on the segments by paths relative to the version's folder."""
    file = str(draft / "marts.duckdb").replace("'", "''")
    connection.execute(f"attach '{file}' as snapshot")
    try:
        for table in _public_tables(connection):
            files = [piece.file for piece in pieces if piece.table == table]
            if files:
                _create_view(connection, draft, table, files)
            else:
                connection.execute(f"create table snapshot.{table} as select * from {MODELS}.{table} order by all")
        for table, query in HEALTH.items():
            connection.execute(f"create table snapshot.{table} as {query}")
        _create_macros(connection)
        return {table: _count(connection, f"{MODELS}.{table}") for table in _public_tables(connection)}
    finally:
        connection.execute("detach snapshot")


def _create_view(connection: duckdb.DuckDBPyConnection, draft: Path, table: str, files: list[str]) -> None:
    connection.execute("set file_search_path = ?", [str(draft)])
    try:
        connection.execute(f"create view snapshot.{table} as select * from read_parquet({files!r})")
    finally:
        connection.execute("reset file_search_path")


def _create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    own = connection.execute("select current_database()").fetchall()[0][0]
    connection.execute("use snapshot")
    try:
        create_macros(connection)
    finally:
        connection.execute(f"use {own}")


def _public_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select table_name from information_schema.tables where table_schema = ? and table_catalog = current_database()"
        " order by table_name",
        [MODELS],
    ).fetchall()
    return [name for (name,) in rows if name.startswith(PUBLIC_PREFIXES)]


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"select count(*) from {relation}").fetchone()
    return int(row[0]) if row else 0


def _manifest(
    connection: duckdb.DuckDBPyConnection,
    result: BuildResult,
    name: str,
    row_counts: dict[str, int],
    pieces: list[Segment],
) -> dict[str, Any]:
    row = connection.execute(
        "select batch.source_snapshot, batch.system_identifier, batch.oldest_transaction_age_s, build.currency,"
        " build.timezone, build.simulated from ingest.batch as batch, meta.build_context as build"
        " where batch.batch_id = ?",
        [result.batch_id],
    ).fetchone()
    snapshot, identifier, age_s, currency, timezone, simulated = row or (None,) * 6
    return {
        "version": name,
        "source_instant": _text(result.source_instant),
        "batch_id": result.batch_id,
        "source_snapshot": snapshot,
        "system_identifier": identifier,
        "as_of_date": result.as_of_date.isoformat(),
        "built_at": _text(result.finished_at),
        "published_at": _text(clock.now()),
        "git_revision": _git_revision(),
        "currency": currency,
        "timezone": timezone,
        "simulated": simulated,
        "oldest_transaction_age_s": age_s,
        "tests": {
            "passed": result.count("pass"),
            "warned": result.count("warn"),
            "failed": len(result.blocking),
        },
        "row_counts": row_counts,
        "segments": segments.as_json(pieces),
    }


def _source_notes(connection: duckdb.DuckDBPyConnection, earlier: Version | None, result: BuildResult) -> list[str]:
    """What ingest noticed since the version before, such as a column that is new in the source."""
    rows = connection.execute(
        "select notes from ingest.batch where batch_id > ? and batch_id <= ? and notes <> '' order by batch_id",
        [earlier.manifest["batch_id"] if earlier else 0, result.batch_id],
    ).fetchall()
    return [note for (notes,) in rows for note in notes.split("; ")]


def _text(instant: datetime) -> str:
    return instant.isoformat()


def _git_revision() -> str | None:
    """The revision of this checkout; None where there is none."""
    git = shutil.which("git")
    if git is None:
        return None
    answer = subprocess.run(  # noqa: S603
        [git, "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or None
