"""The record of the last attempt to publish, `last_attempt.json`, for readers of the published folder.

It is there even when nothing was published, and then says why: which tests, failing since when.
"""

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from mingsuan import clock
from mingsuan.settings import Settings
from pipelines.test_results import TestResult

FILE = "last_attempt.json"


def record_attempt(
    settings: Settings,
    *,
    source_instant: datetime | None,
    version: str | None,
    error: str | None,
    tests: Sequence[TestResult],
) -> None:
    """Replace the record, whole."""
    write_whole(
        settings.published_dir / FILE,
        {
            "attempted_at": clock.now().isoformat(),
            "source_instant": source_instant.isoformat() if source_instant else None,
            "published": version is not None,
            "version": version,
            "error": error,
            "tests": [_test(test) for test in tests],
        },
    )


def write_whole(path: Path, content: object) -> None:
    """Write JSON so that a reader sees the old file or the new one, never a part, even after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _test(test: TestResult) -> dict[str, object]:
    return {
        "name": test.name,
        "model": test.model,
        "column": test.column_name,
        "severity": test.severity,
        "status": test.status,
        "failures": test.failures,
        "message": test.message,
        "description": test.description,
        "failing_since": test.failing_since.isoformat() if test.failing_since else None,
    }
