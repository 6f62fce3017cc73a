"""What the database knows of the log: leaves that wait, where placed ones stand, checkpoints and their witnesses."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from transactional.db import ReadSession, WriteSession
from transactional.draws.leaves import leaf_hash
from transactional.draws.log.checkpoints import Checkpoint, checkpoint
from transactional.draws.log.keeper import Keeper
from transactional.draws.log.notes import Line, Note, note
from transactional.draws.models import LogCheckpoint

XMIN = text("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
# leaves by transactions before the horizon are placed, so the whole table is read once a process
WAITING = text("""
select leaf.id, leaf.kind, leaf.draw_id, leaf.body, leaf.row_xid from shop.log_leaf as leaf
where leaf.row_xid >= :horizon and not exists (select from shop.log_position as p where p.leaf_id = leaf.id)
order by leaf.id limit :most
""")
PLACE = text("""
insert into shop.log_position (leaf_id, log_index, leaf_hash)
select * from unnest(cast(:leaf as bigint[]), cast(:index as bigint[]), cast(:hash as bytea[]))
""")
BODIES = text("""
select p.log_index, leaf.body from shop.log_position as p join shop.log_leaf as leaf on leaf.id = p.leaf_id
where p.log_index >= :start and p.log_index < :end order by p.log_index
""")
NEWEST = text("select id, size, root, note from shop.log_checkpoint order by size desc limit 1")
LINES = text("select line from shop.log_cosignature where checkpoint_id = :id order by witness")
COSIGN = text("""
insert into shop.log_cosignature (checkpoint_id, witness, line, seen_at_s) values (:id, :witness, :line, :second)
on conflict (checkpoint_id, witness) do nothing
""")
LAST_SEEN = text("""
select c.size from shop.log_cosignature as s join shop.log_checkpoint as c on c.id = s.checkpoint_id
where s.witness = :witness order by s.checkpoint_id desc limit 1
""")
# a checkpoint is witnessed from the second on at which the last of the quorum saw it. Checkpoints are recorded in the
# order of their sizes; most may have been seen by nobody, so words are looked through and not checkpoints
FIRST_WITNESSED = text("""
select c.id, c.note, seen.second from (
    select s.checkpoint_id, (array_agg(s.seen_at_s order by s.seen_at_s))[cast(:quorum as int)] as second
    from shop.log_cosignature as s
    where s.checkpoint_id >= (select id from shop.log_checkpoint where size > :index order by size limit 1)
        and (cast(:pinned as text[]) is null or s.witness = any(cast(:pinned as text[])))
    group by s.checkpoint_id having count(*) >= :quorum order by s.checkpoint_id limit 1
) as seen join shop.log_checkpoint as c on c.id = seen.checkpoint_id
""")
POSITION = text("select log_index from shop.log_position where leaf_id = :leaf")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A leaf that is not in the log yet. `row_xid` is the transaction that queued it."""

    id: int
    kind: str
    draw_id: int | None
    body: str
    row_xid: int


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it is published. `seen_at_s` is when a quorum of witnesses had seen it, where that was asked."""

    size: int
    root: bytes
    note_with_cosignatures: str
    seen_at_s: int | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A checkpoint in the database."""

    id: int
    checkpoint: Checkpoint
    note: Note


async def waiting(session: ReadSession, horizon: int, most: int) -> tuple[list[Waiting], int]:
    """Leaves that wait, in the order in which they were queued, and where to look from once all of them are placed."""
    ended = await session.scalar(XMIN) or 0  # asked first: what ended before is seen by the next statement
    rows = await session.execute(WAITING, {"horizon": horizon, "most": most})
    found = [Waiting(row.id, row.kind, row.draw_id, row.body, row.row_xid) for row in rows]
    return found, ended if len(found) < most else horizon


async def place(session: WriteSession, start: int, leaves: Sequence[Waiting]) -> None:
    """Writes down that leaves stand in the log from index `start` on."""
    indices = list(range(start, start + len(leaves)))
    hashes = [leaf_hash(leaf.body) for leaf in leaves]
    await session.execute(PLACE, {"leaf": [leaf.id for leaf in leaves], "index": indices, "hash": hashes})


async def bodies(session: ReadSession, start: int, end: int) -> dict[int, str]:
    """The texts of leaves by their place, so far as the database has them."""
    found = await session.execute(BODIES, {"start": start, "end": end})
    return {row.log_index: row.body for row in found}


async def position(session: ReadSession, leaf_id: int) -> int | None:
    """Where a leaf stands in the log; None while it waits."""
    found: int | None = await session.scalar(POSITION, {"leaf": leaf_id})
    return found


async def record(session: WriteSession, content: Note, lines: Iterable[tuple[Line, int]] = ()) -> None:
    """Writes down a signed checkpoint. A cosignature comes with the second of its witness."""
    said = checkpoint(content.text)
    row = LogCheckpoint(size=said.size, root=said.root, note=str(content))
    session.add(row)
    await session.flush()
    for line, second in lines:
        await cosigned(session, row.id, line, second)


async def cosigned(session: WriteSession, checkpoint_id: int, line: Line, second: int) -> None:
    """Keeps a witness's word, once for a checkpoint."""
    values = {"id": checkpoint_id, "witness": line.name, "line": str(line), "second": second}
    await session.execute(COSIGN, values)


async def recorded(session: ReadSession) -> Recorded | None:
    """The newest checkpoint with the cosignatures that came for it."""
    row = (await session.execute(NEWEST)).one_or_none()
    if row is None:
        return None
    whole = note(row.note + await _lines(session, row.id))
    return Recorded(row.id, checkpoint(whole.text), whole)


async def newest(session: ReadSession) -> Signed | None:
    """The newest checkpoint; None before the log began."""
    found = await recorded(session)
    if found is None:
        return None
    return Signed(found.checkpoint.size, found.checkpoint.root, str(found.note))


async def last_seen(session: ReadSession, witness: str) -> int:
    """The size of the newest checkpoint that a witness cosigned, so far as is known here."""
    return int(await session.scalar(LAST_SEEN, {"witness": witness}) or 0)


async def first_witnessed(
    session: ReadSession, index: int, quorum: int, pinned: Collection[str] | None = None
) -> Signed | None:
    """The earliest checkpoint that holds the leaf at `index` and that a quorum cosigned; `pinned` names who counts."""
    if pinned is not None and len(pinned) < quorum:
        return None
    values = {"index": index, "quorum": quorum, "pinned": None if pinned is None else sorted(pinned)}
    row = (await session.execute(FIRST_WITNESSED, values)).one_or_none()
    if row is None:
        return None
    said = checkpoint(note(row.note).text)
    return Signed(said.size, said.root, row.note + await _lines(session, row.id), row.second)


async def witnessed(session: ReadSession, keeper: Keeper, index: int) -> Signed | None:
    """The same by the witnesses that are asked: by those alone that are no test, if enough of them ever saw one."""
    every = {each.key.name for each in keeper.witnesses}
    real = {each.key.name for each in keeper.witnesses if not each.is_test}
    found = await first_witnessed(session, index, keeper.quorum, real)
    return found or (await first_witnessed(session, index, keeper.quorum, every) if real < every else None)


async def _lines(session: ReadSession, checkpoint_id: int) -> str:
    return "".join((await session.scalars(LINES, {"id": checkpoint_id})).all())
