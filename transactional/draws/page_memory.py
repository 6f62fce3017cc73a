"""Figures on pages of draws that need not be counted anew for each visitor: what they are counted from never changes.

Kept in memory, for each database of its own.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, text
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import ReadSession
from transactional.draws.models import Draw
from transactional.draws.page_odds import Drawn, Fairness, fairness

MOST_DRAWS = 1000
"""Draws whose batches are remembered."""
BATCHES = text("""
select count(*) as found, coalesce(max(first_index), :last) as last from shop.draw_batch
where draw_id = :draw_id and first_index > :last
""")
DECIDED = text("""
select public_id, count(*) over () as draws from shop.draw where decided_at is not null
order by decided_at desc, id desc limit 1
""")
DRAWN = text("""
select d.next_index as entries, d.house_count as house, array_agg(w.entry_index order by w.place) as winners,
    count(*) filter (where e.kind = 'house') as house_wins
from shop.draw as d join shop.draw_winner as w on w.draw_id = d.id join shop.draw_entry as e on e.id = w.entry_id
where w.replaces_id is null group by d.id order by d.number
""")


@dataclass(slots=True)
class Memory:
    """`batches` are how many a draw had, and where the last of them began; `fair` is of so many draws up to one."""

    batches: OrderedDict[UUID, tuple[int, int]] = field(default_factory=OrderedDict)
    fair: tuple[tuple[UUID, int] | None, Fairness] | None = None


_MEMORIES: WeakKeyDictionary[Engine, Memory] = WeakKeyDictionary()


def _memory(engine: AsyncEngine) -> Memory:
    return _MEMORIES.setdefault(engine.sync_engine, Memory())


async def batches(session: ReadSession, engine: AsyncEngine, draw: Draw) -> int:
    """How many batches of a draw the log has; they come in the order of their entries, so only new ones are counted."""
    known = _memory(engine).batches
    count, last = known.pop(draw.public_id, (0, -1))
    new = (await session.execute(BATCHES, {"draw_id": draw.id, "last": last})).one()
    known[draw.public_id] = count + new.found, new.last
    if len(known) > MOST_DRAWS:
        known.popitem(last=False)
    return count + int(new.found)


async def fair(session: ReadSession, engine: AsyncEngine) -> Fairness:
    """Over every draw that was decided, whatever became of its prizes; reckoned anew when one was decided since."""
    memory, newest = _memory(engine), (await session.execute(DECIDED)).one_or_none()
    upto = None if newest is None else (newest.public_id, newest.draws)
    if memory.fair is None or memory.fair[0] != upto:
        rows = await session.execute(DRAWN)
        memory.fair = upto, fairness([Drawn(row.entries, row.house, row.winners, row.house_wins) for row in rows])
    return memory.fair[1]
