"""Room kept for a customer for a while. A hold has no numbers: those are given when the entries are accepted."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update

from transactional.db import WriteSession
from transactional.draws.entry_deciding import Standing, price_of
from transactional.draws.entry_schemas import HoldView
from transactional.draws.entry_standings import locked_one
from transactional.draws.errors import DrawClosedError, DrawFullError, HoldTooLargeError
from transactional.draws.models import Draw, DrawHold
from transactional.draws.play import guard
from transactional.errors import NotFoundError

ALWAYS = 12
"""So many entries may be held whatever the size of the draw."""
SHARE = 10
"""No one holds more than one in so many entries of a draw."""


async def hold(session: WriteSession, customer_id: int, draw_public_id: UUID, count: int, minutes: int) -> HoldView:
    """Keep room for so many entries; an earlier hold of the same customer in this draw is given up for it.

    Raises NotFoundError, DrawClosedError, HoldTooLargeError, DrawFullError, and what rules of play refuse.
    """
    standing, at = await locked_one(session, draw_public_id)
    draw = standing.draw
    if not standing.takes_entries():
        raise DrawClosedError
    most = most_held(draw)
    if count > most:
        raise HoldTooLargeError(most=most)
    await guard.may_enter(session, customer_id, draw, price_of(draw, count), at)
    standing.held -= await _give_up(session, customer_id, standing)
    room = standing.room()
    if room is not None and count > room:
        raise DrawFullError(left=room)
    kept = DrawHold(draw_id=draw.id, customer_id=customer_id, count=count, until=at + timedelta(minutes=minutes))
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


async def _give_up(session: WriteSession, customer_id: int, standing: Standing) -> int:
    """Ends what the customer holds in the draw; how many entries of it were still kept."""
    own = DrawHold.draw_id == standing.draw.id, DrawHold.customer_id == customer_id, DrawHold.state == "held"
    kept = update(DrawHold).where(*own, DrawHold.until > standing.at).values(state="released")
    return sum(await session.scalars(kept.returning(DrawHold.count)))
