"""JSON API of a customer's own identity check."""

from fastapi import APIRouter

from transactional.accounts.entry.errors import TooManyTriesError
from transactional.accounts.persons import identity, identity_checks
from transactional.accounts.persons.errors import IdentityTakenError
from transactional.accounts.persons.schemas import IdentityView, NewIdentityCheck
from transactional.db import reading
from transactional.edge import AsCustomer, Language, Reading, ShopHere
from transactional.errors import (
    IdempotencyKeyReusedError,
    InvalidInputError,
    MissingIdempotencyKeyError,
    NotLoggedInError,
)
from transactional.idempotency import Key
from transactional.problems import responses

router = APIRouter(tags=["accounts"])


@router.get("/identity", responses=responses(NotLoggedInError))
async def show_identity(customer: AsCustomer, session: Reading, shop: ShopHere) -> IdentityView:
    """How far the check of your identity is; name and number masked."""
    return await identity.standing(session, shop.vault, customer.id)


@router.post(
    "/identity",
    status_code=201,
    responses=responses(
        NotLoggedInError,
        InvalidInputError,
        TooManyTriesError,
        IdentityTakenError,
        MissingIdempotencyKeyError,
        IdempotencyKeyReusedError,
    ),
)
async def check_identity(
    body: NewIdentityCheck, customer: AsCustomer, shop: ShopHere, language: Language, key: Key
) -> IdentityView:
    """Have your name and identity number checked; while a check is open this only tells how far it is."""
    if not body.agreed:
        raise InvalidInputError([identity_checks.NOT_AGREED])
    number = body.number.get_secret_value()
    await identity_checks.ask(shop, customer.id, body.name, number, key, language)
    async with reading(shop.engine) as session:
        return await identity.standing(session, shop.vault, customer.id)
