"""Locking draws and seeing how far each is taken: the first thing that any change to entries or holds does."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from mingsuan import clock
from transactional.db import ReadSession, WriteSession
from transactional.draws.entry_deciding import Standing
from transactional.draws.entry_queries import HELD
from transactional.draws.models import Draw
from transactional.errors import NotFoundError


async def locked(session: WriteSession, public_ids: Collection[UUID]) -> tuple[dict[UUID, Standing], datetime]:
    """The draws of these names that were opened, locked until the transaction ends, and the instant that counts.

    The clock is read when they are locked: a second that was over at some earlier lock gets no entry any more.
    """
    draws = select(Draw).where(Draw.public_id.in_(public_ids), Draw.state != "draft").order_by(Draw.id)
    fresh = {"populate_existing": True}
    found = (await session.scalars(draws.with_for_update(), execution_options=fresh)).all()
    at = clock.now()
    kept = await held(session, found, at)
    return {draw.public_id: Standing.of(draw, kept.get(draw.id, 0), at) for draw in found}, at


async def locked_one(session: WriteSession, public_id: UUID) -> tuple[Standing, datetime]:
    """The same for one draw. Raises NotFoundError."""
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
