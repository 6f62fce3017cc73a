"""The inbox: files under KIND/SENDER/ are taken in one by one and moved to `done` or `refused` beside them.

A file is moved after its transaction is committed and its report written: where a run ends between, the next finds the
content stored, changes nothing and moves the file. No file is deleted or overwritten.
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional.db import writing
from transactional.errors import ShopError, TooLargeError
from transactional.profile_service import Profile
from transactional.statement_intake import LARGEST_FILE_MIB, NewFile, TakenIn
from transactional.statements import report
from transactional.statements.errors import MisplacedFileError
from transactional.statements.kinds import KINDS
from transactional.statements.report import Report

DONE, REFUSED = "done", "refused"
UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", "~")
SETTLED_S = 10
"""A file that changed less than this ago may still be on its way in."""

Outcome = Literal["imported", "known", "refused", "waiting", "failed"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
log = logging.getLogger("mingsuan.inbox")


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of one file; paths are relative to the inbox, `moved_to` is empty where it stayed."""

    path: str
    outcome: Outcome
    summary: str
    details: tuple[str, ...]
    moved_to: str = ""
    statement: str = ""
    line_count: int = 0
    posted_fen: int = 0


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Waits until no other run is at work in the inbox; makes it with its folders of kinds when it is not there."""
    for kind in KINDS:
        (root / kind).mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def take_all(source: AsyncEngine, root: Path, profile: Profile, language: str) -> list[Handled]:
    """Takes every file in, each in a transaction of its own, and moves it. For who holds the inbox `alone`."""
    return [await _handled(source, root, path, profile, language) for path in files(root)]


def files(root: Path) -> list[Path]:
    """What lies in the inbox, in order; neither what was dealt with nor what is hidden, a link or unfinished."""
    found = []
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name not in (DONE, REFUSED) and not name.startswith(".")]
        paths = (Path(folder, name) for name in names if not name.startswith(".") and not name.endswith(UNFINISHED))
        found += [path for path in paths if path.is_file() and not path.is_symlink()]
    return sorted(found)


async def _handled(source: AsyncEngine, root: Path, path: Path, profile: Profile, language: str) -> Handled:
    place = str(path.relative_to(root))
    if abs(clock.now().timestamp() - path.stat().st_mtime) < SETTLED_S:
        return _told(place, "waiting", report.of_waiting(language))
    try:
        taken = await _taken_in(source, root, path, profile)
    except ShopError as refusal:
        said = report.of_refusal(refusal, language)
        return _told(place, "refused", said, moved_to=_moved(root, path, REFUSED, said))
    except Exception:
        log.exception("a statement could not be taken in: %s", place)
        return _told(place, "failed", report.of_failure(language))
    said = report.of_taken(taken, profile.currency, language)
    moved_to = _moved(root, path, DONE, said)
    return _told(place, "imported" if taken.is_new else "known", said, moved_to=moved_to, taken=taken)


async def _taken_in(source: AsyncEngine, root: Path, path: Path, profile: Profile) -> TakenIn:
    kind, sender, *rest = (*path.relative_to(root).parts[:-1], "", "")
    if kind not in KINDS or not sender or any(rest):
        raise MisplacedFileError(kinds=", ".join(KINDS))
    if path.stat().st_size > LARGEST_FILE_MIB * 2**20:
        raise TooLargeError(limit_mib=LARGEST_FILE_MIB)
    new = NewFile(sender, path.name, path.read_bytes(), "inbox")
    async with writing(source) as session:
        return await KINDS[kind](session, new, ZoneInfo(profile.timezone), profile.currency)


def _moved(root: Path, path: Path, folder: str, said: Report) -> str:
    """Where the file is now. Its report is there before it."""
    beside = path.parent / folder
    beside.mkdir(exist_ok=True)
    target = _free(beside / path.name)
    unfinished = target.with_name(f".{target.name}.report.tmp")
    unfinished.write_text(said.text(), encoding="utf-8")
    unfinished.rename(target.with_name(f"{target.name}.report.txt"))
    path.rename(target)
    return str(target.relative_to(root))


def _free(wanted: Path) -> Path:
    """The wanted path, or with a number behind its name where a file of that name was dealt with before."""
    target, number = wanted, 1
    while target.exists():
        number += 1
        target = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    return target


def _told(place: str, outcome: Outcome, said: Report, *, moved_to: str = "", taken: TakenIn | None = None) -> Handled:
    if taken is None:
        return Handled(place, outcome, said.summary, said.details, moved_to)
    about = (str(taken.id), taken.line_count, taken.posted_fen)
    return Handled(place, outcome, said.summary, said.details, moved_to, *about)
