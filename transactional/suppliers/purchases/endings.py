"""Ends of purchases that no supplier tells: never sent, written off by staff, not to be had by people; and a new try.

All in the caller's transaction; acts of staff are recorded here.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from transactional.accounts.service import record_act
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError
from transactional.orders import supplied
from transactional.shop import Shop
from transactional.suppliers import service
from transactional.suppliers.errors import NothingToBuyError, PurchaseMovedOnError
from transactional.suppliers.models import Purchase
from transactional.suppliers.purchases import claiming as purchasing
from transactional.suppliers.purchases import facts as purchase_facts
from transactional.suppliers.purchases import money, queries
from transactional.suppliers.purchases.claiming import Claimed, Wishes
from transactional.suppliers.purchases.moves import end, learn
from transactional.suppliers.states import OPEN


async def give_up(session: WriteSession, shop: Shop, purchase: Purchase, reason: str, at: datetime) -> None:
    """A claimed purchase that is not sent: its money is free again, nothing is learnt of the channel."""
    channel = await queries.channel(session, purchase.channel_id)
    purchase.outcome_code = reason
    await end(session, purchase, "failed", "given_up", at, code=reason)
    await money.post(session, shop, channel, money.failed(purchase, channel, at))


async def write_off(
    session: WriteSession, shop: Shop, public_id: UUID, reason: str, staff_id: int, at: datetime
) -> None:
    """Staff say that its outcome will not be learnt: the money is lost, and the unit may be bought elsewhere.

    Raises NotFoundError, PurchaseMovedOnError when it has an end, or people were asked.
    """
    unit, purchase = await purchase_facts.locked(session, await purchase_id(session, public_id))
    channel = await queries.channel(session, purchase.channel_id)
    if purchase.state not in OPEN or not channel.is_asked:
        raise PurchaseMovedOnError
    await learn(session, purchase, "written_off", at)
    purchase.outcome_reason = reason[:300]
    await end(session, purchase, "written_off", "written_off", at)
    await record_act(session, staff_id, "write_off_purchase", f"purchase:{public_id}", reason=reason)
    await money.post(session, shop, channel, money.lost(purchase, unit, channel, at))


async def not_had(session: WriteSession, public_id: UUID, reason: str, staff_id: int, at: datetime) -> None:
    """People could not get it: it is bought elsewhere. Raises NotFoundError, PurchaseMovedOnError."""
    unit, purchase = await purchase_facts.locked(session, await purchase_id(session, public_id))
    channel = await queries.channel(session, purchase.channel_id)
    if purchase.state != "processing" or channel.protocol != "manual":
        raise PurchaseMovedOnError
    purchase.outcome_reason = reason[:300]
    await end(session, purchase, "failed", "not_had", at)
    await supplied.wait_for(session, unit, "supplier")
    await service.obtain(session, [unit.fulfilment_id])
    await record_act(session, staff_id, "give_up_purchase", f"purchase:{public_id}", reason=reason)


async def try_again(
    session: WriteSession, shop: Shop, fulfilment: UUID, wishes: Wishes, reason: str, staff_id: int, at: datetime
) -> Claimed:
    """A unit that waits for a supplier is claimed anew, as staff wish; the worker sends what was claimed.

    Raises NotFoundError, NothingToBuyError when it does not wait or is being bought.
    """
    unit = await supplied.unit_named(session, fulfilment)
    if unit is None:
        raise NotFoundError
    claimed = await purchasing.claim(session, shop, unit.fulfilment_id, at, wishes=wishes)
    if claimed.kind == "nothing":
        raise NothingToBuyError
    if claimed.kind == "buy" and claimed.purchase_id is not None:
        await service.send(session, claimed.purchase_id)
    if claimed.kind == "look":
        await service.obtain(session, [unit.fulfilment_id])
    act = "override_floor" if wishes.override_floor else "try_purchase_again"
    detail = {"fulfilment": str(fulfilment), "became": claimed.kind}
    await record_act(session, staff_id, act, f"order:{unit.order_no}", reason=reason, detail=detail)
    return claimed


async def purchase_id(session: ReadSession, public_id: UUID) -> int:
    """Raises NotFoundError."""
    found = await session.scalar(select(Purchase.id).where(Purchase.public_id == public_id))
    if found is None:
        raise NotFoundError
    return found
