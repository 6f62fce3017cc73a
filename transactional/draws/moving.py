"""Having the worker look at a draw again, at an instant. What it does then is in `steps`."""

from datetime import datetime

from transactional.db import WriteSession
from transactional.jobs import defer

STEP = "draws.step"


async def step_at(session: WriteSession, draw_id: int, at: datetime | None = None) -> None:
    """The draw's next step is tried at an instant, or as soon as this transaction is over."""
    await defer(session, STEP, {"draw_id": draw_id}, at=at, lock=f"draw:{draw_id}")
