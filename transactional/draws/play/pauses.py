"""A customer asks to be kept out of draws for a time: at once, for every kind of draw, and not to be taken back."""

from datetime import datetime, timedelta

from transactional.db import ReadSession, WriteSession
from transactional.draws.models import PlayPause
from transactional.draws.play import queries
from transactional.draws.play.profiles import EXCLUSIONS, TIME_OUTS
from transactional.errors import FieldProblem, InvalidInputError

LENGTHS = {"time_out": TIME_OUTS, "self_exclusion": EXCLUSIONS}
NO_SUCH_PAUSE = "Choose one of the offered lengths."


async def pause(session: WriteSession, customer_id: int, kind: str, length: timedelta, at: datetime) -> datetime:
    """Until when the customer is kept out now; a pause that ends later than the new one goes on to its own end.

    Raises InvalidInputError for a length that is not offered.
    """
    if length not in LENGTHS.get(kind, ()):
        raise InvalidInputError([FieldProblem("length", NO_SUCH_PAUSE)])
    await queries.lock(session, [customer_id])
    session.add(PlayPause(customer_id=customer_id, kind=kind, until=at + length))
    await session.flush()
    until = await paused_until(session, customer_id, at)
    return until or at + length


async def paused_until(session: ReadSession, customer_id: int, at: datetime) -> datetime | None:
    """The end of the longest pause that is still on."""
    return await queries.paused_until(session, customer_id, at)
