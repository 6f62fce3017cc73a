"""Published versions as folders: their names, the `current` link, which are kept, and what makes them durable.

Knows nothing of what is inside a version but its manifest.
"""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

YOUNG = timedelta(minutes=15)
DAILY_FOR = timedelta(days=92)
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Version:
    """A published version."""

    folder: Path
    name: str
    manifest: dict[str, Any]

    @property
    def source_instant(self) -> datetime:
        return datetime.fromisoformat(self.manifest["source_instant"])

    @property
    def published_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest["published_at"])


def versions_dir(published: Path) -> Path:
    return published / "versions"


def new_name(published: Path, source_instant: datetime, batch_id: int) -> str:
    """`20260131T235959Z-b12`; the same instant published again gets `-r2`, `-r3` and so on."""
    base = f"{source_instant.astimezone(UTC):%Y%m%dT%H%M%SZ}-b{batch_id}"
    name, again = base, 1
    while (versions_dir(published) / name).exists():
        again += 1
        name = f"{base}-r{again}"
    return name


def current(published: Path) -> Version | None:
    """The version that `current` points to; None when there is none, or its manifest is damaged."""
    link = published / "current"
    return _read(link.resolve()) if link.is_symlink() and link.exists() else None


def kept(published: Path) -> list[Version]:
    """All versions whose manifest can be read, the latest published first; what is damaged is nobody's to remove."""
    folders = versions_dir(published).iterdir() if versions_dir(published).exists() else ()
    read = (_read(folder) for folder in folders if (folder / MANIFEST).exists())
    found = [version for version in read if version is not None]
    return sorted(found, key=lambda version: (version.published_at, version.name), reverse=True)


def _read(folder: Path) -> Version | None:
    """None for a damaged manifest: it must not keep the next version from being published."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version = Version(folder, folder.name, manifest)
        readable = isinstance(manifest["segments"], list) and version.published_at and version.source_instant
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return version if readable else None


def make_current(published: Path, name: str) -> None:
    """Replace the `current` link in one step; the version itself must be durable already."""
    draft = published / f".current.{os.getpid()}"
    draft.unlink(missing_ok=True)
    draft.symlink_to(Path("versions") / name)
    draft.replace(published / "current")
    sync_folder(published)


def sync_tree(folder: Path) -> None:
    """Make every file and folder below survive a crash."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a crash."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def to_remove(versions: Iterable[Version], now: datetime, fresh: int, zone: ZoneInfo) -> list[Version]:
    """What is not kept: the `fresh` latest, all under 15 minutes old, the last of each of 92 days, and of each month.

    Days and months are the business ones of the source instant; a month's last version stays for good.
    """
    latest_first = sorted(versions, key=lambda version: (version.published_at, version.name), reverse=True)
    spared = {version.name for version in latest_first[:fresh]}
    spared |= {version.name for version in latest_first if now - version.published_at < YOUNG}
    days: set[str] = set()
    months: set[str] = set()
    for version in sorted(
        latest_first, key=lambda version: (version.source_instant, version.published_at), reverse=True
    ):
        day = f"{version.source_instant.astimezone(zone):%Y-%m-%d}"
        if day not in days and now - version.source_instant < DAILY_FOR:
            spared.add(version.name)
        if day[:7] not in months:
            spared.add(version.name)
        days.add(day)
        months.add(day[:7])
    return [version for version in latest_first if version.name not in spared]


def remove(version: Version) -> None:
    """Delete a version; readers that opened it keep its small file, and its segments as long as they have them open."""
    doomed = version.folder.with_name(f".{version.name}.removed")
    version.folder.rename(doomed)
    shutil.rmtree(doomed)
