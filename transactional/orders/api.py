"""JSON API of orders: buying from the wallet, and looking at orders. Codes are revealed elsewhere, one at a time."""

from typing import Annotated

from fastapi import APIRouter, Query

from transactional.accounts.rules import may
from transactional.edge import AsCustomer, AsStaff, Reading, ShopHere
from transactional.errors import (
    IdempotencyKeyReusedError,
    InsufficientBalanceError,
    MissingIdempotencyKeyError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
    OutOfStockError,
    PriceChangedError,
    UnavailableProductError,
)
from transactional.idempotency import Key
from transactional.orders import checkout_api, fulfilment_api, service
from transactional.orders.errors import AnswersNeededError
from transactional.orders.schemas import NewOrder, OrderList, OrderPlaced, OrderView
from transactional.problems import responses

router = APIRouter()
router.include_router(checkout_api.router)
router.include_router(fulfilment_api.router)
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0)]


@router.post(
    "/orders",
    tags=["orders"],
    status_code=201,
    responses=responses(
        NotLoggedInError,
        UnavailableProductError,
        AnswersNeededError,
        PriceChangedError,
        InsufficientBalanceError,
        OutOfStockError,
        MissingIdempotencyKeyError,
        IdempotencyKeyReusedError,
    ),
)
async def place_order(body: NewOrder, customer: AsCustomer, shop: ShopHere, key: Key) -> OrderPlaced:
    """Buy: paid from the wallet and delivered at once, or refused with nothing charged."""
    return await shop.intake.buy(customer.id, body.sku_id, body.quantity, key, body.expected_net_fen)


@router.get("/orders", tags=["orders"], responses=responses(NotLoggedInError))
async def list_orders(customer: AsCustomer, session: Reading, limit: Limit = 20, offset: Offset = 0) -> OrderList:
    """Your orders, newest first."""
    return await service.orders(session, customer.id, limit=limit, offset=offset)


@router.get("/orders/{order_no}", tags=["orders"], responses=responses(NotLoggedInError, NotFoundError))
async def show_order(order_no: str, customer: AsCustomer, session: Reading, shop: ShopHere) -> OrderView:
    """One of your orders with its lines, units and history; without codes."""
    return await service.order_with_answers(session, shop.vault, customer.id, order_no)


@router.get("/staff/orders", tags=["staff"], responses=responses(NotLoggedInError, NotAllowedError))
async def list_all_orders(member: AsStaff, session: Reading, limit: Limit = 50, offset: Offset = 0) -> OrderList:
    """All orders, newest first."""
    if not may(member.role, "see_orders"):
        raise NotAllowedError
    return await service.orders_for_staff(session, limit=limit, offset=offset)


@router.get(
    "/staff/orders/{order_no}", tags=["staff"], responses=responses(NotLoggedInError, NotAllowedError, NotFoundError)
)
async def show_any_order(order_no: str, member: AsStaff, session: Reading, shop: ShopHere) -> OrderView:
    """Anybody's order; without codes, and with the buyer's answers for those who deliver only."""
    if not may(member.role, "see_orders"):
        raise NotAllowedError
    if may(member.role, "deliver"):
        return await service.order_for_delivery(session, shop.vault, order_no)
    return await service.order_for_staff(session, order_no)
