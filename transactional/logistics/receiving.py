"""Parcels are received: said by the customer or staff, or by time; then the order is complete, if all of it is."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, or_, select

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.aftersales.service import open_cases_of_order
from transactional.db import WriteSession, writing
from transactional.logistics import queries
from transactional.logistics.errors import NotConfirmableError
from transactional.logistics.models import Shipment
from transactional.logistics.queries import BACK
from transactional.logistics.rules import counts_as_received
from transactional.logistics.tracking import note_trouble
from transactional.orders import fulfilment
from transactional.orders.due import lock_due_by_id
from transactional.orders.errors import OrderMovedOnError
from transactional.shop import Shop

AT_ONCE = 200


async def confirm(session: WriteSession, public_id: UUID, customer_id: int) -> None:
    """The customer has it; said twice, nothing changes. Raises NotFoundError, NotConfirmableError."""
    row = await queries.shipment(session, public_id, customer_id)
    await _confirmed(session, row.id, "customer", clock.now())


async def confirm_by_staff(session: WriteSession, public_id: UUID, staff_id: int, reason: str) -> None:
    """The customer told staff so. Raises NotFoundError, NotConfirmableError."""
    row = await queries.shipment(session, public_id, None)
    if await _confirmed(session, row.id, "staff", clock.now()):
        await record_act(session, staff_id, "confirm_parcel", f"parcel:{public_id}", reason=reason)


async def lose(session: WriteSession, public_id: UUID, staff_id: int, reason: str) -> None:
    """Staff know that it is lost: nobody waits for its receipt any more, and a case is open. Raises NotFoundError."""
    known = await queries.shipment(session, public_id, None)
    row = await session.get_one(Shipment, known.id, with_for_update=True, populate_existing=True)
    if row.confirmed_at is not None:
        raise NotConfirmableError
    if row.state == "lost":
        return
    row.state, row.signed_at, row.ask_at = "lost", None, None
    row.last_event_at = clock.now()  # only what the courier says of a later instant counts against it
    await session.flush()
    await note_trouble(session, row)
    await record_act(session, staff_id, "lose_parcel", f"parcel:{public_id}", reason=reason)


async def confirm_due(shop: Shop) -> int:
    """Parcels that count as received by time, each in a transaction of its own; how many."""
    at = clock.now()
    signed, sent = shop.settings.confirm_signed_days, shop.settings.confirm_sent_days
    done, last = 0, 0
    while True:
        async with writing(shop.engine) as session:
            chosen = list(await session.scalars(_old_enough(at, signed, sent, last)))
        for shipment_id in chosen:
            done += await _by_time(shop, shipment_id, at)
        if len(chosen) < AT_ONCE:
            return done
        last = chosen[-1]


def _old_enough(at: datetime, signed_days: int, sent_days: int, after: int) -> Select[int]:
    signed = (Shipment.state == "signed") & (Shipment.signed_at <= at - timedelta(days=signed_days))
    silent = (Shipment.state == "sent") & (Shipment.sent_at <= at - timedelta(days=sent_days))
    found = select(Shipment.id).where(Shipment.confirmed_at.is_(None), Shipment.id > after, or_(signed, silent))
    return found.order_by(Shipment.id).limit(AT_ONCE)


async def _by_time(shop: Shop, shipment_id: int, at: datetime) -> bool:
    """Unless the customer has an open case about the order: then people decide."""
    days = {"signed_days": shop.settings.confirm_signed_days, "sent_days": shop.settings.confirm_sent_days}
    async with writing(shop.engine) as session:
        row = await session.get_one(Shipment, shipment_id)
        if row.order_id is not None and await open_cases_of_order(session, row.customer_id, row.reference):
            return False
        if not counts_as_received(row.state, row.sent_at, row.signed_at, at, **days):
            return False
        return await _confirmed(session, shipment_id, "time", at)


async def _confirmed(session: WriteSession, shipment_id: int, by: str, at: datetime) -> bool:
    """Whether it is confirmed now and was not before. Locks the order, then the parcel."""
    known = await session.get_one(Shipment, shipment_id)
    due = await lock_due_by_id(session, known.order_id) if known.order_id is not None else None
    row = await session.get_one(Shipment, shipment_id, with_for_update=True, populate_existing=True)
    if row.confirmed_at is not None:
        return False
    if row.state in BACK:
        raise NotConfirmableError
    row.confirmed_at, row.confirmed_by, row.ask_at = at, by, None
    await session.flush()
    if due is not None and due.state == "delivered" and not await _under_way(session, due.order_id):
        await _complete(session, due.order_no)
    return True


async def _under_way(session: WriteSession, order_id: int) -> bool:
    open_one = select(Shipment.id).where(Shipment.order_id == order_id, Shipment.confirmed_at.is_(None)).limit(1)
    return await session.scalar(open_one) is not None


async def _complete(session: WriteSession, order_no: str) -> None:
    try:
        await fulfilment.complete(session, order_no, None)
    except OrderMovedOnError:
        return
