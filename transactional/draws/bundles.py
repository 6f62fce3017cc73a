"""The one file from which anybody can check a draw without the shop: when it is made anew, and that it is made once.

How it is written is `bundle_archive`'s.
"""

import asyncio
import fcntl
import hashlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, text

from transactional.db import ReadSession
from transactional.draws import bundle_archive, entries, ticket_file
from transactional.draws.log import published
from transactional.draws.log import service as log
from transactional.draws.log.published import Published
from transactional.draws.log.service import Keeper, Signed
from transactional.draws.models import Draw
from transactional.errors import NotFoundError

FRESH_S = 60
"""A draw that takes entries has a new bundle no more often than this."""
AGAIN_S = 0.2
ENDED = ("decided", "finished", "void")
COUNT = text("""
select count(*) as leaves, coalesce(
    max(p.log_index) filter (where l.kind = 'void'), max(p.log_index) filter (where l.kind = 'commit')
) as decisive
from shop.log_leaf as l join shop.log_position as p on p.leaf_id = l.id
where l.draw_id = :draw_id and p.log_index < :size
""")
LEAVES = text("""
select p.log_index, l.kind, l.body from shop.log_leaf as l join shop.log_position as p on p.leaf_id = l.id
where l.draw_id = :draw_id and p.log_index < :size order by p.log_index
""")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a bundle is to show: the published log, the checkpoint that a quorum saw in time, how many leaves."""

    draw: Draw
    newest: Published
    witnessed: Signed | None
    leaves: int

    @property
    def name(self) -> str:
        """Of its file, up to how many have signed the newest checkpoint: other words of a witness make another."""
        seen = self.witnessed.note_with_cosignatures if self.witnessed else ""
        return f"bundle-{self.leaves}-{hashlib.sha256(seen.encode()).hexdigest()[:16]}"

    @property
    def signatures(self) -> int:
        return len(self.newest.note.lines)

    def found(self, folder: Path) -> Path | None:
        """The same bundle, made before, whose checkpoint as many had signed at least."""
        made = [(int(path.stem.rpartition("-")[2]), path) for path in folder.glob(f"{self.name}-*.zip")]
        return max((each for each in made if each[0] >= self.signatures), default=(0, None))[1]


class NothingToShowError(NotFoundError):
    """The draw is not in the published log yet."""


async def write(session: ReadSession, keeper: Keeper, public_dir: Path, draw_id: int) -> Path:
    """The bundle of an opened draw as things stand now, or stood a minute ago while entries are taken; a file that
    stays for some minutes.

    The session's transaction is ended: nobody holds a connection while a bundle is made, and each is made once, however
    many ask for it. Raises NothingToShowError before its opening is in the log.
    """
    draw = await session.get(Draw, draw_id)
    if draw is None:
        raise NothingToShowError
    folder = ticket_file.folder_of(public_dir, draw.public_id)
    if draw.state == "open" and (recent := await asyncio.to_thread(_recent, folder)):
        return recent
    plan = await _plan(session, keeper, draw)
    await session.close()
    folder.mkdir(parents=True, exist_ok=True)
    async with _alone(folder):
        return plan.found(folder) or await _made(session, keeper, folder, plan)


async def missing(session: ReadSession, public_dir: Path) -> list[int]:
    """Ended draws without a bundle, as after a restore: backups leave out what can be made again."""
    ended = await session.execute(select(Draw.id, Draw.public_id).where(Draw.state.in_(ENDED)).order_by(Draw.id))
    rows = ended.all()
    return await asyncio.to_thread(_unmade, public_dir, [(row.id, row.public_id) for row in rows])


async def _plan(session: ReadSession, keeper: Keeper, draw: Draw) -> Plan:
    newest = await asyncio.to_thread(published.read, keeper)
    if newest is None:
        raise NothingToShowError
    size = newest.checkpoint.size
    found = (await session.execute(COUNT, {"draw_id": draw.id, "size": size})).one()
    if not found.leaves:
        raise NothingToShowError
    witnessed = None if found.decisive is None else await _witnessed(session, keeper, found.decisive)
    return Plan(draw, newest, witnessed if witnessed and witnessed.size <= size else None, found.leaves)


async def _witnessed(session: ReadSession, keeper: Keeper, index: int) -> Signed | None:
    """The earliest checkpoint that a quorum saw and that holds a leaf: by witnesses that are not our own, if it can."""
    others = [each.key.name for each in keeper.witnesses if not each.is_test]
    if len(others) >= keeper.quorum and (seen := await log.first_witnessed(session, index, keeper.quorum, others)):
        return seen
    return await log.first_witnessed(session, index, keeper.quorum, [each.key.name for each in keeper.witnesses])


async def _made(session: ReadSession, keeper: Keeper, folder: Path, plan: Plan) -> Path:
    rows = await session.execute(LEAVES, {"draw_id": plan.draw.id, "size": plan.newest.checkpoint.size})
    leaves = [bundle_archive.Placed(row.log_index, row.kind, row.body) for row in rows]
    is_committed = any(leaf.kind == "commit" for leaf in leaves)
    tickets = await _tickets(session, folder, plan.draw) if is_committed else None
    await session.close()
    path = folder / f"{plan.name}-{plan.signatures}.zip"
    shown = bundle_archive.Shown(leaves, plan.newest, plan.witnessed, plan.draw.rules, tickets)
    return await asyncio.to_thread(bundle_archive.write, path, keeper, shown)


@asynccontextmanager
async def _alone(folder: Path) -> AsyncIterator[None]:
    """Nobody else makes a bundle of this draw meanwhile, in this process or another; waiting takes up no thread."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(AGAIN_S)
        yield
    finally:
        os.close(held)


def _recent(folder: Path) -> Path | None:
    """The newest bundle, if it is not older than FRESH_S."""
    made = max(((path.stat().st_mtime, path) for path in folder.glob("bundle-*.zip")), default=None)
    return made[1] if made and made[0] > time.time() - FRESH_S else None


def _unmade(public_dir: Path, draws: Sequence[tuple[int, UUID]]) -> list[int]:
    folders = ((draw_id, ticket_file.folder_of(public_dir, public_id)) for draw_id, public_id in draws)
    return [draw_id for draw_id, folder in folders if next(folder.glob("bundle-*.zip"), None) is None]


async def _tickets(session: ReadSession, folder: Path, draw: Draw) -> Path:
    """The public file; written again when it was lost."""
    path = folder / ticket_file.NAME
    if not path.exists():
        await ticket_file.write(path, draw.public_id, entries.tickets(session, draw.id), draw.next_index)
    return path
