"""An open published version, shared by all readers of this server, and what is known about it.

A version never changes, so its real path is the key of everything that is cached about it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import pyarrow as pa
import streamlit as st

from mingsuan import snapshot
from mingsuan.semantics.declared import Semantics, SemanticsError, of_version

DAMAGE = (OSError, ValueError, LookupError, TypeError, AttributeError)
"""What reading a file of ours raises when its content is not what a publisher writes."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the publisher wrote about a version."""

    version: str
    source_instant: datetime
    source_snapshot: str
    batch_id: int
    as_of_date: date
    built_at: datetime
    published_at: datetime
    git_revision: str | None
    currency: str
    zone: ZoneInfo
    simulated: bool
    oldest_transaction_age_s: float | None
    passed: int
    warned: int
    failed: int
    row_counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class FailedTest:
    """A test that kept a version from being published, or warned."""

    name: str
    model: str
    severity: str
    status: str
    failures: int | None
    message: str | None
    description: str | None
    failing_since: datetime | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last try to publish: newer than the current version when it failed."""

    attempted_at: datetime
    published: bool
    error: str | None
    failed_tests: tuple[FailedTest, ...]


class UnreadableError(Exception):
    """A file of a published version, or the record of the last attempt, is not what a publisher writes."""


class Snapshot:
    """A version opened read-only; every query has a cursor of its own, so threads do not share results."""

    def __init__(
        self, folder: Path, connection: duckdb.DuckDBPyConnection, manifest: Manifest, semantics: Semantics | None
    ) -> None:
        self.folder = folder
        self.manifest = manifest
        self.semantics = semantics
        self._connection = connection

    @property
    def name(self) -> str:
        """The version's name."""
        return self.manifest.version

    def frame(self, sql: str, parameters: Sequence[object] = ()) -> pd.DataFrame:
        """Rows as a frame whose integers stay integers, also where some are null."""
        with self._connection.cursor() as cursor:
            table = cursor.execute(sql, list(parameters)).to_arrow_table()
        frame: pd.DataFrame = table.to_pandas(types_mapper=_nullable)
        return frame

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        """Rows as dictionaries of Python values."""
        with self._connection.cursor() as cursor:
            result = cursor.execute(sql, list(parameters))
            names = [column[0] for column in result.description or ()]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def close(self) -> None:
        self._connection.close()


@st.cache_resource(max_entries=4, show_spinner=False, on_release=Snapshot.close)
def opened(folder: str) -> Snapshot:
    """The version at this real path. Raises UnreadableError when one of its files is missing or damaged."""
    path = Path(folder)
    try:
        return Snapshot(path, snapshot.open_snapshot(path), read_manifest(path), _semantics(path))
    except (*DAMAGE, duckdb.Error, snapshot.SnapshotError) as error:
        raise UnreadableError(f"{path.name}: {_reason(error)}") from error


def _semantics(folder: Path) -> Semantics | None:
    """What the version declares; None for one from before there was any."""
    try:
        return of_version(folder)
    except SemanticsError:
        return None


def read_manifest(folder: Path) -> Manifest:
    """The version's manifest."""
    written = snapshot.manifest(folder)
    tests = written["tests"]
    return Manifest(
        version=written["version"],
        source_instant=_instant(written["source_instant"]),
        source_snapshot=str(written["source_snapshot"]),
        batch_id=int(written["batch_id"]),
        as_of_date=date.fromisoformat(str(written["as_of_date"])),
        built_at=_instant(written["built_at"]),
        published_at=_instant(written["published_at"]),
        git_revision=written.get("git_revision"),
        currency=written["currency"],
        zone=ZoneInfo(written["timezone"]),
        simulated=bool(written["simulated"]),
        oldest_transaction_age_s=written.get("oldest_transaction_age_s"),
        passed=tests["passed"],
        warned=tests["warned"],
        failed=tests["failed"],
        row_counts=dict(written["row_counts"]),
    )


def versions(published: Path) -> list[str]:
    """Names of the kept versions, newest first."""
    return sorted((file.parent.name for file in published.glob("versions/[!.]*/manifest.json")), reverse=True)


def last_attempt(published: Path) -> Attempt | None:
    """The record of the last try to publish; None before the first one. Raises UnreadableError when it is damaged."""
    file = published / "last_attempt.json"
    if not file.exists():
        return None
    try:
        return _attempt(json.loads(file.read_text(encoding="utf-8")))
    except DAMAGE as error:
        raise UnreadableError(f"{file.name}: {_reason(error)}") from error


def _attempt(written: dict[str, Any]) -> Attempt:
    return Attempt(
        attempted_at=_instant(written["attempted_at"]),
        published=bool(written["published"]),
        error=written.get("error"),
        failed_tests=tuple(_failed(test) for test in written.get("tests", []) if test["status"] in {"fail", "error"}),
    )


def _failed(test: dict[str, Any]) -> FailedTest:
    since = test.get("failing_since")
    return FailedTest(
        name=test["name"],
        model=test["model"] or "",
        severity=test["severity"],
        status=test["status"],
        failures=test.get("failures"),
        message=test.get("message"),
        description=test.get("description"),
        failing_since=_instant(since) if since else None,
    )


def _reason(error: Exception) -> str:
    """The first line of what went wrong, for people: a bare missing key is said to be missing."""
    said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"{said} is missing" if isinstance(error, KeyError) else said


def _nullable(kind: pa.DataType) -> Any:
    """Integers stay integers when some are null; other columns take pandas' own type."""
    whole: dict[pa.DataType, Any] = {pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int32Dtype()}
    return whole.get(kind)


def _instant(text: str | datetime) -> datetime:
    return text if isinstance(text, datetime) else datetime.fromisoformat(text)
