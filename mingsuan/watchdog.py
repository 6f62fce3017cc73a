"""Ends what `mingsuan serve` started when it dies without a word (SIGKILL, crash): a small process at a pipe's end.

The pipe carries one line an event: `+<group>` started, `-<group>` ended, `bye` for an orderly end.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

GRACE_SECONDS = 10.0


def watch(lines: Iterable[str], embedded: Path | None) -> None:
    """Follow the parent's lines; when they end without `bye`, end every group and the then unused server."""
    groups: set[int] = set()
    for line in lines:
        word = line.strip()
        if word == "bye":
            return
        if word.startswith("+"):
            groups.add(int(word[1:]))
        elif word.startswith("-"):
            groups.discard(int(word[1:]))
    end_groups(groups)
    if embedded is not None:
        from mingsuan.embedded_postgres import stop_unused

        stop_unused(embedded)


def end_groups(groups: Iterable[int]) -> None:
    """SIGTERM to each process group, SIGKILL to what is left after the grace time."""
    left = {group for group in groups if _signal(group, signal.SIGTERM)}
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if _signal(group, 0)}
    for group in left:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
        return True
    return False


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    watch(sys.stdin, Path(sys.argv[1]) if len(sys.argv) > 1 else None)
