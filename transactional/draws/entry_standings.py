"""Locking draws and seeing how far each is taken: the first thing that any change to entries or holds does."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select, text
from sqlalchemy.exc import DBAPIError

from mingsuan import clock
from transactional.db import ReadSession, WriteSession
from transactional.draws.entry_deciding import Standing
from transactional.draws.entry_queries import HELD
from transactional.draws.errors import DrawBusyError
from transactional.draws.models import Draw
from transactional.errors import NotFoundError

LOCK_WAIT_S = 5
"""A draw that is locked for longer is not waited for: people are told to come back."""
LOCK_NOT_AVAILABLE = "55P03"
PATIENCE = text("select set_config('lock_timeout', :most, true)")
NOW = text("select clock_timestamp(), set_config('lock_timeout', '0', true)")


async def locked(session: WriteSession, public_ids: Collection[UUID]) -> tuple[dict[UUID, Standing], datetime]:
    """The draws of these names that were opened, locked until the transaction ends, and the instant that counts.

    One that has ended takes nothing ever after, so that it is only looked at: whoever asks for it holds up nobody. The
    instant is read once they are locked, from the database, whose clock all processes share: a second that was over
    at some earlier lock gets no entry any more. Raises DrawBusyError.
    """
    named = select(Draw).where(Draw.number.is_not(None)).order_by(Draw.id)
    await session.execute(PATIENCE, {"most": f"{LOCK_WAIT_S}s"})
    taking = await _lock(session, named.where(Draw.public_id.in_(public_ids), Draw.state == "open").with_for_update())
    told: datetime = (await session.execute(NOW)).one()[0]
    at = clock.frozen() or told
    kept = await held(session, taking, at)
    others = set(public_ids) - {draw.public_id for draw in taking}
    over = await _seen(session, named.where(Draw.public_id.in_(others), Draw.state != "open")) if others else ()
    return {draw.public_id: Standing.of(draw, kept.get(draw.id, 0), at) for draw in (*taking, *over)}, at


async def _seen(session: ReadSession, draws: Select[Draw]) -> Sequence[Draw]:
    return (await session.scalars(draws, execution_options={"populate_existing": True})).all()


async def _lock(session: WriteSession, draws: Select[Draw]) -> Sequence[Draw]:
    try:
        return await _seen(session, draws)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            raise DrawBusyError from error
        raise


async def locked_one(session: WriteSession, public_id: UUID) -> tuple[Standing, datetime]:
    """The same for one draw. Raises NotFoundError, DrawBusyError."""
    standings, at = await locked(session, [public_id])
    if public_id not in standings:
        raise NotFoundError
    return standings[public_id], at


async def held(session: ReadSession, draws: Sequence[Draw], at: datetime) -> dict[int, int]:
    """By draw, how many entries are held for somebody at an instant."""
    limited = [draw.id for draw in draws if draw.capacity]
    if not limited:
        return {}
    return {row.draw_id: row.held for row in await session.execute(HELD, {"draw": limited, "at": at})}
