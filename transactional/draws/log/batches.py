"""Batch leaves: the entries that one draw accepted in one second, once no further one of that second can appear."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional import merkle
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.draws import leaves, rules
from transactional.draws.log.queue import append
from transactional.draws.log.threads import finished
from transactional.draws.models import DrawBatch

MOST_RUNS = 2_000
"""Of one leaf, so that it fits into the log whatever its numbers."""
MOST_RANGES = 20_000
"""Ranges that are looked at in one go."""
BATCHES_OF_A_WIDTH, MOST_WIDTH_S = 250, 120
"""After so many batches of a draw each further one takes in a second more: a draw that is busy for two months still has
fewer than its bundle can list."""
NEXT = """
select d.id, d.public_id, d.next_index, coalesce((
    select b.first_index + b.count from shop.draw_batch as b where b.draw_id = d.id order by b.first_index desc limit 1
), 0) as batched from shop.draw as d
"""
UNBATCHED = text(f"""
select * from ({NEXT} where d.state in ('open', 'closed', 'void')) as found where next_index > batched order by id
""")
OF_DRAW = text(f"{NEXT} where d.id = :draw")
# whoever accepts an entry takes the later of its own clock and last_second, under the same lock: with last_second here
# moved on, no entry of an earlier second can follow. A full draw takes none, and keeps the second of its last. Moved
# on to `until`, it is the second of all entries up to then; never one in which entries come too late
CLOSE_SECOND = text("""
update shop.draw
set last_second = greatest(:second, least(:until, cast(floor(extract(epoch from closes_at)) as bigint) - 1))
where id = :draw and last_second < :second and state = 'open' and (capacity = 0 or next_index < capacity)
""")
BATCHES = text("select count(*) from shop.draw_batch where draw_id = :draw")
LOCK = text("select last_second from shop.draw where id = :draw for update")
RANGES = text("""
select first_index, count as entries, kind, nonce, user_ref, accepted_second from shop.draw_entry
where draw_id = :draw and first_index >= :first and accepted_second < :second order by first_index limit :most
""")
UNPLACED = text("""
select exists (select from shop.draw_batch as b where b.draw_id = :draw
    and not exists (select from shop.log_position as p where p.leaf_id = b.leaf_id))
""")


@dataclass(frozen=True, slots=True)
class Range:
    """Entries that were accepted together, as far as the log tells of them."""

    first: int
    count: int
    kind: str
    nonce: bytes
    user_ref: bytes
    second: int


async def batch(source: AsyncEngine, second: int) -> int:
    """Queues the batch leaves of all seconds before `second`. How many. Each draw is a transaction of its own."""
    async with reading(source) as session:
        found = (await session.execute(UNBATCHED)).all()
    return sum([await _batch_draw(source, row.id, row.public_id, second) for row in found])


async def batched(session: ReadSession, draw_id: int) -> bool:
    """Whether every entry of a draw is in a batch, and every batch in the log."""
    row = (await session.execute(OF_DRAW, {"draw": draw_id})).one()
    return row.next_index == row.batched and not await session.scalar(UNPLACED, {"draw": draw_id})


def width_s(batches: int) -> int:
    """For how many seconds the next batch of a draw takes in entries when it has so many already."""
    return min(1 + batches // BATCHES_OF_A_WIDTH, MOST_WIDTH_S)


def root_of(draw: UUID, ranges: Sequence[Range]) -> bytes:
    """Root of the tree of these entries alone."""
    return merkle.root(hashes_of(draw, ranges))


def hashes_of(draw: UUID, ranges: Iterable[Range]) -> Iterator[bytes]:
    """The leaf hashes of entries in that tree."""
    for each in ranges:
        for index in range(each.first, each.first + each.count):
            nonce = rules.nonce_of(each.nonce, index)
            yield merkle.leaf_hash(rules.entry(draw, index, rules.ticket(draw, index, each.user_ref, nonce)))


def split(ranges: Sequence[Range]) -> Iterator[Sequence[Range]]:
    """The ranges of each second, and those of one second parted where a leaf would hold too many runs."""
    for _, same in groupby(ranges, key=lambda each: each.second):
        part: list[Range] = []
        runs = 0
        for each in same:
            new = not part or part[-1].kind != each.kind
            if new and runs == MOST_RUNS:
                yield part
                part, runs = [], 0
            part.append(each)
            runs += new
        yield part


async def ranges_of(session: ReadSession, draw_id: int, first: int, second: int) -> list[Range]:
    """Ranges from an index on that were accepted before a second, in their order."""
    values = {"draw": draw_id, "first": first, "second": second, "most": MOST_RANGES}
    return [
        Range(row.first_index, row.entries, row.kind, row.nonce, row.user_ref, row.accepted_second)
        for row in await session.execute(RANGES, values)
    ]


async def _batch_draw(source: AsyncEngine, draw_id: int, public_id: UUID, second: int) -> int:
    async with writing(source) as session:
        await session.execute(LOCK, {"draw": draw_id})
        until = second + width_s(await session.scalar(BATCHES, {"draw": draw_id}) or 0) - 1
        await session.execute(CLOSE_SECOND, {"draw": draw_id, "second": second, "until": until})
    async with reading(source) as session:
        first = (await session.execute(OF_DRAW, {"draw": draw_id})).one().batched
        found = await ranges_of(session, draw_id, first, second)
    if len(found) == MOST_RANGES:  # the last second may go on beyond them
        found = [each for each in found if each.second < found[-1].second] or found
    made = [(part, await finished(root_of, public_id, part)) for part in split(found)]  # no transaction waits for this
    async with writing(source) as session:
        for part, root in made:
            await _append(session, draw_id, public_id, part, root)
    return len(made)


async def _append(session: WriteSession, draw_id: int, public_id: UUID, part: Sequence[Range], root: bytes) -> None:
    first, count, second = part[0].first, sum(each.count for each in part), part[0].second
    runs = leaves.joined([(each.kind, each.count) for each in part])
    body = leaves.batch(public_id, first, count, root, runs, second)
    leaf_id = await append(session, "batch", body, draw_id)
    values = {"draw_id": draw_id, "first_index": first, "count": count, "root": root}
    session.add(DrawBatch(**values, accepted_second=second, leaf_id=leaf_id))
