"""The one file from which anybody can check a draw without the shop; docs/draw-bundle.md tells what is in it."""

import asyncio
import base64
import secrets
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from transactional.canonical_json import canonical
from transactional.db import ReadSession
from transactional.draws import entries, ticket_file
from transactional.draws.log import proving
from transactional.draws.log import service as log
from transactional.draws.log.service import Keeper, Signed
from transactional.draws.log.tiles import Tiles
from transactional.draws.models import Draw
from transactional.errors import NotFoundError

FORMAT = "mingsuan/draw-bundle/v1"
LONG_AGO = (1980, 1, 1, 0, 0, 0)
KEPT_S = 600
"""Somebody may still be reading a bundle that a newer one took the place of."""
LEAVES = text("""
select p.log_index, l.kind, l.body from shop.log_leaf as l join shop.log_position as p on p.leaf_id = l.id
where l.draw_id = :draw_id and p.log_index < :size order by p.log_index
""")


@dataclass(frozen=True, slots=True)
class Placed:
    """A leaf of the draw where it stands in the log."""

    index: int
    kind: str
    body: str


class NothingToShowError(NotFoundError):
    """The draw is not in the published log yet."""


async def write(session: ReadSession, keeper: Keeper, public_dir: Path, draw_id: int) -> Path:
    """The bundle of an opened draw as things stand now; a file that stays for some minutes.

    Raises NothingToShowError before its opening is in the log.
    """
    draw = await session.get(Draw, draw_id)
    newest = await log.newest(session)
    if draw is None or newest is None:
        raise NothingToShowError
    rows = await session.execute(LEAVES, {"draw_id": draw_id, "size": newest.size})
    leaves = [Placed(row.log_index, row.kind, row.body) for row in rows]
    if not leaves:
        raise NothingToShowError
    witnessed = await _witnessed(session, keeper, leaves)
    seen = witnessed.size if witnessed is not None and witnessed.size <= newest.size else 0
    folder = ticket_file.folder_of(public_dir, draw.public_id)
    path = folder / f"bundle-{len(leaves)}-{seen}.zip"
    if not path.exists():
        is_committed = any(leaf.kind == "commit" for leaf in leaves)
        tickets = await _tickets(session, folder, draw) if is_committed else None
        manifest = await asyncio.to_thread(_manifest, keeper, newest, leaves, witnessed if seen else None)
        await asyncio.to_thread(_write, path, manifest, draw.rules.encode(), tickets)
    return path


async def _witnessed(session: ReadSession, keeper: Keeper, leaves: Sequence[Placed]) -> Signed | None:
    """The earliest checkpoint that a quorum saw and that holds the commitment, or else the void."""
    decisive = [leaf.index for kind in ("void", "commit") for leaf in leaves if leaf.kind == kind]
    if not decisive:
        return None
    pinned = [witness.key.name for witness in keeper.witnesses]
    return await log.first_witnessed(session, decisive[0], keeper.quorum, pinned)


async def _tickets(session: ReadSession, folder: Path, draw: Draw) -> Path:
    """The public file; written again when it was lost."""
    path = folder / ticket_file.NAME
    if not path.exists():
        await ticket_file.write(path, draw.public_id, entries.tickets(session, draw.id), draw.next_index)
    return path


def _manifest(keeper: Keeper, newest: Signed, leaves: Sequence[Placed], witnessed: Signed | None) -> bytes:
    tiles = Tiles(keeper.folder, newest.size)
    told = [
        {"index": leaf.index, "leaf": leaf.body, "proof": _base64(proving.inclusion(tiles, leaf.index))}
        for leaf in leaves
    ]
    seen: dict[str, object] = {}
    if witnessed is not None:
        proof = _base64(proving.consistency(tiles, witnessed.size))
        seen = {"checkpoint": witnessed.note_with_cosignatures, "consistency": proof}
    checkpoint = newest.note_with_cosignatures
    return canonical({"format": FORMAT, "leaves": told, "checkpoint": checkpoint, "witnessed": seen})


def _write(path: Path, manifest: bytes, rules: bytes, tickets: Path | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member("manifest.json"), manifest)
        archive.writestr(_member("rules.txt"), rules)
        if tickets is not None:
            with archive.open(_member(ticket_file.NAME), "w", force_zip64=True) as member, tickets.open("rb") as file:
                while piece := file.read(1 << 20):
                    member.write(piece)
    beside.replace(path)
    for older in path.parent.glob("bundle-*.zip"):
        if older != path and older.stat().st_mtime < time.time() - KEPT_S:
            older.unlink(missing_ok=True)


def _member(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, LONG_AGO)


def _base64(hashes: Sequence[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]
