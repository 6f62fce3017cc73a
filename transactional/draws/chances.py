"""Chances: free entries that customers earn by check-in, by inviting and by the free route, and what is left of them.

Those that orders earn are granted by `chances_of_orders`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.dialects.postgresql import insert

from mingsuan import clock
from transactional.db import ReadSession, WriteSession
from transactional.draws import chance_rules
from transactional.draws.chances_of_orders import KEPT
from transactional.draws.entry_deciding import Standing
from transactional.draws.entry_schemas import ChanceView
from transactional.draws.errors import DrawClosedError, EarnedBeforeError, NoFreeRouteError, NotInvitedError
from transactional.draws.models import Draw, DrawChance
from transactional.draws.play import guard
from transactional.errors import NotFoundError

INVITER = text(f"""
select inviter.id from shop.customer as invited join shop.customer as inviter on inviter.public_id = :inviter
where invited.id = :customer_id and inviter.id <> invited.id and inviter.erased_at is null
    and (inviter.registered_at, inviter.id) < (invited.registered_at, invited.id)
    and exists (
        select from shop.orders where orders.customer_id = invited.id and orders.source is null
            and orders.delivered_at is not null and {KEPT} >= :least_fen
    )
""")
Source = Literal["order", "checkin", "invitation", "free_route"]


async def grant(
    session: WriteSession,
    customer_id: int,
    source: Source,
    reference: str,
    granted: int,
    *,
    draw_id: int | None = None,
    expires_at: datetime | None = None,
) -> bool:
    """So many free entries for a customer, in one draw or in any promotional one; False for a reference used before."""
    row = {"customer_id": customer_id, "source": source, "reference": reference, "granted": granted}
    given = insert(DrawChance).values(**row, draw_id=draw_id, expires_at=expires_at)
    told = await session.execute(given.on_conflict_do_nothing(index_elements=["reference"]).returning(DrawChance.id))
    return told.one_or_none() is not None


async def of(session: ReadSession, customer_id: int, at: datetime) -> list[ChanceView]:
    """What a customer has left, the first to expire first."""
    left = DrawChance.granted - DrawChance.used
    columns = DrawChance.public_id.label("id"), DrawChance.source, Draw.public_id.label("draw_id"), left.label("left")
    own = DrawChance.customer_id == customer_id, DrawChance.used < DrawChance.granted
    good = select(*columns, DrawChance.expires_at).outerjoin(Draw, Draw.id == DrawChance.draw_id).where(*own)
    lasting = good.where(or_(DrawChance.expires_at.is_(None), DrawChance.expires_at > at))
    rows = await session.execute(lasting.order_by(DrawChance.expires_at.asc().nulls_last(), DrawChance.id))
    return [ChanceView.model_validate(row) for row in rows]


def usable(chances: Sequence[ChanceView], draw: Draw) -> int:
    """How many entries of a draw somebody's chances are good for."""
    anywhere = draw.mode == "promotional"
    return sum(c.left for c in chances if c.draw_id == draw.public_id or (c.draw_id is None and anywhere))


async def check_in(session: WriteSession, customer_id: int, day: date) -> None:
    """One chance for having come today. Raises EarnedBeforeError."""
    until = clock.now() + chance_rules.CHECK_IN_VALID
    reference = chance_rules.check_in_reference(customer_id, day)
    if not await grant(session, customer_id, "checkin", reference, 1, expires_at=until):
        raise EarnedBeforeError


async def checked_in(session: ReadSession, customer_id: int, day: date) -> bool:
    """Whether the customer's check-in of that day was made."""
    reference = chance_rules.check_in_reference(customer_id, day)
    return await session.scalar(select(DrawChance.id).where(DrawChance.reference == reference)) is not None


async def named_inviter(session: ReadSession, customer_id: int) -> bool:
    """Whether the customer said who invited them, which comes once."""
    reference = chance_rules.invitation_reference(customer_id)
    return await session.scalar(select(DrawChance.id).where(DrawChance.reference == reference)) is not None


async def free_route(session: WriteSession, customer_id: int, draw_public_id: UUID, day: date) -> None:
    """One chance in this draw, for nothing, once a business date.

    Raises NotFoundError, NoFreeRouteError, DrawClosedError, EarnedBeforeError, and what rules of play refuse.
    """
    at = clock.now()
    draw = await session.scalar(select(Draw).where(Draw.public_id == draw_public_id, Draw.number.is_not(None)))
    if draw is None:
        raise NotFoundError
    if not draw.free_rule.strip():
        raise NoFreeRouteError
    if not Standing.of(draw, 0, at).takes_entries():
        raise DrawClosedError
    await guard.may_enter(session, customer_id, draw, 0, at)
    reference = chance_rules.free_route_reference(customer_id, draw.id, day)
    if not await grant(session, customer_id, "free_route", reference, 1, draw_id=draw.id):
        raise EarnedBeforeError


async def invited(session: WriteSession, customer_id: int, inviter: UUID, every_fen: int) -> None:
    """A customer who has received an order worth a chance names who invited them, once: that one, and nobody above,
    earns a chance.

    Raises NotInvitedError when they received, or kept, nothing worth it yet, or for themselves, an unknown one, or one
    who came later; EarnedBeforeError the second time.
    """
    least_fen = chance_rules.invited_fen(every_fen)
    values = {"customer_id": customer_id, "inviter": inviter, "least_fen": least_fen}
    found = (await session.execute(INVITER, values)).one_or_none()
    if found is None:
        raise NotInvitedError(yuan=-(-least_fen // 100))
    until = clock.now() + chance_rules.EARNED_VALID
    reference = chance_rules.invitation_reference(customer_id)
    if not await grant(session, found.id, "invitation", reference, 1, expires_at=until):
        raise EarnedBeforeError
