"""The file that shows that an entry is in the log (C2SP tlog-proof), its batch's leaf and its place in it included."""

import asyncio
import base64
from uuid import UUID

from sqlalchemy import text

from transactional.canonical_json import canonical
from transactional.db import ReadSession
from transactional.draws import proofs
from transactional.draws.log import positions, proving
from transactional.draws.log.batches import Range, hashes_of, ranges_of
from transactional.draws.log.keeper import Keeper
from transactional.draws.log.tiles import Tiles

HEADER = "c2sp.org/tlog-proof@v1"
BATCH = text("""
select b.first_index, b.count as entries, b.accepted_second, leaf.body, p.log_index
from shop.draw_batch as b join shop.log_leaf as leaf on leaf.id = b.leaf_id
join shop.log_position as p on p.leaf_id = leaf.id
where b.draw_id = :draw and b.first_index <= :index order by b.first_index desc limit 1
""")


async def tlog_proof(session: ReadSession, keeper: Keeper, draw_id: int, public_id: UUID, index: int) -> str | None:
    """The proof for an entry; None before its batch is in the log. Raises TilesError.

    The checkpoint in it is the earliest that holds the batch and was witnessed, the newest where none was.
    """
    row = (await session.execute(BATCH, {"draw": draw_id, "index": index})).one_or_none()
    if row is None or index >= row.first_index + row.entries:
        return None
    found = await ranges_of(session, draw_id, row.first_index, row.accepted_second + 1)
    held = [each for each in found if each.first < row.first_index + row.entries]
    shown = await positions.witnessed(session, keeper, row.log_index)
    shown = shown or await positions.newest(session)
    if shown is None or shown.size <= row.log_index:
        return None
    path = await asyncio.to_thread(_path, public_id, held, index - row.first_index)
    extra = canonical({"batch": row.body, "index": index, "path": [_base64(step) for step in path]})
    steps = await asyncio.to_thread(proving.inclusion, Tiles(keeper.folder, shown.size), row.log_index)
    lines = [HEADER, f"extra {_base64(extra)}", f"index {row.log_index}", *map(_base64, steps)]
    return "\n".join(lines) + f"\n\n{shown.note_with_cosignatures}"


def _path(draw: UUID, ranges: list[Range], place: int) -> list[bytes]:
    return proofs.inclusion(list(hashes_of(draw, ranges)), place)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
