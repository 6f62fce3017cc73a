"""Parcels that hold a prize: no order stands behind them, and nothing is delivered but the parcel itself."""

from sqlalchemy import select

from mingsuan import clock
from transactional.db import WriteSession
from transactional.jobs import defer
from transactional.logistics.couriers import UNTRACKED
from transactional.logistics.dispatching import FIRST_ASK, SUBSCRIBE, checked
from transactional.logistics.errors import ParcelKnownError
from transactional.logistics.models import Shipment


async def send(
    session: WriteSession, reference: str, customer_id: int, courier: str, tracking_no: str, staff_id: int | None
) -> int:
    """The prize is on its way; the parcel's id inside the shop. Raises InvalidInputError, ParcelKnownError."""
    code, number = checked(courier, tracking_no)
    known = select(Shipment.id).where(Shipment.courier == code, Shipment.tracking_no == number)
    if await session.scalar(known) is not None:
        raise ParcelKnownError
    at = clock.now()
    row = Shipment(
        purpose="prize",
        reference=reference,
        customer_id=customer_id,
        courier=code,
        tracking_no=number,
        sent_at=at,
        sent_by=staff_id,
        ask_at=None if code in UNTRACKED else at + FIRST_ASK,
    )
    session.add(row)
    await session.flush()
    if code not in UNTRACKED:
        await defer(session, SUBSCRIBE, {"shipment_id": row.id, "attempt": 1})
    return row.id
