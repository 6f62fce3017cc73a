"""The file in which heads are published, outside the database and only ever added to, with the key that signs it.

Whoever keeps a copy of the file can show that the past was changed.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from mingsuan.keys import read_or_make
from mingsuan.settings import Settings
from transactional.ledger.heads import Head, HeadsError, Loss, Published, following, line_of, trusted

ENOUGH_FOR_LAST = 8192


@dataclass(frozen=True, slots=True)
class HeadsFile:
    """The file, the public key beside it, and the private key that signs; all are made on first use."""

    folder: Path
    key_file: Path

    @property
    def path(self) -> Path:
        return self.folder / "heads.jsonl"

    @property
    def public_key_file(self) -> Path:
        return self.folder / "seal.pub"

    def read(self) -> Published:
        """The whole file, verified with the shop's own key when it is here, else with the published one."""
        content = self.path.read_bytes() if self.path.exists() else b""
        *whole, rest = content.split(b"\n")
        key = self._verifier()
        if key is None:
            return Published(problem="there is no key to verify its lines with" if whole else None)
        return replace(trusted(whole, key), unfinished=bool(rest))

    def end(self) -> Published:
        """The last lines alone: enough to go on from. Raises HeadsError when they are not this shop's."""
        lines, from_start = _last_lines(self.path)
        key = self._verifier()
        if key is None:
            return Published()
        found = trusted(lines, key, from_start=from_start)
        if found.problem:
            raise HeadsError(f"The end of {self.path} was not written by this shop: {found.problem}.")
        return found

    def publish(self, *entries: Head | Loss) -> None:
        """Add the entries, each on the disk before the next; an unfinished last line is taken off first.

        Raises HeadsError when the last lines are not this shop's or a head does not follow them.
        """
        key = Ed25519PrivateKey.from_private_bytes(read_or_make(self.key_file))
        self._prepare(key)
        with self._locked() as descriptor:
            last = self.end().last
            _drop_unfinished(descriptor)
            for entry in entries:
                if isinstance(entry, Head):
                    if (entry.seal_no, entry.previous_head) != following(last):
                        raise HeadsError(f"Seal {entry.seal_no} does not follow the last line of {self.path}.")
                    last = entry
                _append(descriptor, line_of(entry, key))

    def keys_agree(self) -> bool:
        """Whether the published key is the one that signs, where both are here."""
        if not (self.key_file.exists() and self.public_key_file.exists()):
            return True
        own = Ed25519PrivateKey.from_private_bytes(self.key_file.read_bytes()).public_key()
        return self.public_key_file.read_text().strip() == own.public_bytes_raw().hex()

    def _prepare(self, key: Ed25519PrivateKey) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.public_key_file.exists():
            draft = self.public_key_file.with_name(f".seal.pub.{os.getpid()}")
            draft.write_text(key.public_key().public_bytes_raw().hex() + "\n")
            draft.replace(self.public_key_file)

    def _verifier(self) -> Ed25519PublicKey | None:
        if self.key_file.exists():
            return Ed25519PrivateKey.from_private_bytes(self.key_file.read_bytes()).public_key()
        if self.public_key_file.exists():
            return Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key_file.read_text()))
        return None

    @contextmanager
    def _locked(self) -> Iterator[int]:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)


def heads_file(settings: Settings) -> HeadsFile:
    """The file of this shop."""
    return HeadsFile(settings.public_dir / "ledger-heads", settings.keys_dir / "seal.key")


def _last_lines(path: Path) -> tuple[Sequence[bytes], bool]:
    """The last lines that have an end, and whether they are all that there are."""
    if not path.exists():
        return (), True
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - ENOUGH_FOR_LAST))
        lines = file.read().split(b"\n")[:-1]
    return (lines, True) if size <= ENOUGH_FOR_LAST else (lines[1:], False)


def _drop_unfinished(descriptor: int) -> None:
    """A crash while writing leaves a line without an end; nobody was told of it."""
    size = os.fstat(descriptor).st_size
    start = max(0, size - ENOUGH_FOR_LAST)
    whole = start + os.pread(descriptor, ENOUGH_FOR_LAST, start).rfind(b"\n") + 1
    if whole < size:
        os.ftruncate(descriptor, whole)


def _append(descriptor: int, line: bytes) -> None:
    """Raises OSError when the disk took only a part, which the next run takes off."""
    if os.write(descriptor, line) != len(line):
        raise OSError("the disk is full: a head was published in part")
    os.fsync(descriptor)
