"""dbt's manifest of the models, parsed again only when the project changed. Needs no database and no network."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mingsuan.settings import Settings
from pipelines.dbt_run import PROJECT

SOURCES = ("*.sql", "*.yml", "*.csv")
SCRATCH = ("target", "logs", "dbt_packages")


def manifest(settings: Settings) -> Mapping[str, Any]:
    """The manifest of the project as it is on disk. Raises RuntimeError with dbt's words when it does not parse."""
    kept = settings.var / "dagster" / "manifest" / f"{settings.warehouse}-{_fingerprint()}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        for old in kept.parent.glob("*.json"):
            old.unlink(missing_ok=True)
        written = settings.var / "dbt" / "target" / "manifest.json"
        if _is_current(written, settings):
            shutil.copyfile(written, kept)
        else:
            _parse(settings, kept)
    loaded: Mapping[str, Any] = json.loads(kept.read_text())
    return loaded


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for path in _files():
        digest.update(f"{path.relative_to(PROJECT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _files() -> list[Path]:
    found = (path for pattern in SOURCES for path in PROJECT.rglob(pattern))
    return sorted(path for path in found if path.relative_to(PROJECT).parts[0] not in SCRATCH)


def _is_current(written: Path, settings: Settings) -> bool:
    """Whether the manifest that the last build wrote is of the files as they are: parsing costs some ten seconds."""
    if not written.exists() or any(path.stat().st_mtime >= written.stat().st_mtime for path in _files()):
        return False
    return bool(json.loads(written.read_text())["metadata"]["adapter_type"] == settings.warehouse)


def _parse(settings: Settings, kept: Path) -> None:
    """In a process of its own: dbt's imports would stay in the code server."""
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        dbt = str(Path(sys.executable).with_name("dbt"))
        quiet = ["--quiet", "--no-use-colors", "--log-level-file", "none", "--no-send-anonymous-usage-stats"]
        place = ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", settings.warehouse]
        written = ["--target-path", scratch, "--log-path", scratch, "--no-partial-parse"]
        done = subprocess.run(  # noqa: S603
            [dbt, *quiet, "--no-version-check", "parse", *place, *written],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "DBT_USE_COLORS": "false"},
        )
        if done.returncode != 0:
            raise RuntimeError(f"the dbt project does not parse:\n{done.stdout}{done.stderr}")
        (Path(scratch) / "manifest.json").replace(kept)
