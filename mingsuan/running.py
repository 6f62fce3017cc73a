"""What is served for a folder at this moment: a lock that only a live process holds, and a note of who it is."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from mingsuan import clock
from mingsuan.embedded_postgres import stop_unused
from mingsuan.settings import Settings

STOP_SECONDS = 60.0


class AlreadyServedError(RuntimeError):
    """Another process serves this folder; the message says which one."""


def note_file(settings: Settings) -> Path:
    """The note of the serving process; it counts only while that process holds the lock on it."""
    return settings.var / "run" / "serve.json"


@contextmanager
def served(settings: Settings, places: dict[str, str]) -> Iterator[None]:
    """Hold this folder's note while serving. Raises AlreadyServedError; a note left by a crash is overwritten."""
    path = note_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyServedError(
                f"{settings.var} is served already ({_who(path)}); `mingsuan stop` ends it"
            ) from None
        note = {"pid": os.getpid(), "since": clock.now().isoformat(timespec="seconds"), "places": places}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(note).encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def is_served(settings: Settings) -> bool:
    """Whether a live process serves this folder."""
    try:
        descriptor = os.open(note_file(settings), os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def stop_running(settings: Settings) -> str:
    """End what `demo` or `serve` started for this folder and wait for it; says in a sentence what was done."""
    if not is_served(settings):
        note_file(settings).unlink(missing_ok=True)
        left = stop_unused(settings.var / "pg")
        return f"Nothing was served from {settings.var}" + ("; stopped its left-over PostgreSQL." if left else ".")
    pid = json.loads(note_file(settings).read_text())["pid"]
    try:
        process = psutil.Process(pid)
        process.terminate()
        ended = _ends(process)  # and with it the embedded PostgreSQL, unless others use it
    except psutil.NoSuchProcess:
        ended = True
    except psutil.AccessDenied:
        return f"{settings.var} is served by process {pid} of another user: stop it as that user."
    if not ended:
        return f"Process {pid} was asked to stop and still runs; see {settings.var / 'logs'}."
    return f"Stopped what was served from {settings.var} (process {pid})."


def _ends(process: psutil.Process) -> bool:
    """Whether it ends in time; one that its parent has not asked after (a zombie) has ended."""
    deadline = time.monotonic() + STOP_SECONDS
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _who(path: Path) -> str:
    try:
        note = json.loads(path.read_text())
        return f"process {note['pid']}, since {note['since']}"
    except (OSError, ValueError, KeyError):
        return "by another process"
