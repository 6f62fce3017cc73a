"""Calling a draw off while nobody can know how it would have ended; later, not even the owner can."""

from datetime import UTC, datetime

from transactional.accounts.service import record_act
from transactional.db import WriteSession
from transactional.draws import alarms, leaves
from transactional.draws.chains import CHAINS
from transactional.draws.drafts import locked
from transactional.draws.errors import DrawMovedOnError, VoidTooLateError
from transactional.draws.log import service as log
from transactional.draws.models import Draw
from transactional.draws.moving import bundle_at, step_at
from transactional.errors import FieldProblem, InvalidInputError

WITNESSED_WITHIN_S = 60
"""What is logged is seen by witnesses within the log's merge delay: a void must leave them so much time."""
MOST_WORDS = 500


async def void(
    session: WriteSession, draw_id: int, reason: str, words: str, staff_id: int | None, at: datetime
) -> Draw:
    """Ends an opened draw without a winner; every stake goes back, and chances that were used do, too.

    `reason` is one of `states.VOID_REASONS`, `words` are public. Raises NotFoundError, DrawMovedOnError,
    VoidTooLateError, InvalidInputError.
    """
    row = await locked(session, draw_id, "open", "closed", "committed")
    words = words.strip()
    if not 5 <= len(words) <= MOST_WORDS or "\0" in words:
        wrong = FieldProblem("words", "Say why, in 5 to {count} characters.", (("count", MOST_WORDS),))
        raise InvalidInputError([wrong])
    if reason != "cancelled":
        raise InvalidInputError([FieldProblem("reason", "This is not one of the choices.")])
    latest = last_void_at(row)
    if latest is not None and at > latest:
        raise VoidTooLateError
    await end_void(session, row, reason, words, at)
    await record_act(session, staff_id, "void_draw", f"draw:{row.public_id}", reason=words)
    return row


async def end_void(session: WriteSession, row: Draw, reason: str, words: str, at: datetime) -> None:
    """A locked draw ends void. Raises DrawMovedOnError when it has a result."""
    if row.state not in ("open", "closed", "committed"):
        raise DrawMovedOnError
    row.state, row.voided_at, row.void_reason, row.void_words = "void", at, reason, words
    await session.flush()
    await log.append(session, "void", leaves.void(row.public_id, reason, words, int(at.timestamp())), row.id)
    await alarms.committed(session, row)
    await step_at(session, row.id)
    await bundle_at(session, row.id)


def last_void_at(row: Draw) -> datetime | None:
    """Until when a draw can be called off so that a witness sees it in time; None while no round is fixed."""
    chain = CHAINS[row.chain_hash]
    if row.round_at is not None:
        round_at = int(row.round_at.timestamp())
    else:
        ends = _ends_at(row)
        if ends is None:
            return None
        round_at = chain.pace.time_of(chain.pace.round_of_draw(ends, row.delay_s))
    return datetime.fromtimestamp(deadline(round_at, row.delay_s) - WITNESSED_WITHIN_S, UTC)


def _ends_at(row: Draw) -> int | None:
    """The second from which the round follows, if it is known by now."""
    if row.capacity and row.next_index == row.capacity:
        return row.last_second
    ends = row.closed_at or row.closes_at
    return int(ends.timestamp()) if ends else None


def deadline(round_at: int, delay_s: int) -> int:
    """By when a witness must have seen a commitment, or a void, in seconds since 1970."""
    return round_at - min(60, delay_s // 2)
