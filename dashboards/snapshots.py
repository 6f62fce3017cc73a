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


class Snapshot:
    """A version opened read-only; every query has a cursor of its own, so threads do not share results."""

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self._connection = connection

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
    """The version at this real path. Raises mingsuan.snapshot.SnapshotError when it cannot be opened."""
    path = Path(folder)
    return Snapshot(path, snapshot.open_snapshot(path), read_manifest(path))


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
    """The record of the last try to publish; None before the first one."""
    file = published / "last_attempt.json"
    if not file.is_file():
        return None
    written = json.loads(file.read_text(encoding="utf-8"))
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


def _nullable(kind: pa.DataType) -> Any:
    """Integers stay integers when some are null; other columns take pandas' own type."""
    whole: dict[pa.DataType, Any] = {pa.int64(): pd.Int64Dtype(), pa.int32(): pd.Int32Dtype()}
    return whole.get(kind)


def _instant(text: str | datetime) -> datetime:
    return text if isinstance(text, datetime) else datetime.fromisoformat(text)
