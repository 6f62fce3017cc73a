"""The inbox of statements as the outside sees it: what waits in it, and the shop's own command that takes it in.

Knows nothing of what statements say: that is the shop's, which answers with one line of JSON (docs/statements.md).
"""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEALT_WITH = ("done", "refused")
UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", "~")
SETTLED_S = 15.0
"""A file that changed less than this ago may still be on its way in; the command waits for ten seconds."""
WAITS_S = (10.0, 60.0)
"""Before another try when the shop's side failed; a file is taken in once by its content, so that none doubles."""
LIMIT_S = 900.0
Program = Callable[[], tuple[int, str]]


class InboxError(RuntimeError):
    """The shop's command did not do its work; the message is what it said."""


@dataclass(frozen=True)
class TakenIn:
    """What became of the files of one run, over all its tries."""

    files: tuple[dict[str, Any], ...]

    def count(self, outcome: str) -> int:
        return sum(each["outcome"] == outcome for each in self.files)

    @property
    def refused(self) -> tuple[str, ...]:
        """The refused files and why, one line each."""
        return tuple(f"{each['path']}: {each['summary']}" for each in self.files if each["outcome"] == "refused")


def waiting(root: Path, now: float) -> str | None:
    """A fingerprint of the files that have settled in the inbox, or None when there are none. `now`: Unix seconds."""
    found = []
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if name not in DEALT_WITH and not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if name.startswith(".") or name.endswith(UNFINISHED) or path.is_symlink() or not path.is_file():
                continue
            state = path.stat()
            if now - state.st_mtime >= SETTLED_S:
                found.append(f"{path.relative_to(root)}\0{state.st_size}\0{state.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()[:24] if found else None


def take_in(
    program: Program, waits_s: Sequence[float] = WAITS_S, pause: Callable[[float], None] = time.sleep
) -> TakenIn:
    """Run the command, again while it fails on the shop's side. Raises InboxError when it never got through."""
    settled: list[dict[str, Any]] = []
    for wait_s in (*waits_s, None):
        code, said = program()
        files = _files(said)
        settled += [each for each in files or () if each["outcome"] != "failed"]
        failed = [each for each in files or () if each["outcome"] == "failed"]
        if files is not None and not failed:
            return TakenIn(tuple(settled))
        if wait_s is not None:
            pause(wait_s)
    if files is None:
        raise InboxError(f"`mingsuan import-inbox` ended with {code}: {said.strip()[-500:]}")
    return TakenIn((*settled, *failed))


def import_inbox() -> tuple[int, str]:
    """The shop's command as a program of its own: its exit code and what it printed. It ends after LIMIT_S at most."""
    command = [str(Path(sys.executable).with_name("mingsuan")), "import-inbox", "--json"]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=LIMIT_S)  # noqa: S603
    except subprocess.TimeoutExpired:
        return 1, f"no answer within {LIMIT_S:.0f} s"
    return done.returncode, done.stdout or done.stderr


def _files(said: str) -> list[dict[str, Any]] | None:
    """The files of the summary; None when the command printed none."""
    for line in reversed(said.splitlines()):
        if line.startswith("{"):
            try:
                files: list[dict[str, Any]] = json.loads(line)["files"]
            except (ValueError, KeyError):
                return None
            return files
    return None
