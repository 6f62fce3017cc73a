"""The ledger's seals in the public log, so that whoever keeps the log also keeps the books from being rewritten."""

import json

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import ReadSession, writing
from transactional.draws import leaves
from transactional.draws.log.queue import append

MOST_SEALS = 1_000
"""Queued in one run; a shop that is older than its log catches up over several."""
LAST = text("select body from shop.log_leaf where kind = 'seal' order by id desc limit 1")
NEXT = text("select seal_no, head from shop.ledger_seal where seal_no > :last order by seal_no limit :most")


async def queue_seals(source: AsyncEngine) -> int:
    """Queues the seals that came since the last one in the log. How many. The sequencer calls it, alone."""
    async with writing(source) as session:
        values = {"last": await _last(session), "most": MOST_SEALS}
        found = (await session.execute(NEXT, values)).all()
        for row in found:
            await append(session, "seal", leaves.seal(row.seal_no, bytes(row.head)))
    return len(found)


async def _last(session: ReadSession) -> int:
    body = await session.scalar(LAST)
    return int(json.loads(body)["seal_no"]) if body else 0
