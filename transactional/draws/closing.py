"""Closing a draw that is full or whose time is over, and ending one that was not full in time, or is empty."""

from datetime import UTC, datetime

from transactional.db import WriteSession
from transactional.draws.drafts import locked
from transactional.draws.models import Draw
from transactional.draws.moving import step_at
from transactional.draws.states import DRAW_STATES
from transactional.draws.voiding import end_void

UNDERSOLD = (
    "截止时仍有名额未被参与，本期不开奖，全部退款。"
    "Not all entries were taken by the closing time: nothing is drawn, and every stake goes back."
)
EMPTY = "截止时无人参与。Nobody had entered by the closing time."
"""As they are logged, for everybody to read, for ever: so in both languages."""


async def close_if_due(session: WriteSession, draw_id: int, at: datetime) -> str:
    """Closes an open draw that is full or whose time is over; the state it is in then. Raises NotFoundError.

    One with both capacity and time that is not full in time is voided, and so is one without entries.
    """
    row = await locked(session, draw_id, *DRAW_STATES)
    if row.state != "open":
        return row.state
    if row.capacity and row.next_index == row.capacity and row.last_second is not None:
        await _close(session, row, datetime.fromtimestamp(row.last_second, UTC))
    elif row.closes_at is not None and row.closes_at <= at:
        if row.capacity or row.next_index == 0:
            await end_void(session, row, "undersold", UNDERSOLD if row.next_index else EMPTY, at)
        else:
            await _close(session, row, row.closes_at)
    return row.state


async def _close(session: WriteSession, row: Draw, closed_at: datetime) -> None:
    row.state, row.closed_at = "closed", closed_at
    await session.flush()
    await step_at(session, row.id)
