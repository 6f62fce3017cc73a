"""Prizes that nobody claimed in time go to the next reserve, if there is one left.

That the time is over is proven by a round of the draw's beacon, which nobody could know before: it is in the leaf.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine

from transactional.accounts.service import record_act
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.draws import leaves, prizes, rounds
from transactional.draws.beacon import Beacon, Round
from transactional.draws.chains import CHAINS
from transactional.draws.errors import DrawMovedOnError, ForfeitTooEarlyError
from transactional.draws.log import service as log
from transactional.draws.models import Draw, DrawReserve, DrawWinner

NOT_CLAIMED = "逾期未领取。The prize was not claimed in time."
"""As it is logged, for everybody to read, for ever: so in both languages."""


async def know_time(engine: AsyncEngine, beacons: Mapping[str, Beacon], draw_id: int, at: datetime) -> None:
    """Has a draw's beacon tell a round by which claim days are over, when some are by the clock; kept for all to use.

    When no relay tells one, the prizes wait.
    """
    async with reading(engine) as session:
        draw = await session.get_one(Draw, draw_id)
        is_due = await session.scalar(_overdue(draw, at).limit(1)) is not None
        is_known = (
            is_due and await session.scalar(_overdue(draw, at, await _proven(session, draw)).limit(1)) is not None
        )
    if not is_due or is_known:
        return
    fresh = await rounds.asked(engine, draw, "latest", beacons[draw.chain_hash].latest)
    if fresh is not None:
        async with writing(engine) as session:
            await rounds.keep(session, draw.chain_hash, fresh)


async def forfeit_due(session: WriteSession, draw: Draw, at: datetime) -> int:
    """Of a locked draw, all prizes whose claim days are over, by the clock and by a known round; how many."""
    fresh = await rounds.newest(session, draw.chain_hash)
    if fresh is None:
        return 0
    overdue = _overdue(draw, at, _time_of(draw, fresh))
    found = list(await session.scalars(overdue.order_by(DrawWinner.id)))
    for winner in found:
        await _forfeit(session, draw, winner, NOT_CLAIMED, at, fresh)
    return len(found)


async def forfeit(
    session: WriteSession, winner_public_id: UUID, words: str, staff_id: int | None, at: datetime
) -> DrawWinner:
    """Staff let one prize go on, in words that everybody can read; the worker does it for all by itself.

    Raises NotFoundError, DrawMovedOnError when it was claimed or forfeited, ForfeitTooEarlyError; so, too, while no
    round is known that proves the time, which the worker asks for.
    """
    draw, winner = await prizes.locked_winner(session, winner_public_id)
    if winner.state != "notified":
        raise DrawMovedOnError
    fresh = await rounds.newest(session, draw.chain_hash)
    if winner.claim_until >= at or fresh is None or winner.claim_until >= _time_of(draw, fresh):
        raise ForfeitTooEarlyError
    await _forfeit(session, draw, winner, words.strip() or NOT_CLAIMED, at, fresh)
    await record_act(session, staff_id, "forfeit_prize", f"draw:{draw.public_id}", reason=words)
    return winner


def _overdue(draw: Draw, *after: datetime) -> Select[DrawWinner]:
    """Prizes that nobody claimed though their claim days had ended before each of these instants."""
    unclaimed = select(DrawWinner).where(DrawWinner.draw_id == draw.id, DrawWinner.state == "notified")
    return unclaimed.where(*(DrawWinner.claim_until < instant for instant in after))


async def _proven(session: ReadSession, draw: Draw) -> datetime:
    """The instant that the newest known round proves to be over."""
    fresh = await rounds.newest(session, draw.chain_hash)
    return datetime.fromtimestamp(0, UTC) if fresh is None else _time_of(draw, fresh)


def _time_of(draw: Draw, fresh: Round) -> datetime:
    return datetime.fromtimestamp(CHAINS[draw.chain_hash].pace.time_of(fresh.number), UTC)


async def _forfeit(
    session: WriteSession, draw: Draw, winner: DrawWinner, words: str, at: datetime, fresh: Round
) -> None:
    """A reserve's days begin when they are told, and not before the round by which the former winner's had ended."""
    at = max(at.replace(microsecond=0), _time_of(draw, fresh))
    winner.state, winner.forfeited_at, winner.forfeit_reason = "forfeited", at, words
    await session.flush()
    index = await _next_reserve(session, draw.id)
    steps_in = None
    if index is not None:
        steps_in = await prizes.give(session, draw, winner.place, index, at, instead_of=winner)
    second = int(at.timestamp())
    proof = fresh.number, fresh.signature
    body = leaves.forfeit(draw.public_id, winner.entry_index, words, steps_in, second, *proof)
    await log.append(session, "forfeit", body, draw.id)
    if winner.customer_id is not None:
        await prizes.tell_player(session, draw, winner.customer_id, "prize_forfeited", f"#{winner.entry_index}")


async def _next_reserve(session: ReadSession, draw_id: int) -> int | None:
    used = select(DrawWinner.entry_index).where(DrawWinner.draw_id == draw_id)
    free = select(DrawReserve.entry_index).where(DrawReserve.draw_id == draw_id, DrawReserve.entry_index.not_in(used))
    return await session.scalar(free.order_by(DrawReserve.place).limit(1))
