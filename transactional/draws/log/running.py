"""The sequencer beside the worker's jobs: one run a second for as long as the worker lives.

It is no job: a row in the queue for every second would be most of the queue.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import httpx
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.alerts.service import end_alert, raise_alert
from transactional.canonical_json import canonical
from transactional.db import writing
from transactional.draws.log import published, witness_calls
from transactional.draws.log.keeper import Keeper
from transactional.draws.log.published import LogBrokenError
from transactional.draws.log.sequencer import sequence
from transactional.draws.log.service import policy

EVERY_S = 1.0
LONGEST_REST_S = 60.0
KIND, SUBJECT = "log_stands_still", "draw-log"
log = logging.getLogger("mingsuan.draws.log")


@contextlib.asynccontextmanager
async def sequencing(source: AsyncEngine, keeper: Keeper, every_s: float = EVERY_S) -> AsyncIterator[None]:
    """Extends the log while the block runs. Being stopped in the middle of a run is what a crash would be."""
    async with witness_calls.client() as asking:
        task = asyncio.create_task(_run(source, keeper, asking, every_s))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _run(source: AsyncEngine, keeper: Keeper, asking: httpx.AsyncClient, every_s: float) -> None:
    rest, problem = every_s, ""
    is_told = is_shown = False
    while True:
        before = problem
        try:
            if not is_shown:
                await asyncio.to_thread(published.show_policy, keeper, canonical(policy(keeper)))
                is_shown = True
            done = await sequence(source, keeper, asking)
            rest, problem = every_s, ""
            if done.leaves or done.cosignatures:
                log.info("%s leaves placed, %s in the log, %s cosignatures", done.leaves, done.size, done.cosignatures)
        except LogBrokenError as error:
            rest, problem = min(rest * 2, LONGEST_REST_S), str(error)
            log.error("the log is not extended: %s", error)
        except Exception:  # the next run repairs what this one left; the gauges tell how long leaves have been waiting
            rest = min(rest * 2, LONGEST_REST_S)
            log.exception("a run of the sequencer failed")
        if problem != before or not is_told:
            is_told = await _told(source, problem)
        await asyncio.sleep(rest)


async def _told(source: AsyncEngine, problem: str) -> bool:
    """Whether the alert says what is the matter, or is ended when nothing is."""
    try:
        async with writing(source) as session:
            if problem:
                await raise_alert(session, KIND, SUBJECT, "critical", {"problem": problem})
            else:
                await end_alert(session, KIND, SUBJECT)
    except Exception:  # it is tried again after the next run
        log.exception("nobody could be told of the log's state")
        return False
    return True
