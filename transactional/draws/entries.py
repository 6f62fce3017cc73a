"""What the rest of draws takes from entries: the way in, the house's, a customer's own, tickets and their opening."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterable
from uuid import UUID

from sqlalchemy import func, select

from transactional.db import ReadSession, WriteSession
from transactional.draws import rules
from transactional.draws.entry_standings import locked_one
from transactional.draws.errors import DrawBusyError, DrawClosedError, DrawFullError
from transactional.draws.intake import Entering
from transactional.draws.leaves import Opened
from transactional.draws.models import Draw, DrawEntry
from transactional.draws.moving import step_at
from transactional.draws.play import guard
from transactional.errors import NotFoundError

__all__ = ["Entering", "house", "kind_at", "mine", "opened", "own_range", "range_at", "ranges_of", "tickets"]
HOUSE = UUID(int=0)
PIECE = 2048
"""Tickets that are computed at a time, beside the event loop."""


async def house(session: WriteSession, draw_id: int, count: int) -> DrawEntry:
    """Entries of the operator's own, as the opening allows them: they pay nothing and are never reserves.

    Raises DrawBusyError, DrawClosedError, DrawFullError, HouseRuleMissingError, NotFoundError.
    """
    name = await session.scalar(select(Draw.public_id).where(Draw.id == draw_id))
    if name is None:
        raise NotFoundError
    standing, _ = await locked_one(session, name)
    draw = standing.draw
    guard.may_enter_for_house(draw)
    if standing.is_ahead():
        raise DrawBusyError
    if not standing.takes_entries():
        raise DrawClosedError
    left = standing.takes_at_most()
    if count > left:
        raise DrawFullError(left=left)
    entry = DrawEntry(
        draw_id=draw.id,
        first_index=draw.next_index,
        count=count,
        kind="house",
        source="house",
        nonce=secrets.token_bytes(32),
        user_ref=rules.user_ref(draw.public_id, HOUSE, secrets.token_bytes(32)),
        accepted_second=standing.second,
    )
    session.add(entry)
    draw.next_index += count
    draw.house_count += count
    draw.last_second = standing.second
    await session.flush()
    if draw.next_index == draw.capacity:
        await step_at(session, draw.id)
    return entry


async def mine(
    session: ReadSession, draw_id: int, customer_id: int, limit: int = 50, offset: int = 0
) -> list[DrawEntry]:
    """Some of a customer's own ranges in a draw, in the order of their numbers."""
    own = select(DrawEntry).where(DrawEntry.draw_id == draw_id, DrawEntry.customer_id == customer_id)
    return list(await session.scalars(own.order_by(DrawEntry.first_index).limit(limit).offset(offset)))


async def ranges_of(session: ReadSession, draw_id: int, customer_id: int) -> int:
    """How many ranges of a draw are a customer's."""
    own = select(func.count()).where(DrawEntry.draw_id == draw_id, DrawEntry.customer_id == customer_id)
    return await session.scalar(own) or 0


async def own_range(session: ReadSession, draw_id: int, customer_id: int, entry_id: UUID) -> DrawEntry:
    """One of a customer's own ranges in a draw. Raises NotFoundError, for somebody else's too."""
    own = DrawEntry.draw_id == draw_id, DrawEntry.customer_id == customer_id
    found = await session.scalar(select(DrawEntry).where(DrawEntry.public_id == entry_id, *own))
    if found is None:
        raise NotFoundError
    return found


async def range_at(session: ReadSession, draw_id: int, index: int) -> DrawEntry:
    """The range that an entry belongs to. Raises NotFoundError."""
    of = select(DrawEntry).where(DrawEntry.draw_id == draw_id, DrawEntry.first_index <= index)
    found = await session.scalar(of.order_by(DrawEntry.first_index.desc()).limit(1))
    if index < 0 or found is None or index >= found.first_index + found.count:
        raise NotFoundError
    return found


async def kind_at(session: ReadSession, draw_id: int, index: int) -> str:
    """`free`, `house` or `paid`. Raises NotFoundError."""
    return (await range_at(session, draw_id, index)).kind


async def opened(session: ReadSession, draw: Draw, index: int) -> Opened:
    """What lays an entry's ticket open. Raises NotFoundError."""
    found = await range_at(session, draw.id, index)
    return Opened(index, bytes(found.user_ref), rules.nonce_of(bytes(found.nonce), index))


async def tickets(session: ReadSession, draw_id: int) -> AsyncIterator[bytes]:
    """The draw's ticket file in pieces, from entry 0 on. Raises NotFoundError, RuntimeError for a gap."""
    public_id = await session.scalar(select(Draw.public_id).where(Draw.id == draw_id))
    if public_id is None:
        raise NotFoundError
    columns = select(DrawEntry.first_index, DrawEntry.count, DrawEntry.user_ref, DrawEntry.nonce)
    ranges = await session.stream(columns.where(DrawEntry.draw_id == draw_id).order_by(DrawEntry.first_index))
    piece: list[tuple[range, bytes, bytes]] = []
    held = reached = 0
    async for first, count, user_ref, nonce in ranges:
        if first != reached:
            raise RuntimeError(f"entries of draw {draw_id} have a gap or an overlap at {reached}")
        reached += count
        for start in range(first, reached, PIECE):
            part = range(start, min(start + PIECE, reached))
            piece.append((part, user_ref, nonce))
            held += len(part)
            if held >= PIECE:
                yield await asyncio.to_thread(_tickets, public_id, piece)
                piece, held = [], 0
    if piece:
        yield await asyncio.to_thread(_tickets, public_id, piece)


def _tickets(draw: UUID, ranges: Iterable[tuple[range, bytes, bytes]]) -> bytes:
    """Of ranges of entries with their user's reference and their nonce."""
    return b"".join(
        rules.ticket(draw, index, user_ref, rules.nonce_of(nonce, index))
        for indices, user_ref, nonce in ranges
        for index in indices
    )
