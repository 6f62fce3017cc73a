"""What wallets offer: the statement, and what the profile allows.

Money in is in `topping_up`, money out in `withdrawing` and, for staff, in `deciding`.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from transactional.compliance import Profile, profile
from transactional.db import ReadSession
from transactional.errors import NotFoundError
from transactional.payments import queries as payments
from transactional.shop import Shop
from transactional.wallets import queries
from transactional.wallets.rules import Room
from transactional.wallets.schemas import KINDS, AttemptView, PartView, StatementLine, TopUpView, WithdrawalView

COUNT_OF_SAME = text("""
select count(*) from shop.withdrawal as other
where other.customer_id = (select customer_id from shop.withdrawal where public_id = :id)
""")


def profile_of(shop: Shop) -> Profile:
    """What the law of the shop's place lets it do."""
    return profile(shop.settings.compliance)


async def room(session: ReadSession, shop: Shop, customer_id: int, at: datetime) -> Room:
    """What the wallet can take and give now."""
    return await queries.room(session, customer_id, list(shop.gateways), at)


async def statement(
    session: ReadSession,
    customer: tuple[int, UUID],
    *,
    kind: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[StatementLine, ...]:
    """Movements, newest first, of one of `schemas.KINDS` or all; `customer` by inside key and public name."""
    values = {
        "customer_id": customer[0],
        "customer": str(customer[1]),
        "events": list(KINDS[kind]) if kind in KINDS else None,
        "since": since,
        "until": until,
        "limit": limit,
        "offset": offset,
    }
    return tuple(StatementLine.model_validate(row) for row in await session.execute(queries.STATEMENT, values))


async def top_up(session: ReadSession, top_up_id: UUID, customer_id: int) -> TopUpView:
    """The customer's own. Raises NotFoundError."""
    values = {"id": top_up_id, "customer_id": customer_id}
    row = (await session.execute(queries.TOP_UP, values)).one_or_none()
    if row is None:
        raise NotFoundError
    return TopUpView.model_validate(row)


async def attempts(session: ReadSession, top_up_id: UUID, customer_id: int) -> tuple[AttemptView, ...]:
    """All attempts to pay a customer's own top-up, newest first."""
    values = {"top_up_id": top_up_id, "customer_id": customer_id}
    rows = await session.execute(payments.PAYMENTS_OF_TOP_UP, values)
    return tuple(AttemptView.of(row) for row in rows)


async def withdrawal(session: ReadSession, withdrawal_id: UUID, customer_id: int | None) -> WithdrawalView:
    """One withdrawal, the customer's own when one is named. Raises NotFoundError."""
    values = {"id": withdrawal_id, "customer_id": customer_id}
    row = (await session.execute(queries.WITHDRAWAL_NAMED, values)).one_or_none()
    if row is None:
        raise NotFoundError
    return WithdrawalView.model_validate(row)


async def parts(session: ReadSession, withdrawal_id: UUID) -> tuple[PartView, ...]:
    """The ways that a withdrawal goes."""
    return tuple(PartView.model_validate(row) for row in await queries.parts(session, withdrawal_id))


async def withdrawals_of(session: ReadSession, customer_id: int, limit: int = 10) -> tuple[WithdrawalView, ...]:
    """A customer's latest, newest first."""
    values = {"customer_id": customer_id, "limit": limit}
    rows = await session.execute(queries.WITHDRAWALS_OF, values)
    return tuple(WithdrawalView.model_validate(row) for row in rows)


async def withdrawals(
    session: ReadSession, states: tuple[str, ...], limit: int, offset: int
) -> tuple[WithdrawalView, ...]:
    """All customers', newest first, in some states or any."""
    values = {"states": list(states) or None, "limit": limit, "offset": offset}
    rows = await session.execute(queries.WITHDRAWALS, values)
    return tuple(WithdrawalView.model_validate(row) for row in rows)


async def count_of_same_customer(session: ReadSession, withdrawal_id: UUID) -> int:
    """How many withdrawals its customer has asked for in all."""
    return int(await session.scalar(COUNT_OF_SAME, {"id": withdrawal_id}) or 0)
