"""The file of the master key and, while a rotation is under way, the one beside it that will take its place.

At any instant one of the two wraps the data keys of the database. What they wrap is not known here.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from mingsuan import keys


def key_fingerprint(key: bytes) -> str:
    """Names a master key without telling it."""
    return hashlib.sha256(b"mingsuan/master-key/v1\0" + key).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class MasterKeyFile:
    """Where the master key is. Reading raises ValueError for a file that is not a key."""

    path: Path

    @property
    def next_path(self) -> Path:
        """The key that a rotation is bringing in."""
        return self.path.with_name(f"{self.path.name}.next")

    def retired_path(self, fingerprint: str) -> Path:
        """Where a key stays after its rotation: backups made before it need it."""
        return self.path.with_name(f"{self.path.name}.{fingerprint}")

    def read_all(self) -> tuple[bytes, ...]:
        """The keys that exist, the current one first."""
        found = []
        for path in (self.path, self.next_path):
            with suppress(FileNotFoundError):
                found.append(keys.read(path))
        return tuple(found)

    def make_next(self) -> bytes:
        """The key that comes next, on disk for good; one that an earlier rotation left unused serves."""
        key = keys.read_or_make(self.next_path)
        self._sync()
        return key

    def promote(self, fingerprint: str) -> None:
        """The next key takes the current one's place, which stays beside it under its fingerprint.

        Nothing happens unless the next key is the one named, so that it can be done again at any point.
        """
        with self._turn():
            if self.next_path.exists() and key_fingerprint(keys.read(self.next_path)) == fingerprint:
                retired = self.retired_path(key_fingerprint(keys.read(self.path)))
                if not retired.exists():
                    os.link(self.path, retired)
                self.next_path.rename(self.path)
                self._sync()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _sync(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
