"""Room kept for a customer for a while. A hold has no numbers: those are given when the entries are accepted.

A hold costs nothing, so it is bounded in every way in which people could keep others out by it.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from transactional.db import WriteSession
from transactional.draws import chances
from transactional.draws.entry_deciding import Standing, price_of
from transactional.draws.entry_queries import BALANCE
from transactional.draws.entry_schemas import HoldView
from transactional.draws.entry_standings import locked_one
from transactional.draws.errors import (
    DrawBusyError,
    DrawClosedError,
    DrawFullError,
    HoldPauseError,
    HoldsFullError,
    HoldTooLargeError,
    NotEnoughChancesError,
)
from transactional.draws.models import Draw, DrawHold
from transactional.draws.play import guard
from transactional.errors import InsufficientBalanceError, NotFoundError

ALWAYS = 12
"""So many entries may be held whatever the size of the draw."""
SHARE = 10
"""No one holds more than one in so many entries of a draw."""
TOGETHER = 3
"""All holds together keep at most one in so many of the entries that are left."""
PAUSE = timedelta(minutes=30)
"""After a hold that its owner did not use, before the next one in the same draw."""


async def hold(session: WriteSession, customer_id: int, draw_public_id: UUID, count: int, minutes: int) -> HoldView:
    """Keep room for so many entries that the customer could pay now. An earlier hold of theirs in this draw is given
    up for it, and its end stays: nobody prolongs a hold.

    Raises NotFoundError, DrawBusyError, DrawClosedError, HoldTooLargeError, HoldPauseError, DrawFullError,
    HoldsFullError, NotEnoughChancesError, InsufficientBalanceError, and what rules of play refuse.
    """
    standing, at = await locked_one(session, draw_public_id)
    draw = standing.draw
    if standing.is_ahead():
        raise DrawBusyError
    if not standing.takes_entries():
        raise DrawClosedError
    most = most_held(draw)
    if count > most:
        raise HoldTooLargeError(most=most)
    await guard.may_enter(session, customer_id, draw, price_of(draw, count), at)
    await _check_means(session, customer_id, draw, count, at)
    until = await _ends(session, customer_id, draw, at) or at + timedelta(minutes=minutes)
    standing.held -= await _give_up(session, customer_id, standing)
    _check_room(standing, count)
    kept = DrawHold(draw_id=draw.id, customer_id=customer_id, count=count, until=until)
    session.add(kept)
    await session.flush()
    return HoldView(id=kept.public_id, draw_id=draw.public_id, count=count, ends_at=kept.until)


async def release(session: WriteSession, customer_id: int, hold_public_id: UUID) -> None:
    """Give a hold up. One that was used, or given up before, stays as it is. Raises NotFoundError for another's."""
    of = select(Draw.public_id).join(DrawHold, DrawHold.draw_id == Draw.id)
    own = DrawHold.public_id == hold_public_id, DrawHold.customer_id == customer_id
    draw = await session.scalar(of.where(*own))
    if draw is None:
        raise NotFoundError
    await locked_one(session, draw)
    await session.execute(update(DrawHold).where(*own, DrawHold.state == "held").values(state="released"))


def most_held(draw: Draw) -> int:
    """How many entries of a draw one customer may hold."""
    share = max(ALWAYS, draw.capacity // SHARE)
    return min(share, draw.most_each) if draw.most_each is not None else share


def _check_room(standing: Standing, count: int) -> None:
    room = standing.room()
    if room is None:
        return
    if count > room:
        raise DrawFullError(left=room)
    left = max((room + standing.held) // TOGETHER - standing.held, 0)
    if count > left:
        raise HoldsFullError(left=left)


async def _check_means(session: WriteSession, customer_id: int, draw: Draw, count: int, at: datetime) -> None:
    """Nothing is set apart: it only keeps those out who could not enter anyway."""
    usable = chances.usable(await chances.of(session, customer_id, at), draw)
    if usable >= count:
        return
    if not draw.price_fen:
        raise NotEnoughChancesError(left=usable)
    needed_fen = price_of(draw, count)
    balance_fen = await session.scalar(BALANCE, {"customer_id": customer_id}) or 0
    if balance_fen < needed_fen:
        raise InsufficientBalanceError(balance_fen=balance_fen, needed_fen=needed_fen)


async def _ends(session: WriteSession, customer_id: int, draw: Draw, at: datetime) -> datetime | None:
    """When the hold that is still on ends; None without one. Raises HoldPauseError soon after one was not used."""
    unused = DrawHold.draw_id == draw.id, DrawHold.customer_id == customer_id, DrawHold.state != "taken"
    last = await session.scalar(select(DrawHold).where(*unused).order_by(DrawHold.id.desc()).limit(1))
    if last is None or last.until + PAUSE <= at:
        return None
    if last.state == "held" and last.until > at:
        return last.until
    raise HoldPauseError(minutes=-(-(last.until + PAUSE - at) // timedelta(minutes=1)))


async def _give_up(session: WriteSession, customer_id: int, standing: Standing) -> int:
    """Ends what the customer holds in the draw; how many entries of it were still kept."""
    own = DrawHold.draw_id == standing.draw.id, DrawHold.customer_id == customer_id, DrawHold.state == "held"
    kept = update(DrawHold).where(*own, DrawHold.until > standing.at).values(state="released")
    return sum(await session.scalars(kept.returning(DrawHold.count)))
