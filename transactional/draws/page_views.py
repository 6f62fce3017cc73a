"""What pages of draws read beside the API's views: the log's part of a draw, winners without names, one's own.

Names, contacts and accounts of other people are nowhere in it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.db import ReadSession
from transactional.draws import leaves, page_computation, page_memory, rules
from transactional.draws.log import service as log
from transactional.draws.log.service import Keeper
from transactional.draws.models import Draw, DrawBatch, DrawEntry, DrawPlayer, DrawReserve, DrawWinner
from transactional.draws.page_computation import Pick
from transactional.draws.page_odds import chance, in_the_end

MOST_STEPS = 20
"""Winners whose picks are told one by one; the rest are in the bundle."""
LEAVES = text("""
select l.kind, l.body, p.log_index from shop.log_leaf as l left join shop.log_position as p on p.leaf_id = l.id
where l.draw_id = :draw_id and l.kind in ('open', 'commit', 'result', 'void') order by l.id
""")
MINE = text("""
select d.public_id, d.number, d.title_zh, d.title_en, d.prize_name, d.next_index as total, d.winners, d.capacity,
    d.state, p.entries
from shop.draw_player as p join shop.draw as d on d.id = p.draw_id
where p.customer_id = :customer_id and p.entries > 0 order by d.number desc limit :limit
""")


@dataclass(frozen=True, slots=True)
class Logged:
    """A leaf of the log: what it says, its hash, and where it stands once it is placed."""

    says: dict[str, Any]
    hash: str
    index: int | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the log has of a draw. `seen_at` is when a quorum of witnesses had seen the commitment or the void."""

    open: Logged | None
    commit: Logged | None
    result: Logged | None
    void: Logged | None
    batches: int
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Computed:
    """From the commitment and the round to the winners."""

    seed: str
    randomness: str
    picks: Sequence[Pick]
    reserves: Sequence[int]


@dataclass(frozen=True, slots=True)
class Won:
    """A prize, and the entry that it went to; `code` is the beginning of the winner's name in this draw alone."""

    place: int
    number: int
    code: str
    kind: str
    state: str
    claim_until: datetime
    replaces: int | None
    forfeit_reason: str | None


@dataclass(frozen=True, slots=True)
class Entered:
    """A draw that a customer is in."""

    id: UUID
    number: int
    title_zh: str
    title_en: str
    prize_name: str
    own: int
    odds: float


async def evidence(session: ReadSession, engine: AsyncEngine, keeper: Keeper, draw: Draw) -> Evidence:
    """The draw's leaves, and whether witnesses have seen the decisive one."""
    found = {
        row.kind: Logged(json.loads(row.body), leaves.leaf_hash(row.body).hex(), row.log_index)
        for row in await session.execute(LEAVES, {"draw_id": draw.id})
    }
    decisive = found.get("void") or found.get("commit")
    seen = None
    if decisive is not None and decisive.index is not None:
        pinned = [witness.key.name for witness in keeper.witnesses]
        seen = await log.first_witnessed(session, decisive.index, keeper.quorum, pinned)
    seen_at = datetime.fromtimestamp(seen.seen_at_s, UTC) if seen and seen.seen_at_s is not None else None
    batches = await page_memory.batches(session, engine, draw)
    return Evidence(found.get("open"), found.get("commit"), found.get("result"), found.get("void"), batches, seen_at)


async def computed(session: ReadSession, draw: Draw, told: Evidence) -> Computed | None:
    """How the winners came about; None before the result."""
    if told.commit is None or told.result is None:
        return None
    signature = bytes.fromhex(told.result.says["signature"])
    chain, round_no = bytes.fromhex(draw.chain_hash), told.result.says["round"]
    seed = rules.seed(bytes.fromhex(told.commit.hash), chain, round_no, signature)
    reserves = select(DrawReserve.entry_index).where(DrawReserve.draw_id == draw.id).order_by(DrawReserve.place)
    return Computed(
        seed=seed.hex(),
        randomness=hashlib.sha256(signature).hexdigest(),
        picks=tuple(islice(page_computation.picks(seed, draw.next_index), min(draw.winners, MOST_STEPS))),
        reserves=[rules.shown(index) for index in await session.scalars(reserves)],
    )


async def winners(session: ReadSession, draw: Draw) -> list[Won]:
    """Prizes in the order of the picks, each followed by who replaced whom."""
    of = select(DrawWinner, DrawEntry).join(DrawEntry, DrawEntry.id == DrawWinner.entry_id)
    rows = (
        await session.execute(of.where(DrawWinner.draw_id == draw.id).order_by(DrawWinner.place, DrawWinner.id))
    ).all()
    numbers = {winner.id: rules.shown(winner.entry_index) for winner, _ in rows}
    return [
        Won(
            place=winner.place + 1,
            number=numbers[winner.id],
            code=bytes(entry.user_ref).hex()[:8],
            kind=entry.kind,
            state=winner.state,
            claim_until=winner.claim_until,
            replaces=numbers.get(winner.replaces_id) if winner.replaces_id else None,
            forfeit_reason=winner.forfeit_reason,
        )
        for winner, entry in rows
    ]


async def own_entries(session: ReadSession, draw: Draw, customer_id: int) -> int:
    """How many entries of a draw are a customer's."""
    of = select(DrawPlayer.entries).where(DrawPlayer.draw_id == draw.id, DrawPlayer.customer_id == customer_id)
    return await session.scalar(of) or 0


async def entered(session: ReadSession, customer_id: int, limit: int) -> list[Entered]:
    """The newest draws that a customer is in."""
    rows = await session.execute(MINE, {"customer_id": customer_id, "limit": limit})
    return [
        Entered(
            id=row.public_id,
            number=row.number,
            title_zh=row.title_zh,
            title_en=row.title_en,
            prize_name=row.prize_name,
            own=row.entries,
            odds=chance(row.entries, in_the_end(row.state, row.capacity, row.total), row.winners),
        )
        for row in rows
    ]


async def batch_of(session: ReadSession, draw: Draw, index: int) -> DrawBatch | None:
    """The batch of the log that holds an entry; None while its second is not placed."""
    of = select(DrawBatch).where(DrawBatch.draw_id == draw.id, DrawBatch.first_index <= index)
    found = await session.scalar(of.order_by(DrawBatch.first_index.desc()).limit(1))
    return found if found is not None and index < found.first_index + found.count else None
