"""JSON API of a customer's own addresses."""

from uuid import UUID

from fastapi import APIRouter

from transactional.accounts.persons import addresses, personal
from transactional.accounts.persons.errors import TooManyAddressesError
from transactional.accounts.persons.schemas import AddressList, AddressSaved, AddressView, NewAddress
from transactional.edge import AsCustomer, Reading, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    InvalidInputError,
    MissingIdempotencyKeyError,
    NotFoundError,
    NotLoggedInError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.problems import responses

router = APIRouter(tags=["accounts"])
OWN = responses(NotLoggedInError, NotFoundError)


@router.get("/addresses", responses=responses(NotLoggedInError))
async def list_addresses(customer: AsCustomer, session: Reading, shop: ShopHere) -> AddressList:
    """Your addresses, the default first."""
    return AddressList(items=await addresses.list_of(session, shop.vault, customer.id))


@router.post(
    "/addresses",
    status_code=201,
    responses=responses(
        NotLoggedInError,
        InvalidInputError,
        TooManyAddressesError,
        MissingIdempotencyKeyError,
        IdempotencyKeyReusedError,
    ),
)
async def add_address(
    body: NewAddress, customer: AsCustomer, session: Writing, shop: ShopHere, key: Key
) -> AddressSaved:
    """Keep an address. The first one is the default."""

    async def work() -> AddressSaved:
        added = await addresses.add(session, shop.vault, customer.id, body.fields(), default=body.is_default)
        return AddressSaved(id=added)

    asked = personal.index(shop.vault, "new-address", body.model_dump_json()).hex()
    return await once(session, CommandKey(f"customer:{customer.id}", key, f"address {asked}"), AddressSaved, work)


@router.put("/addresses/{address_id}", responses=responses(NotLoggedInError, NotFoundError, InvalidInputError))
async def change_address(
    address_id: UUID, body: NewAddress, customer: AsCustomer, session: Writing, shop: ShopHere
) -> AddressView:
    """Have it say something else; orders that were placed keep what it said."""
    await addresses.change(session, shop.vault, customer.id, address_id, body.fields())
    if body.is_default:
        await addresses.make_default(session, customer.id, address_id)
    return await addresses.one(session, shop.vault, customer.id, address_id)


@router.delete("/addresses/{address_id}", status_code=204, responses=OWN)
async def remove_address(address_id: UUID, customer: AsCustomer, session: Writing) -> None:
    """Forget it; sent twice, it is the same."""
    await addresses.remove(session, customer.id, address_id)
