"""Parcels leave: units are delivered by hand, as all that staff deliver, and written down with courier and number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from mingsuan import clock
from transactional.cards.vault import Vault
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.jobs import defer
from transactional.logistics.couriers import COURIERS, UNTRACKED, courier_code, tracking_number
from transactional.logistics.errors import ParcelKnownError
from transactional.logistics.models import Shipment, ShipmentItem
from transactional.notices.service import tell
from transactional.orders import by_hand
from transactional.orders import fulfilment_queries as orders
from transactional.orders.by_hand import DoneByHand
from transactional.orders.due import Due, lock_due
from transactional.orders.errors import UnitNotWaitingError
from transactional.orders.fulfilment_queries import Unit
from transactional.orders.models import Fulfilment
from transactional.orders.service import order_for_staff

SUBSCRIBE = "logistics.subscribe"
FIRST_ASK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sending:
    """What staff say of a parcel; without `units` it holds all of the order's that can be sent."""

    order_no: str
    courier: str
    tracking_no: str
    units: tuple[UUID, ...] | None = None


async def dispatch(session: WriteSession, vault: Vault, sending: Sending, staff_id: int, zone: ZoneInfo) -> UUID:
    """The parcel is on its way; its public id. Said again of the same order and number, nothing changes; units that
    are named and not in it yet are put into it.

    Raises InvalidInputError, NotFoundError, ParcelKnownError, UnitNotWaitingError.
    """
    courier, number = checked(sending.courier, sending.tracking_no)
    due = await lock_due(session, sending.order_no, None)
    known = await _known(session, courier, number)
    wanted = sending.units
    if known is not None:
        if known.order_id != due.order_id:
            raise ParcelKnownError
        wanted = await _not_in_it(session, known.id, sending.units or ())
        if not wanted:
            return known.public_id
    units = _chosen(await orders.units_of_order(session, due.order_id), wanted)
    for unit in units:
        name = COURIERS[courier][0]
        await by_hand.ship(session, vault, unit.public_id, name, number, staff_id, zone)
    row = known or await _written(session, due, courier, number, staff_id)
    session.add_all(ShipmentItem(shipment_id=row.id, fulfilment_id=unit.fulfilment_id) for unit in units)
    await session.flush()
    values = {"order_no": due.order_no, "courier": COURIERS[courier][0], "tracking_no": number}
    await tell(session, due.customer_id, "shipped", f"order:{due.order_no}#{number}", values)
    return row.public_id


async def dispatch_unit(
    session: WriteSession, vault: Vault, fulfilment: UUID, courier: str, tracking_no: str, staff_id: int, zone: ZoneInfo
) -> DoneByHand:
    """One unit in a parcel, alone or with others that came before; an unknown courier is another one, not followed.

    Raises InvalidInputError, NotFoundError, ParcelKnownError, UnitNotWaitingError.
    """
    unit = await orders.unit_by_public_id(session, fulfilment)
    if unit is None:
        raise NotFoundError
    if unit.state != "waiting":
        raise UnitNotWaitingError
    sending = Sending(unit.order_no, courier_code(courier) or "other", tracking_no, (fulfilment,))
    await dispatch(session, vault, sending, staff_id, zone)
    order = await order_for_staff(session, unit.order_no)
    return DoneByHand(fulfilment, unit.order_no, order.state, clock.now())


async def _not_in_it(session: WriteSession, shipment_id: int, units: Sequence[UUID]) -> tuple[UUID, ...]:
    inside = select(Fulfilment.public_id).join(ShipmentItem, ShipmentItem.fulfilment_id == Fulfilment.id)
    known = set(await session.scalars(inside.where(ShipmentItem.shipment_id == shipment_id)))
    return tuple(unit for unit in units if unit not in known)


async def _written(session: WriteSession, due: Due, courier: str, number: str, staff_id: int) -> Shipment:
    at = clock.now()
    tracked = courier not in UNTRACKED
    row = Shipment(
        purpose="order",
        reference=due.order_no,
        order_id=due.order_id,
        customer_id=due.customer_id,
        courier=courier,
        tracking_no=number,
        sent_at=at,
        sent_by=staff_id,
        ask_at=at + FIRST_ASK if tracked else None,
    )
    session.add(row)
    await session.flush()
    if tracked:
        await defer(session, SUBSCRIBE, {"shipment_id": row.id, "attempt": 1})
    return row


def checked(written_courier: str, written_number: str) -> tuple[str, str]:
    """The courier's code and the number as they are kept. Raises InvalidInputError."""
    courier, number = courier_code(written_courier), tracking_number(written_number)
    problems = []
    if courier is None:
        problems.append(FieldProblem("courier", "This courier is not known."))
    if number is None:
        problems.append(FieldProblem("tracking_no", "Must be 6 to 40 letters, digits or hyphens."))
    if courier is None or number is None:
        raise InvalidInputError(problems)
    return courier, number


async def _known(session: WriteSession, courier: str, number: str) -> Shipment | None:
    found = select(Shipment).where(Shipment.courier == courier, Shipment.tracking_no == number)
    return (await session.scalars(found)).one_or_none()


def _chosen(units: Sequence[Unit], wanted: Sequence[UUID] | None) -> list[Unit]:
    """Those that can be sent now: paid, physical, kept for the order."""
    ready = [u for u in units if (u.state, u.kind, u.waits_for) == ("waiting", "physical", "manual") and u.paid_at]
    chosen = ready if wanted is None else [unit for unit in ready if unit.public_id in set(wanted)]
    if not chosen or (wanted is not None and len(chosen) != len(set(wanted))):
        raise UnitNotWaitingError
    return chosen
