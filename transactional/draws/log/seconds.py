"""Which second it is for the entries of draws: by the database's clock, so that no machine's own can date them."""

import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional.db import reading

CLOCK = text("select cast(extract(epoch from clock_timestamp()) as double precision)")
CLOSE_S = 1.0
"""Two clocks that differ by less are one: so long may the way there and back take."""


async def present(source: AsyncEngine) -> int:
    """The second that is now by the database's clock, in seconds since 1970."""
    before = time.time()
    async with reading(source) as session:
        told = float(await session.scalar(CLOCK) or 0)
    return int(clock.now().timestamp() + _behind_s(before, told, time.time()))


def _behind_s(before: float, told: float, after: float) -> float:
    """By how much the machine's clock is behind the other, which told its time between two looks at this one."""
    if before - CLOSE_S <= told <= after + CLOSE_S:
        return 0.0
    return told - after if told > after else told - before
