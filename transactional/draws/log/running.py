"""The sequencer beside the worker's jobs: one run a second for as long as the worker lives.

It is no job: a row in the queue for every second would be most of the queue.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.draws.log.keeper import Keeper
from transactional.draws.log.published import LogBrokenError
from transactional.draws.log.sequencer import Placed, sequence

EVERY_S = 1.0
LONGEST_REST_S = 60.0
log = logging.getLogger("mingsuan.draws.log")


@contextlib.asynccontextmanager
async def sequencing(source: AsyncEngine, keeper: Keeper, every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Extends the log while the block runs. Being stopped in the middle of a run is what a crash would be."""
    task = asyncio.create_task(_run(source, keeper, every_s))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _run(source: AsyncEngine, keeper: Keeper, every_s: float) -> None:
    rest = every_s
    while True:
        done = await _once(source, keeper)
        rest = every_s if done is not None else min(rest * 2, LONGEST_REST_S)
        await asyncio.sleep(rest)


async def _once(source: AsyncEngine, keeper: Keeper) -> Placed | None:
    """What a run did; None when it failed: then its gauges tell how long leaves have been waiting."""
    try:
        done = await sequence(source, keeper)
    except LogBrokenError as error:
        log.error("the log is not extended: %s", error)
        return None
    except Exception:  # the next run repairs what this one left
        log.exception("a run of the sequencer failed")
        return None
    if done.leaves or done.cosignatures:
        log.info("%s leaves placed, %s in the log, %s cosignatures", done.leaves, done.size, done.cosignatures)
    return done
