"""Who may touch the live warehouse file: one process at a time, and how that process opens it.

What is in the file belongs to `ingest` and to the dbt project; nothing else opens it.
"""

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from mingsuan import clock
from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings

_POLL_S = 0.1


class NotOwnerError(RuntimeError):
    """The warehouse file was about to be opened by a process that does not own it."""


@dataclass
class _Ownership:
    """This process's side of one lock file: a thread that has it may enter again, other threads wait like processes."""

    turn: threading.RLock = field(default_factory=threading.RLock)
    depth: int = 0


_ownerships: dict[Path, _Ownership] = {}
_registry = threading.Lock()


def lock_file(settings: Settings) -> Path:
    """The file whose flock is the ownership; its text names the owner."""
    return settings.warehouse_file.parent / "owner.lock"


@contextmanager
def owned(settings: Settings, who: str, progress: Progress = silent) -> Iterator[None]:
    """Own the warehouse file for this block; waits while another process or thread does, saying whom it waits for.

    The same thread may enter again. The operating system releases the lock of a process that dies.
    """
    path = lock_file(settings)
    ownership = _ownership(path)
    if not ownership.turn.acquire(blocking=False):
        progress(f"waiting for {_owner(path)}, which has the warehouse")
        ownership.turn.acquire()
    try:
        if ownership.depth:
            yield from _entered(ownership)
            return
        with _flock(path, who, progress):
            yield from _entered(ownership)
    finally:
        ownership.turn.release()


def connect(settings: Settings) -> duckdb.DuckDBPyConnection:
    """Open the live warehouse file, in UTC and never downloading extensions. Raises NotOwnerError outside `owned`."""
    ownership = _ownership(lock_file(settings))
    if not ownership.depth:
        raise NotOwnerError(f"{settings.warehouse_file} is opened inside `owned` only")
    connection = duckdb.connect(settings.warehouse_file)
    # Set after opening: DuckDB refuses a second connection of a process that opens with other options.
    connection.execute("set timezone = 'UTC'")
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute(f"set memory_limit = '{settings.warehouse_memory_mib}MiB'")
    return connection


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All that is written within, or nothing of it when something is raised."""
    connection.begin()
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _ownership(path: Path) -> _Ownership:
    with _registry:
        return _ownerships.setdefault(path.absolute(), _Ownership())


def _entered(ownership: _Ownership) -> Iterator[None]:
    ownership.depth += 1
    try:
        yield
    finally:
        ownership.depth -= 1


@contextmanager
def _flock(path: Path, who: str, progress: Progress) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for(descriptor, path, progress)
        since = clock.now().isoformat(timespec="seconds")
        note = json.dumps({"who": who, "pid": os.getpid(), "since": since}, ensure_ascii=False)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note.encode(), 0)
        yield
    finally:
        os.close(descriptor)  # and the lock with it


def _wait_for(descriptor: int, path: Path, progress: Progress) -> None:
    told = ""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _owner(path)
            if owner != told:
                progress(f"waiting for {owner}, which has the warehouse")
                told = owner
            time.sleep(_POLL_S)
        else:
            return


def _owner(path: Path) -> str:
    """The owner named in the lock file, for people; a new owner may not have written its name yet."""
    try:
        note = json.loads(path.read_text())
        return f"{note['who']} (process {note['pid']}, since {note['since']})"
    except (OSError, ValueError, KeyError):
        return "another process"
