"""What staff are told of a draw that does not go its way by itself. What happens then is not decided here."""

from transactional.alerts.service import end_alert, raise_alert
from transactional.db import WriteSession
from transactional.draws.models import Draw

UNCOMMITTED, OVERDUE = "draw_not_committed", "draw_overdue"
LATE, CONTRADICTED = "draw_committed_late", "draw_contradicted"


async def uncommitted(session: WriteSession, draw: Draw) -> None:
    """It has closed, and the beacon or the log keeps it from being committed: its deadline comes nearer."""
    await raise_alert(session, UNCOMMITTED, _subject(draw), "critical", _detail(draw))


async def committed(session: WriteSession, draw: Draw) -> None:
    """It is committed after all, or called off."""
    await end_alert(session, UNCOMMITTED, _subject(draw))


async def overdue(session: WriteSession, draw: Draw) -> None:
    """Its round should be there, and no relay tells it."""
    await raise_alert(session, OVERDUE, _subject(draw), "critical", _detail(draw))


async def decided(session: WriteSession, draw: Draw) -> None:
    """The round came after all."""
    await end_alert(session, OVERDUE, _subject(draw))


async def committed_late(session: WriteSession, draw: Draw) -> None:
    """Its commitment knows a round that is too young: every verifier will say so, for ever."""
    await raise_alert(session, LATE, _subject(draw), "critical", _detail(draw))


async def contradicted(session: WriteSession, draw: Draw) -> None:
    """The public log says otherwise of it than the books: it cannot be decided honestly."""
    await raise_alert(session, CONTRADICTED, _subject(draw), "critical", _detail(draw))


def _subject(draw: Draw) -> str:
    return f"draw:{draw.public_id}"


def _detail(draw: Draw) -> dict[str, str | int]:
    return {"number": draw.number or 0, "title": draw.title_zh}
