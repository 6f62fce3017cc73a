"""What a customer does with what they own: look, mark as used, activate at a provider; what support staff may mend.

All in the caller's transaction. A code is shown by `cards.service.reveal` alone.
"""

from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text, update

from mingsuan import clock
from transactional.benefits import facts, in_step, queries, rules
from transactional.benefits.errors import NotUsableError
from transactional.benefits.models import Entitlement
from transactional.benefits.queries import Attempt, Subject, Wanted
from transactional.benefits.schemas import BenefitDetail, BenefitList, BenefitView
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError

ALL_STATES = rules.STATES
OWNED = ("ready", "revealed", "activated", "pending")
OVER = ("used", "expired", "revoked")

LOCK_ONE = text("""
select id, fulfilment_id, state, kind, used_at from shop.entitlement
where public_id = :id and customer_id = :customer_id for update
""")


async def behind(session: ReadSession, customer_id: int) -> list[int]:
    """A customer's fulfilments whose benefits are not in step with the facts; see `bring_in_step`."""
    return await in_step.behind_of_customer(session, customer_id)


async def bring_in_step(session: WriteSession, fulfilment_ids: list[int], zone: ZoneInfo) -> int:
    """How many benefits changed."""
    return await in_step.bring(session, fulfilment_ids, zone)


async def benefits(
    session: ReadSession, customer_id: int, wanted: Wanted, *, limit: int = 50, offset: int = 0
) -> BenefitList:
    """A customer's benefits, by state, those that end first before others."""
    return await queries.benefits(session, customer_id, wanted, limit, offset)


async def counts(session: ReadSession, customer_id: int) -> dict[str, int]:
    """How many a customer has in each state."""
    return await queries.counts(session, customer_id)


async def benefit(session: ReadSession, customer_id: int, public_id: UUID) -> BenefitDetail:
    """Raises NotFoundError, for other people's too."""
    found = await queries.benefit(session, public_id, customer_id)
    if found is None:
        raise NotFoundError
    return found


async def benefit_for_staff(session: ReadSession, public_id: UUID) -> BenefitDetail:
    """Anybody's. Raises NotFoundError."""
    found = await queries.benefit(session, public_id, None)
    if found is None:
        raise NotFoundError
    return found


async def attempts(session: ReadSession, public_id: UUID) -> tuple[Attempt, ...]:
    """What was learnt of the attempts to activate a benefit, oldest first."""
    return await queries.attempts(session, public_id)


async def of_order(session: ReadSession, customer_id: int, order_no: str) -> tuple[BenefitView, ...]:
    """What a customer owns of an order; nothing for other people's orders."""
    return await queries.of_order(session, customer_id, order_no)


async def mark_used(
    session: WriteSession, customer_id: int, public_id: UUID, used: bool, zone: ZoneInfo
) -> BenefitDetail:
    """The owner says that it is used up, or that it is not after all; said again, it changes nothing.

    Raises NotFoundError, NotUsableError.
    """
    row = (await session.execute(LOCK_ONE, {"id": public_id, "customer_id": customer_id})).one_or_none()
    if row is None:
        raise NotFoundError
    await in_step.bring(session, [row.fulfilment_id], zone)
    row = (await session.execute(LOCK_ONE, {"id": public_id, "customer_id": customer_id})).one()
    if used and row.used_at is None and row.state != "used":
        if not rules.may_mark_used(row.state) or row.kind == "membership":
            raise NotUsableError
        await _mark(session, row.id, used=True)
    elif not used and row.used_at is not None:
        await _mark(session, row.id, used=False)
    await in_step.bring(session, [row.fulfilment_id], zone)
    return await benefit(session, customer_id, public_id)


async def customer_named(session: ReadSession, who: str) -> Subject:
    """The customer whom an order's number, a public id or an e-mail address names. Raises NotFoundError."""
    found = await queries.subject(session, who.strip())
    if found is None:
        raise NotFoundError
    return found


async def resync(session: WriteSession, customer_id: int, zone: ZoneInfo) -> int:
    """All of a customer's benefits are looked at again; how many changed."""
    units = [unit.fulfilment_id for unit in await facts.of_customer(session, customer_id)]
    return await in_step.bring(session, units, zone)


async def _mark(session: WriteSession, entitlement_id: int, *, used: bool) -> None:
    marked = update(Entitlement).where(Entitlement.id == entitlement_id)
    await session.execute(marked.values(used_at=clock.now() if used else None))
