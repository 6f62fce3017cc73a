"""Draws as the desk lists them: rows only; what may be done with them is the services' to say."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from transactional.db import ReadSession
from transactional.draws import rules
from transactional.draws.models import Draw
from transactional.draws.states import DISCARDED, DRAW_STATES
from transactional.errors import NotFoundError

A_PAGE = 50
RANGES = 30
WINNERS = text("""
select w.public_id, w.place, w.entry_index, w.state, w.claim_until, w.claimed_at, w.delivered_at, w.forfeited_at,
    w.forfeit_reason, w.cost_fen, w.replaces_id is not null as is_reserve, c.public_id as customer,
    s.display_name as staff
from shop.draw_winner w
left join shop.customer c on c.id = w.customer_id
left join shop.staff s on s.id = w.delivered_by
where w.draw_id = :draw_id order by w.place, w.id limit 2000
""")
ENTRIES = text("""
select e.first_index, e.count, e.kind, e.source, e.stake_fen, to_timestamp(e.accepted_second) as accepted_at
from shop.draw_entry e where e.draw_id = :draw_id order by e.first_index desc limit :limit
""")


@dataclass(frozen=True, slots=True)
class Winner:
    """One prize given to an entry. `shown` is the entry's number as people see it; no customer: the shop's own."""

    public_id: UUID
    place: int
    shown: int
    state: str
    claim_until: datetime
    claimed_at: datetime | None
    delivered_at: datetime | None
    forfeited_at: datetime | None
    forfeit_reason: str | None
    cost_fen: int | None
    is_reserve: bool
    customer: UUID | None
    staff: str | None


async def draws(session: ReadSession, state: str, before: UUID | None) -> tuple[list[Draw], bool]:
    """Newest first, and whether there are older ones."""
    found = select(Draw).where(Draw.state != DISCARDED).order_by(Draw.id.desc()).limit(A_PAGE + 1)
    if state in DRAW_STATES:
        found = found.where(Draw.state == state)
    if before is not None:
        found = found.where(Draw.id < select(Draw.id).where(Draw.public_id == before).scalar_subquery())
    rows = list(await session.scalars(found))
    return rows[:A_PAGE], len(rows) > A_PAGE


async def one(session: ReadSession, draw: UUID) -> Draw:
    """Raises NotFoundError."""
    row = await session.scalar(select(Draw).where(Draw.public_id == draw, Draw.state != DISCARDED))
    if row is None:
        raise NotFoundError
    return row


async def winners(session: ReadSession, draw_id: int) -> list[Winner]:
    """By place; a forfeited one is followed by the reserve that stepped in."""
    rows = (await session.execute(WINNERS, {"draw_id": draw_id})).mappings()
    return [
        Winner(shown=rules.shown(row["entry_index"]), **{n: v for n, v in row.items() if n != "entry_index"})
        for row in rows
    ]


async def winner(session: ReadSession, draw_id: int, public_id: UUID) -> Winner:
    """Raises NotFoundError for one of another draw."""
    found = next((each for each in await winners(session, draw_id) if each.public_id == public_id), None)
    if found is None:
        raise NotFoundError
    return found


async def newest_ranges(session: ReadSession, draw_id: int) -> list[Any]:
    """The last ranges that were accepted."""
    return list(await session.execute(ENTRIES, {"draw_id": draw_id, "limit": RANGES}))
