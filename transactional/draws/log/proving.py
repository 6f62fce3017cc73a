"""Roots and proofs of RFC 6962 from the tiles of a log, reading no more of them than a proof needs."""

from transactional import merkle
from transactional.draws.log.tiles import Tiles, TilesError


def root(tiles: Tiles, size: int | None = None) -> bytes:
    """Of the tree that the tiles hold, or of its beginning. Raises TilesError."""
    end = tiles.size if size is None else size
    _within(end, tiles.size)
    return _hash(tiles, 0, end) if end else merkle.root(())


def inclusion(tiles: Tiles, index: int) -> list[bytes]:
    """What leads from a leaf to the root, nearest first. Raises IndexError, TilesError."""
    if not 0 <= index < tiles.size:
        raise IndexError(f"there is no leaf {index} in a log of {tiles.size}")
    path: list[bytes] = []
    start, end = 0, tiles.size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_hash(tiles, middle, end))
            end = middle
        else:
            path.append(_hash(tiles, start, middle))
            start = middle
    return path[::-1]


def consistency(tiles: Tiles, size: int) -> list[bytes]:
    """What shows that the log only added to its first `size` leaves. Raises IndexError, TilesError."""
    if not 0 <= size <= tiles.size:
        raise IndexError(f"there was no log of {size} before one of {tiles.size}")
    if size in (0, tiles.size):
        return []
    path: list[bytes] = []
    start, end = 0, tiles.size
    while size != end:
        middle = start + _split(end - start)
        if size <= middle:
            path.append(_hash(tiles, middle, end))
            end = middle
        else:
            path.append(_hash(tiles, start, middle))
            start = middle
    if start:
        path.append(_hash(tiles, start, end))
    return path[::-1]


def leaf(tiles: Tiles, index: int) -> bytes:
    """The text of a leaf. Raises IndexError, TilesError when it is not the one of the tree."""
    if not 0 <= index < tiles.size:
        raise IndexError(f"there is no leaf {index} in a log of {tiles.size}")
    number, place = divmod(index, 256)
    found = tiles.entries(number)[place]
    if merkle.leaf_hash(found) != tiles.hashes(0, number)[place]:
        raise TilesError(f"Leaf {index} of the published log is not the one in its tree.")
    return found


def _hash(tiles: Tiles, start: int, end: int) -> bytes:
    """Of a subtree as RFC 6962 splits them: `start` is a multiple of the next power of two."""
    if end - start & end - start - 1:
        middle = start + _split(end - start)
        return merkle.node(_hash(tiles, start, middle), _hash(tiles, middle, end))
    level, height = divmod((end - start).bit_length() - 1, 8)
    number, place = divmod(start >> 8 * level, 256)
    return merkle.root(tiles.hashes(level, number)[place : place + (1 << height)])


def _split(size: int) -> int:
    """The largest power of two below a size."""
    return 1 << (size - 1).bit_length() - 1


def _within(size: int, most: int) -> None:
    if not 0 <= size <= most:
        raise IndexError(f"there was no log of {size} before one of {most}")
