"""JSON API for staff who deliver: content, parcels, and orders that they cancel or complete for a customer."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from fastapi import APIRouter

from transactional.accounts.rules import may
from transactional.accounts.schemas import StaffSubject
from transactional.accounts.service import record_act
from transactional.db import WriteSession
from transactional.edge import AsStaff, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.logistics.dispatching import dispatch_unit
from transactional.logistics.errors import ParcelKnownError
from transactional.orders import by_hand, fulfilment, service
from transactional.orders.by_hand import DoneByHand
from transactional.orders.cart_schemas import DeliveryDone, NewDelivery, NewParcel, OrderMoved
from transactional.orders.errors import OrderMovedOnError, UnitNotWaitingError
from transactional.problems import responses

router = APIRouter(tags=["staff"])
COMMON = (NotLoggedInError, NotAllowedError, NotFoundError, MissingIdempotencyKeyError, IdempotencyKeyReusedError)


@router.post(
    "/staff/fulfilments/{fulfilment_id}/deliveries", status_code=201, responses=responses(*COMMON, UnitNotWaitingError)
)
async def deliver_by_hand(
    fulfilment_id: UUID, body: NewDelivery, member: AsStaff, shop: ShopHere, session: Writing, key: Key
) -> DeliveryDone:
    """Hand over content for a unit that waits; it is kept sealed until its owner shows it."""

    async def work() -> DeliveryDone:
        about = (body.content, body.cost_fen, member.id, shop.zone)
        return _shown(await by_hand.deliver(session, shop.vault, fulfilment_id, *about))

    command = _command(member, key, f"deliver {fulfilment_id} {body.model_dump_json()}", "deliver")
    return await once(session, command, DeliveryDone, work)


@router.post(
    "/staff/fulfilments/{fulfilment_id}/parcels",
    status_code=201,
    responses=responses(*COMMON, UnitNotWaitingError, ParcelKnownError),
)
async def ship(
    fulfilment_id: UUID, body: NewParcel, member: AsStaff, shop: ShopHere, session: Writing, key: Key
) -> DeliveryDone:
    """Say that a physical unit is on its way in a parcel, which its owner can then follow."""

    async def work() -> DeliveryDone:
        about = (body.courier, body.tracking_no, member.id, shop.zone)
        return _shown(await dispatch_unit(session, shop.vault, fulfilment_id, *about))

    command = _command(member, key, f"ship {fulfilment_id} {body.model_dump_json()}", "deliver")
    return await once(session, command, DeliveryDone, work)


@router.post("/staff/orders/{order_no}/cancellation", responses=responses(*COMMON, OrderMovedOnError))
async def cancel_for_customer(order_no: str, member: AsStaff, session: Writing, key: Key) -> OrderMoved:
    """Give up an unpaid order for its customer."""
    return await _moved(session, member, order_no, key, "cancel_order", fulfilment.cancel)


@router.post("/staff/orders/{order_no}/completion", responses=responses(*COMMON, OrderMovedOnError))
async def complete_for_customer(order_no: str, member: AsStaff, session: Writing, key: Key) -> OrderMoved:
    """Close a delivered order for its customer."""
    return await _moved(session, member, order_no, key, "complete_order", fulfilment.complete)


async def _moved(
    session: WriteSession,
    member: StaffSubject,
    order_no: str,
    key: str,
    act: str,
    move: Callable[[WriteSession, str, int | None], Awaitable[None]],
) -> OrderMoved:
    async def work() -> OrderMoved:
        await move(session, order_no, None)
        await record_act(session, member.id, act, f"order:{order_no}")
        return OrderMoved(order_no=order_no, state=(await service.order_for_staff(session, order_no)).state)

    return await once(session, _command(member, key, f"{act} {order_no}", "settle_orders"), OrderMoved, work)


def _command(member: StaffSubject, key: str, asked: str, act: str) -> CommandKey:
    """Raises NotAllowedError."""
    if not may(member.role, act):
        raise NotAllowedError
    return CommandKey(f"staff:{member.public_id}", key, asked)


def _shown(done: DoneByHand) -> DeliveryDone:
    return DeliveryDone.model_validate(done)
