"""Fixing a closed draw's entries in public before the deciding round exists.

The beacon is asked between two transactions: the engine comes in, and every call of this may be repeated.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional.db import ReadSession, reading, writing
from transactional.draws import alarms, entries, leaves, rounds, ticket_file
from transactional.draws.beacon import Beacon, Round
from transactional.draws.chains import Chain
from transactional.draws.drafts import locked
from transactional.draws.log import service as log
from transactional.draws.models import Draw, LogLeaf
from transactional.draws.moving import bundle_at, step_at
from transactional.draws.opening import rules_sha256
from transactional.draws.states import DRAW_STATES
from transactional.draws.ticket_file import Tickets
from transactional.draws.voiding import deadline


async def commit(engine: AsyncEngine, beacons: Mapping[str, Beacon], public_dir: Path, draw_id: int) -> bool:
    """Whether the draw is committed now. Not yet while batches of entries or a fresh round are missing.

    Raises TicketsTornError when the entries are not whole.
    """
    async with reading(engine) as session:
        draw = await session.get_one(Draw, draw_id)
        ready = draw.state == "closed" and await log.batched(session, draw_id)
    if not ready:
        return draw.state not in ("draft", "open", "closed", "void")
    if await stands_still(engine, draw_id):
        return False
    async with reading(engine) as session:
        path = ticket_file.folder_of(public_dir, draw.public_id) / ticket_file.NAME
        written = await ticket_file.write(path, draw.public_id, entries.tickets(session, draw_id), draw.next_index)
    beacon = beacons[draw.chain_hash]  # asked last: a large draw's tickets take longer than a round
    fresh = await rounds.asked(engine, draw, "latest", beacon.latest)
    if fresh is None or draw.closed_at is None or _is_stale(beacon.chain, fresh, int(draw.closed_at.timestamp())):
        return False
    return await _committed(engine, beacon.chain, draw_id, fresh, written)


async def stands_still(engine: AsyncEngine, draw_id: int) -> bool:
    """Whether the public log says otherwise of a draw than the books, which staff are told: then nothing is added."""
    async with reading(engine) as session:
        is_contradicted = await log.contradicted(session, draw_id)
        draw = await session.get_one(Draw, draw_id)
    if is_contradicted:
        async with writing(engine) as session:
            await alarms.contradicted(session, draw)
    return is_contradicted


def _is_stale(chain: Chain, fresh: Round, closed_at: int) -> bool:
    """A relay that lags told a round from before the closing: it proves nothing of when the commitment was made."""
    return chain.pace.time_of(fresh.number) < closed_at - chain.pace.period


async def _committed(engine: AsyncEngine, chain: Chain, draw_id: int, fresh: Round, tickets: Tickets) -> bool:
    async with writing(engine) as session:
        row = await locked(session, draw_id, *DRAW_STATES)
        if row.state != "closed" or row.closed_at is None:
            return row.state not in ("draft", "open", "void")
        says = await _commitment(session, row, chain, fresh, tickets)
        row.state, row.committed_at = "committed", clock.now()
        row.round_no, row.round_at = says.round_no, datetime.fromtimestamp(says.round_time, UTC)
        await rounds.keep(session, row.chain_hash, fresh)
        await session.flush()
        await log.append(session, "commit", leaves.commitment(says), row.id)
        await alarms.committed(session, row)
        if max(chain.pace.time_of(fresh.number), clock.now().timestamp()) >= deadline(says.round_time, row.delay_s):
            await alarms.committed_late(session, row)
        await step_at(session, row.id, row.round_at)
        await bundle_at(session, row.id)
    return True


async def _commitment(
    session: ReadSession, row: Draw, chain: Chain, fresh: Round, tickets: Tickets
) -> leaves.Commitment:
    closed_at = int(row.closed_at.timestamp()) if row.closed_at else 0
    round_no = chain.pace.round_of_draw(closed_at, row.delay_s)
    opening = select(LogLeaf.body).where(LogLeaf.draw_id == row.id, LogLeaf.kind == "open")
    return leaves.Commitment(
        draw_id=row.public_id,
        open_hash=leaves.leaf_hash((await session.scalars(opening)).one()),
        closed_at=closed_at,
        entries=tickets.count,
        entries_root=tickets.root,
        tickets_sha256=tickets.sha256,
        totals={"free": row.free_count, "house": row.house_count, "paid": row.paid_count},
        winners=row.winners,
        reserves=row.reserves,
        rules_sha256=rules_sha256(row),
        chain_hash=row.chain_hash,
        round_no=round_no,
        round_time=chain.pace.time_of(round_no),
        fresh_round=fresh.number,
        fresh_signature=fresh.signature,
    )
