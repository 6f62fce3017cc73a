"""The one who extends the log: what the shop queued becomes leaves with a place, tiles, a signed checkpoint.

In one transaction the database says which leaves stand where and which checkpoint is signed; its tiles are written
before that ends, so that nobody reads of a checkpoint without them. Then it is served. A crash before the end leaves
tiles that nothing speaks of and the next run replaces; one after it, files that the next run brings up. Where the
files are ahead, because an older database was restored, the database learns from them before anything is placed. So
whatever was published is only ever added to.
"""

import fcntl
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import ReadSession, reading, writing
from transactional.draws.log import (
    adopting,
    batches,
    ledger_seals,
    order,
    positions,
    published,
    seconds,
    strangers,
    tiles,
    witness_calls,
    witnessing,
)
from transactional.draws.log.checkpoints import Checkpoint
from transactional.draws.log.keeper import Keeper
from transactional.draws.log.notes import Note
from transactional.draws.log.positions import Recorded, Waiting
from transactional.draws.log.published import LogBrokenError, Published
from transactional.draws.log.threads import finished

SEQUENCER_LOCK = 7_103_916
MOST_LEAVES = 2_000
"""Placed at a time; a checkpoint is signed for each time."""
ALONE = text("select pg_try_advisory_lock(:lock)")
NO_LONGER = text("select pg_advisory_unlock(:lock)")


@dataclass(frozen=True, slots=True)
class Placed:
    """What one run did. `was_busy`: another sequencer was at work, so nothing was done."""

    batches: int = 0
    leaves: int = 0
    size: int = 0
    cosignatures: int = 0
    was_busy: bool = False


async def sequence(source: AsyncEngine, keeper: Keeper, asking: httpx.AsyncClient | None = None) -> Placed:
    """One run: batches, places, publishes and asks the witnesses. Takes the engine: each step is recorded by itself.

    `asking` is a client for witnesses that outlives the run; without one it makes its own. Raises LogBrokenError, with
    nothing signed, when what was published, recorded or witnessed contradict each other.
    """
    async with _alone(source, keeper) as is_alone, _client(asking) as client:
        if not is_alone:
            return Placed(was_busy=True)
        await catch_up(source, keeper)
        await witnessing.compare(source, keeper, client)
        batched = await batches.batch(source, await seconds.present(source))
        await ledger_seals.queue_seals(source)
        leaves = 0
        while count := await place(source, keeper):
            await catch_up(source, keeper)
            leaves += count
        if cosigned := await witnessing.ask(source, keeper, client):
            await catch_up(source, keeper)
        newest = await _recorded(source)
        return Placed(batched, leaves, newest.checkpoint.size if newest else 0, cosigned)


async def catch_up(source: AsyncEngine, keeper: Keeper) -> None:
    """Makes database and files say the same: whichever is behind learns from the other. Raises LogBrokenError."""
    shown, known = published.read(keeper), await _recorded(source)
    if known is not None:
        published.check(keeper, known.note)
    if shown is None and known is None:
        await _begin(source, keeper)
    elif shown is not None and (known is None or known.checkpoint.size < shown.checkpoint.size):
        await adopting.adopt(source, keeper, shown, known.checkpoint if known else None)
    elif known is not None:
        await _publish(source, keeper, shown, known)


async def place(source: AsyncEngine, keeper: Keeper) -> int:
    """Gives the leaves that wait their places and signs the checkpoint that holds them. How many."""
    memory = keeper.memory
    async with writing(source) as session:
        known = await positions.recorded(session)
        if known is None:
            raise LogBrokenError("The log has no checkpoint to extend.")
        waiting, horizon = await positions.waiting(session, memory.horizon_xid, MOST_LEAVES)
        refused = await strangers.refused(session, waiting)
        leaves = order.in_turn(waiting, await _unready(session, waiting), refused)
        size = known.checkpoint.size
        if leaves:
            bodies = [leaf.body.encode() for leaf in leaves]
            files, root = await finished(published.after, keeper.folder, size, bodies)
            await finished(tiles.write, keeper.folder, files)
            await positions.place(session, size, leaves)
            checkpoint = Checkpoint(keeper.origin, size + len(leaves), root)
            await positions.record(session, keeper.signed(checkpoint))
    done = refused | {leaf.id for leaf in leaves}
    memory.horizon_xid = min([horizon, *(leaf.row_xid for leaf in waiting if leaf.id not in done)])
    return len(leaves)


async def _unready(session: ReadSession, waiting: Sequence[Waiting]) -> set[int]:
    """Draws whose entries are to end, though they are not all in the log."""
    ends = {leaf.draw_id for leaf in waiting if leaf.draw_id and leaf.kind in order.LAST_OF_ENTRIES}
    return {draw for draw in ends if not await batches.batched(session, draw)}


async def _begin(source: AsyncEngine, keeper: Keeper) -> None:
    """An empty log is published too, so that everybody has seen its beginning."""
    _, root = published.after(keeper.folder, 0, ())
    async with writing(source) as session:
        await positions.record(session, keeper.signed(Checkpoint(keeper.origin, 0, root)))
    await catch_up(source, keeper)


async def _publish(source: AsyncEngine, keeper: Keeper, shown: Published | None, known: Recorded) -> None:
    """Brings the files to the newest recorded checkpoint. Raises LogBrokenError unless that extends them."""
    size, target = shown.checkpoint.size if shown else 0, known.checkpoint
    async with reading(source) as session:
        bodies = await positions.bodies(session, size, target.size)
    if len(bodies) != target.size - size:
        raise LogBrokenError(
            f"Leaves {size} to {target.size - 1} were published, but are neither all in {keeper.folder} nor in the"
            " database: bring back the newest copy of that folder."
        )
    leaves = [bodies[index].encode() for index in range(size, target.size)]
    files, root = await finished(published.after, keeper.folder, size, leaves)
    if root != target.root:
        raise LogBrokenError(f"The published log of {size} leaves and the recorded one of {target.size} are not one.")
    content = known.note
    if shown is not None and shown.checkpoint == target:  # a restored database may lack words that are served
        content = Note(content.text, tuple(dict.fromkeys((*content.lines, *shown.note.lines))))
    if shown is None or str(shown.note) != str(content):
        await finished(published.extend, keeper, size, files, content)


async def _recorded(source: AsyncEngine) -> Recorded | None:
    async with reading(source) as session:
        return await positions.recorded(session)


def _client(asking: httpx.AsyncClient | None) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    return witness_calls.client() if asking is None else nullcontext(asking)


@asynccontextmanager
async def _alone(source: AsyncEngine, keeper: Keeper) -> AsyncIterator[bool]:
    """Whether nobody else extends this log: not on this database, not in this folder."""
    async with source.connect() as connection:
        held = await connection.execution_options(isolation_level="AUTOCOMMIT")
        if not await held.scalar(ALONE, {"lock": SEQUENCER_LOCK}):
            yield False
            return
        try:
            with _folder_alone(keeper) as is_alone:
                yield is_alone
        finally:
            await held.execute(NO_LONGER, {"lock": SEQUENCER_LOCK})


@contextmanager
def _folder_alone(keeper: Keeper) -> Iterator[bool]:
    """Two shops by mistake on one folder would otherwise sign two histories."""
    keeper.folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(keeper.folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        yield False
    else:
        yield True
    finally:
        os.close(descriptor)
