"""JSON API of the card pool: revealing a code to its owner. What staff do is in `batch_api` and `stock_api`."""

from uuid import UUID

from fastapi import APIRouter

from transactional.cards import batch_api, service, stock_api
from transactional.cards.errors import TooManyRevealsError
from transactional.cards.schemas import RevealedCode
from transactional.edge import AsCustomer, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotFoundError,
    NotLoggedInError,
)
from transactional.idempotency import CommandKey, Key, first_time
from transactional.problems import responses

router = APIRouter()
router.include_router(batch_api.router)
router.include_router(stock_api.router)


@router.post(
    "/fulfilments/{fulfilment_id}/reveals",
    tags=["orders"],
    status_code=201,
    responses=responses(
        NotLoggedInError, NotFoundError, TooManyRevealsError, MissingIdempotencyKeyError, IdempotencyKeyReusedError
    ),
)
async def reveal_code(
    fulfilment_id: UUID, customer: AsCustomer, session: Writing, shop: ShopHere, key: Key
) -> RevealedCode:
    """Show what a delivered unit consists of to its owner. Each act is logged; no other answer holds a code."""
    command = CommandKey(f"customer:{customer.id}", key, f"reveal {fulfilment_id}")
    repeated = not await first_time(session, command)
    return await service.reveal(session, shop.vault, customer.id, fulfilment_id, repeated=repeated)
