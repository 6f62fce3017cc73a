"""JSON API: a customer's parcel, and confirming that it came."""

from uuid import UUID

from fastapi import APIRouter

from transactional.edge import AsCustomer, Reading, ShopHere, Writing
from transactional.errors import NotFoundError, NotLoggedInError
from transactional.logistics import queries, receiving
from transactional.logistics.errors import NotConfirmableError
from transactional.logistics.schemas import ParcelDetail
from transactional.problems import responses

router = APIRouter(tags=["parcels"])


@router.get("/parcels/{parcel_id}", responses=responses(NotLoggedInError, NotFoundError))
async def parcel(parcel_id: UUID, buyer: AsCustomer, shop: ShopHere, session: Reading) -> ParcelDetail:
    """A parcel of the customer's with what happened to it, newest first."""
    return await queries.detail(session, shop.vault, parcel_id, buyer.id)


@router.post(
    "/parcels/{parcel_id}/confirmation", responses=responses(NotLoggedInError, NotFoundError, NotConfirmableError)
)
async def confirm_parcel(parcel_id: UUID, buyer: AsCustomer, shop: ShopHere, session: Writing) -> ParcelDetail:
    """The customer has the parcel; said again, nothing changes. The last parcel of an order completes it."""
    await receiving.confirm(session, parcel_id, buyer.id)
    return await queries.detail(session, shop.vault, parcel_id, buyer.id)
