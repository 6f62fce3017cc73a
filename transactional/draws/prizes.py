"""A prize that an entry has won: its winner is written down and told, or the house keeps it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from mingsuan import clock
from transactional.db import WriteSession
from transactional.draws import entries, rules
from transactional.draws.leaves import Opened
from transactional.draws.models import Draw, DrawWinner
from transactional.draws.moving import AFTER_OTHERS, step_at
from transactional.errors import NotFoundError
from transactional.notices.service import tell
from transactional.profile import ShopProfile


async def give(
    session: WriteSession, draw: Draw, place: int, index: int, at: datetime, *, instead_of: DrawWinner | None = None
) -> Opened:
    """The entry has won the prize of a place, from an instant on; what lays its ticket open. Tells the winner.

    A prize that the house wins is handed over as soon as it is won: it stays where it is.
    """
    of = await entries.range_at(session, draw.id, index)
    is_house = of.customer_id is None
    row = DrawWinner(
        draw_id=draw.id,
        place=place,
        entry_index=index,
        entry_id=of.id,
        customer_id=of.customer_id,
        replaces_id=instead_of.id if instead_of else None,
        state="delivered" if is_house else "notified",
        claim_until=at + timedelta(days=draw.claim_days),
        delivered_at=at if is_house else None,
    )
    session.add(row)
    await session.flush()
    if of.customer_id is not None:
        await _tell_winner(session, draw, row, of.customer_id)
        await step_at(session, draw.id, row.claim_until + timedelta(seconds=1))
    return Opened(index, bytes(of.user_ref), rules.nonce_of(bytes(of.nonce), index))


async def tell_player(session: WriteSession, draw: Draw, customer_id: int, kind: str, subject: str = "") -> None:
    """A notice about a draw, once a kind and draw; `subject` tells several of one kind apart. It goes out after others:
    a draw ends for all its players at once."""
    values = {"product": draw.title_zh, "product_en": draw.title_en, "draw": str(draw.public_id)}
    await tell(session, customer_id, kind, f"draw:{draw.public_id}{subject}", values, priority=AFTER_OTHERS)


async def locked_winner(session: WriteSession, public_id: object) -> tuple[Draw, DrawWinner]:
    """A winner and their draw, nobody else's until the transaction ends; the draw first. Raises NotFoundError."""
    draw_id = await session.scalar(select(DrawWinner.draw_id).where(DrawWinner.public_id == public_id))
    if draw_id is None:
        raise NotFoundError
    draw = await session.get_one(Draw, draw_id, with_for_update=True, populate_existing=True)
    found = select(DrawWinner).where(DrawWinner.public_id == public_id).execution_options(populate_existing=True)
    return draw, (await session.scalars(found)).one()


async def _tell_winner(session: WriteSession, draw: Draw, row: DrawWinner, customer_id: int) -> None:
    zone = ZoneInfo((await session.scalars(select(ShopProfile.timezone))).one())
    values = {
        "product": draw.prize_name,
        "expires_on": clock.business_date(row.claim_until, zone).isoformat(),
        "draw": str(draw.public_id),
    }
    await tell(session, customer_id, "draw_won", f"draw:{draw.public_id}#{row.entry_index}", values)
