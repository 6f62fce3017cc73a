"""Prizes that nobody claimed in time go to the next reserve, if there is one left."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from transactional.accounts.service import record_act
from transactional.db import ReadSession, WriteSession
from transactional.draws import leaves, prizes
from transactional.draws.errors import DrawMovedOnError, ForfeitTooEarlyError
from transactional.draws.log import service as log
from transactional.draws.models import Draw, DrawReserve, DrawWinner

NOT_CLAIMED = "逾期未领取。The prize was not claimed in time."
"""As it is logged, for everybody to read, for ever: so in both languages."""


async def forfeit_due(session: WriteSession, draw: Draw, at: datetime) -> int:
    """Of a locked draw, all prizes whose claim days are over; how many."""
    overdue = select(DrawWinner).where(
        DrawWinner.draw_id == draw.id, DrawWinner.state == "notified", DrawWinner.claim_until < at
    )
    found = list(await session.scalars(overdue.order_by(DrawWinner.id)))
    for winner in found:
        await _forfeit(session, draw, winner, NOT_CLAIMED, at)
    return len(found)


async def forfeit(
    session: WriteSession, winner_public_id: UUID, words: str, staff_id: int | None, at: datetime
) -> DrawWinner:
    """Staff let one prize go on, in words that everybody can read; the worker does it for all by itself.

    Raises NotFoundError, DrawMovedOnError when it was claimed or forfeited, ForfeitTooEarlyError.
    """
    draw, winner = await prizes.locked_winner(session, winner_public_id)
    if winner.state != "notified":
        raise DrawMovedOnError
    if winner.claim_until >= at:
        raise ForfeitTooEarlyError
    await _forfeit(session, draw, winner, words.strip() or NOT_CLAIMED, at)
    await record_act(session, staff_id, "forfeit_prize", f"draw:{draw.public_id}", reason=words)
    return winner


async def _forfeit(session: WriteSession, draw: Draw, winner: DrawWinner, words: str, at: datetime) -> None:
    at = at.replace(microsecond=0)
    winner.state, winner.forfeited_at, winner.forfeit_reason = "forfeited", at, words
    await session.flush()
    index = await _next_reserve(session, draw.id)
    steps_in = None
    if index is not None:
        steps_in = await prizes.give(session, draw, winner.place, index, at, instead_of=winner)
    body = leaves.forfeit(draw.public_id, winner.entry_index, words, steps_in, int(at.timestamp()))
    await log.append(session, "forfeit", body, draw.id)
    if winner.customer_id is not None:
        await prizes.tell_player(session, draw, winner.customer_id, "prize_forfeited", f"#{winner.entry_index}")


async def _next_reserve(session: ReadSession, draw_id: int) -> int | None:
    used = select(DrawWinner.entry_index).where(DrawWinner.draw_id == draw_id)
    free = select(DrawReserve.entry_index).where(DrawReserve.draw_id == draw_id, DrawReserve.entry_index.not_in(used))
    return await session.scalar(free.order_by(DrawReserve.place).limit(1))
