"""The tree as files (C2SP tlog-tiles): 256 hashes or entries each, whole ones for ever, partial ones for each size.

Every file appears whole or not at all. When the log may grow is the sequencer's to know.
"""

import os
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from transactional import merkle

WIDTH = 256
HASH = 32
ENTRIES = "entries"


class TilesError(RuntimeError):
    """The published files do not hold what the checkpoint promises. The message is a sentence."""


@dataclass(frozen=True, slots=True)
class Tiles:
    """The tiles of a log of `size` leaves below a folder. What was read is kept: make one for a task, not for ever."""

    folder: Path
    size: int
    _read: dict[str, tuple[bytes, ...]] = field(default_factory=dict, repr=False)

    def hashes(self, level: int, number: int) -> tuple[bytes, ...]:
        """The hashes of a tile, as many as this size has. Raises TilesError."""
        return self._tile(str(level), number, self._width(level, number))

    def entries(self, number: int) -> tuple[bytes, ...]:
        """The leaves of a bundle. Raises TilesError."""
        return self._tile(ENTRIES, number, self._width(0, number))

    def _width(self, level: int, number: int) -> int:
        return min(WIDTH, (self.size >> 8 * level) - number * WIDTH)

    def _tile(self, level: str, number: int, width: int) -> tuple[bytes, ...]:
        path = tile_path(level, number, width)
        if path not in self._read:
            content = _content(self.folder, path, tile_path(level, number))
            found = _split(path, content)
            if width < 1 or len(found) < width:
                raise TilesError(f"{self.folder / path} holds {len(found)} of {width}.")
            self._read[path] = tuple(found[:width])
        return self._read[path]


def with_files(folder: Path, size: int, files: Mapping[str, bytes]) -> Tiles:
    """The tiles as they will be once some files are written."""
    read = {path: tuple(_split(path, content)) for path, content in files.items()}
    return Tiles(folder, size, read)


def tile_path(level: str, number: int, width: int = WIDTH) -> str:
    """Where a tile is, below the log's folder."""
    low, groups = f"{number % 1000:03}", ""
    while number := number // 1000:
        groups = f"x{number % 1000:03}/{groups}"
    return f"tile/{level}/{groups}{low}" + (f".p/{width}" if width < WIDTH else "")


def extended(before: Tiles, leaves: Sequence[bytes]) -> dict[str, bytes]:
    """The files that a log needs beyond those it has when leaves are added: their paths and contents."""
    start = before.size // WIDTH
    kept = before.entries(start) if before.size % WIDTH else ()
    files = _files(ENTRIES, start, [_framed(leaf) for leaf in (*kept, *leaves)], len(kept))
    level, added = 0, [merkle.leaf_hash(leaf) for leaf in leaves]
    while added:
        there = before.size >> 8 * level
        start = there // WIDTH
        old = before.hashes(level, start) if there % WIDTH else ()
        row = [*old, *added]
        files |= _files(str(level), start, row, len(old))
        added = [merkle.root(row[at : at + WIDTH]) for at in range(0, len(row) - WIDTH + 1, WIDTH)]
        level += 1
    return files


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Puts files on the disk for good, each whole. What a broken run left under the same names is replaced."""
    for path, content in files.items():
        if not _holds(folder / path, content):
            put(folder / path, content)
    for parent in {(folder / path).parent for path in files}:
        _sync(parent)


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file is there as it should be: under its name it is whole, and on the disk."""
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False


def put(path: Path, content: bytes) -> None:
    """One file, whole or as it was before. The caller syncs the folder where the name must last."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def put_synced(path: Path, content: bytes) -> None:
    """One file, for good once this returns."""
    put(path, content)
    _sync(path.parent)


def drop_partial(folder: Path, before: int, size: int) -> None:
    """Takes away the partial tiles of those that became whole between two sizes; readers take the whole ones."""
    level = 0
    while size >> 8 * level:
        for number in range((before >> 8 * level) // WIDTH, (size >> 8 * level) // WIDTH):
            for kind in (str(level), ENTRIES) if level == 0 else (str(level),):
                shutil.rmtree(folder / f"{tile_path(kind, number)}.p", ignore_errors=True)
        level += 1


def _files(level: str, start: int, row: Sequence[bytes], kept: int) -> dict[str, bytes]:
    """Tiles of a row that begins with tile `start`, of which the first `kept` are on the disk already."""
    numbered = ((start + at // WIDTH, row[at : at + WIDTH]) for at in range(0, len(row), WIDTH))
    return {tile_path(level, number, len(part)): b"".join(part) for number, part in numbered if len(row) > kept}


def _content(folder: Path, *paths: str) -> bytes:
    """Of the first of these files that is there. Raises TilesError."""
    for path in paths:
        try:
            return (folder / path).read_bytes()
        except FileNotFoundError:
            continue
    raise TilesError(f"{folder / paths[0]} is missing.")


def _split(path: str, content: bytes) -> list[bytes]:
    return _split_entries(content) if path.startswith(f"tile/{ENTRIES}/") else _split_hashes(content)


def _split_hashes(content: bytes) -> list[bytes]:
    if len(content) % HASH:
        raise TilesError("A tile was cut off.")
    return [content[at : at + HASH] for at in range(0, len(content), HASH)]


def _framed(leaf: bytes) -> bytes:
    return len(leaf).to_bytes(2) + leaf


def _split_entries(content: bytes) -> list[bytes]:
    found, at = [], 0
    while at < len(content):
        length = int.from_bytes(content[at : at + 2])
        leaf = content[at + 2 : at + 2 + length]
        if len(leaf) != length or at + 2 > len(content):
            raise TilesError("A bundle of entries was cut off.")
        found.append(leaf)
        at += 2 + length
    return found


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
