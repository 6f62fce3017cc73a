"""What staff are told when a draw takes no entries for a reason that is no rule of it."""

from collections.abc import Iterable

from transactional.alerts.service import end_alert, raise_alert
from transactional.db import WriteSession
from transactional.draws.entry_deciding import Standing

AHEAD = "draw_clock_ahead"


async def clocks(session: WriteSession, standings: Iterable[Standing]) -> None:
    """The last entry of one of these lies in the future, or no longer does."""
    for standing in standings:
        draw, last = standing.draw, standing.draw.last_second
        if draw.state != "open" or last is None or last <= int(standing.at.timestamp()):
            continue
        subject = f"draw:{draw.public_id}"
        if standing.is_ahead():
            ahead_s = last - int(standing.at.timestamp())
            detail = {"number": draw.number or 0, "title": draw.title_zh, "seconds": ahead_s}
            await raise_alert(session, AHEAD, subject, "critical", detail)
        else:
            await end_alert(session, AHEAD, subject)
