"""What the database learns from the published log when it is behind, as after a restore from an older backup.

Nothing that was published is placed a second time, and a draw cannot have a second commitment.
"""

import json
import logging
from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.alerts.service import raise_alert
from transactional.db import ReadSession, WriteSession, writing
from transactional.draws.log import batches, positions, proving, published
from transactional.draws.log.checkpoints import Checkpoint
from transactional.draws.log.keeper import Keeper
from transactional.draws.log.notes import BadNoteError, Line, Note, cosigned_at
from transactional.draws.log.positions import Waiting
from transactional.draws.log.published import LogBrokenError, Published
from transactional.draws.log.queue import append
from transactional.draws.log.tiles import Tiles, TilesError
from transactional.draws.models import DrawBatch
from transactional.draws.states import ONCE_A_DRAW

ALL = 2**31 - 1
STRANGE = "strange"
KINDS = {"ledger-seal/v1": "seal"} | {
    f"draw-{kind}/v1": kind for kind in ("open", "batch", "commit", "result", "forfeit", "delivery", "void", "returned")
}
DRAW = text("select id from shop.draw where public_id = :draw")
HAS = text("select exists (select from shop.log_leaf where draw_id = :draw and kind = :kind)")
log = logging.getLogger("mingsuan.draws.log")


async def adopt(source: AsyncEngine, keeper: Keeper, shown: Published, known: Checkpoint | None) -> None:
    """Records the leaves and the checkpoint that were published beyond what the database knows.

    Raises LogBrokenError when the database's checkpoint is no beginning of what was published.
    """
    tiles, start = Tiles(keeper.folder, shown.checkpoint.size), known.size if known else 0
    try:
        if known and proving.root(tiles, start) != known.root:
            raise LogBrokenError(f"The recorded log of {start} leaves is not a beginning of the published one.")
        texts = [proving.leaf(tiles, index) for index in range(start, tiles.size)]
        _, root = published.after(keeper.folder, start, texts)
    except TilesError as error:
        raise LogBrokenError(f"The published log cannot be read: {error}") from None
    if root != shown.checkpoint.root:
        raise LogBrokenError("The published leaves are not those of the published checkpoint.")
    async with writing(source) as session:
        strange = await _record(session, start, [content.decode() for content in texts])
        await positions.record(session, keeper.signed(shown.checkpoint), _lines(keeper, shown.note))
    log.warning("the log was ahead of the database by %s leaves, %s of them strange", len(texts), strange)


async def _record(session: WriteSession, start: int, texts: list[str]) -> int:
    """Places the leaves that wait for it, adds those that are not known. How many of these the books do not explain."""
    found, _ = await positions.waiting(session, 0, ALL)
    queued: dict[str, list[Waiting]] = defaultdict(list)
    for leaf in reversed(found):
        queued[leaf.body].append(leaf)
    strange = 0
    for index, content in enumerate(texts, start):
        same = queued[content]
        leaf = same.pop() if same else await _added(session, content)
        strange += leaf.kind == STRANGE
        await positions.place(session, index, [leaf])
    return strange


async def _added(session: WriteSession, content: str) -> Waiting:
    """A row for a leaf that only the published log has."""
    said: dict[str, Any] = json.loads(content)
    kind = KINDS[said["type"]]
    draw_id: int | None = None
    if kind != "seal":
        draw_id = await session.scalar(DRAW, {"draw": UUID(said["draw_id"])})
        if draw_id is None or not await _is_explained(session, draw_id, kind, said):
            kind = STRANGE
    if kind == STRANGE and "number" in said and draw_id is None:
        await raise_alert(session, "draw_lost", f"lost-draw:{said['number']}", "critical", {"number": said["number"]})
    leaf_id = await append(session, kind, content, draw_id)
    if kind == "batch":
        values = {"draw_id": draw_id, "first_index": said["first"], "count": said["count"]}
        root, second = bytes.fromhex(said["root"]), said["at"]
        session.add(DrawBatch(**values, root=root, accepted_second=second, leaf_id=leaf_id))
        await session.flush()
    return Waiting(leaf_id, kind, draw_id, content, 0)


async def _is_explained(session: ReadSession, draw_id: int, kind: str, said: dict[str, Any]) -> bool:
    """Whether a leaf can be one of this draw as the books have it: its entries are there, nothing else is instead."""
    if kind in ONCE_A_DRAW:
        return not bool(await session.scalar(HAS, {"draw": draw_id, "kind": kind}))
    if kind != "batch":
        return True
    ranges = await batches.ranges_of(session, draw_id, said["first"], said["at"] + 1)
    held = [each for each in ranges if each.first < said["first"] + said["count"]]
    is_whole = sum(each.count for each in held) == said["count"]
    return is_whole and batches.root_of(UUID(said["draw_id"]), held) == bytes.fromhex(said["root"])


def _lines(keeper: Keeper, content: Note) -> list[tuple[Line, int]]:
    """The witnesses' words below the published checkpoint, one each, with their seconds."""
    found = []
    for witness in keeper.witnesses:
        own = [line for line in content.lines if line.is_by(witness.key)][:1]
        try:
            second = cosigned_at(content.text, own, witness.key)
        except BadNoteError:
            continue
        found += [(line, second) for line in own if second is not None]
    return found
