"""A draw's bundle as bytes: docs/draw-bundle.md, "The bundle", tells what is in it. It reads files, and no database."""

import base64
import os
import secrets
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transactional.canonical_json import canonical
from transactional.draws import ticket_file
from transactional.draws.log import proving
from transactional.draws.log.published import Published
from transactional.draws.log.service import Keeper, Signed
from transactional.draws.log.tiles import Tiles

FORMAT = "mingsuan/draw-bundle/v1"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
KEPT_S = 600
"""Somebody may still be reading a bundle that a newer one took the place of."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf of the draw where it stands in the log."""

    index: int
    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What a bundle shows; `tickets` is the public file, once they are committed."""

    leaves: Sequence[Placed]
    newest: Published
    witnessed: Signed | None
    rules: str
    tickets: Path | None


def write(path: Path, keeper: Keeper, shown: Shown) -> Path:
    """The whole file or none; what is too old goes."""
    manifest = _manifest(keeper, shown)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with beside.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr(_member("manifest.json"), manifest)
                archive.writestr(_member("rules.txt"), shown.rules.encode())
                if shown.tickets is not None:
                    _add(archive, shown.tickets)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    for older in (*path.parent.glob("bundle-*.zip"), *path.parent.glob(".bundle-*")):
        if older != path and older.stat().st_mtime < time.time() - KEPT_S:
            older.unlink(missing_ok=True)
    return path


def _manifest(keeper: Keeper, shown: Shown) -> bytes:
    tiles = Tiles(keeper.folder, shown.newest.checkpoint.size)
    told = [
        {"index": leaf.index, "leaf": leaf.body, "proof": _base64(proving.inclusion(tiles, leaf.index))}
        for leaf in shown.leaves
    ]
    seen: dict[str, object] = {}
    if shown.witnessed is not None:
        proof = _base64(proving.consistency(tiles, shown.witnessed.size))
        seen = {"checkpoint": shown.witnessed.note_with_cosignatures, "consistency": proof}
    return canonical({"format": FORMAT, "leaves": told, "checkpoint": str(shown.newest.note), "witnessed": seen})


def _add(archive: zipfile.ZipFile, tickets: Path) -> None:
    """The ticket file; its length is said first, so that no field for larger files is needed."""
    member = _member(ticket_file.NAME)
    member.file_size = tickets.stat().st_size
    with archive.open(member, "w") as place, tickets.open("rb") as file:
        while piece := file.read(1 << 20):
            place.write(piece)


def _member(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, LONG_AGO)


def _base64(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]
