"""JSON API of cart and checkout: from what somebody puts aside to an order that waits for its payment."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import timedelta

from fastapi import APIRouter

from mingsuan import clock
from transactional.accounts.schemas import CustomerSubject
from transactional.catalogue.errors import DearBundleError
from transactional.db import ReadSession, WriteSession
from transactional.edge import AsCustomer, Reading, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotFoundError,
    NotLoggedInError,
    OutOfStockError,
    PriceChangedError,
    UnavailableProductError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.orders import cart, fulfilment, service
from transactional.orders.cart_schemas import CartChange, CartView, CheckoutView, NewCheckout, OrderMoved
from transactional.orders.checkout import Terms, Wanted, place
from transactional.orders.errors import EmptyOrderError, HoldLimitError, OrderMovedOnError, TooManyUnitsError
from transactional.problems import responses
from transactional.selling import SellingPausedError

router = APIRouter(tags=["orders"])
MOVE = responses(
    NotLoggedInError, NotFoundError, OrderMovedOnError, MissingIdempotencyKeyError, IdempotencyKeyReusedError
)


@router.get("/cart/items", responses=responses(NotLoggedInError))
async def show_cart(customer: AsCustomer, session: Reading) -> CartView:
    """Your cart at today's prices; lines that cannot be had say why."""
    return await cart.show(session, customer.id, clock.now())


@router.put("/cart/items", responses=responses(NotLoggedInError, NotFoundError))
async def put_in_cart(body: CartChange, customer: AsCustomer, session: Writing) -> CartView:
    """Have so many of a SKU in the cart; sent twice, it is the same."""
    return await cart.put(session, customer.id, body.sku_id, body.quantity, clock.now())


@router.post(
    "/checkout",
    status_code=201,
    responses=responses(
        NotLoggedInError,
        EmptyOrderError,
        UnavailableProductError,
        TooManyUnitsError,
        DearBundleError,
        PriceChangedError,
        HoldLimitError,
        OutOfStockError,
        SellingPausedError,
        MissingIdempotencyKeyError,
        IdempotencyKeyReusedError,
    ),
)
async def check_out(
    body: NewCheckout, customer: AsCustomer, shop: ShopHere, session: Writing, key: Key
) -> CheckoutView:
    """Order without paying yet: what is in stock is kept for you until `pay_by`, all of it or nothing."""

    async def work() -> CheckoutView:
        wanted = await _wanted(session, customer, body)
        terms = Terms(timedelta(minutes=shop.settings.hold_minutes))
        at = clock.now()
        placed = await place(session, shop.vault, customer.id, wanted, terms, at, shop.zone, body.expected_net_fen)
        if body.from_cart:
            await cart.emptied(session, customer.id, [each.sku_public_id for each in wanted])
        return CheckoutView.model_validate({**asdict(placed), "id": placed.public_id})

    return await once(session, _command(customer, key, f"checkout {body.model_dump_json()}"), CheckoutView, work)


@router.post("/orders/{order_no}/cancellation", responses=MOVE)
async def cancel_order(order_no: str, customer: AsCustomer, session: Writing, key: Key) -> OrderMoved:
    """Give up an order that is not paid yet."""

    async def work() -> None:
        await fulfilment.cancel(session, order_no, customer.id)

    return await _moved(session, customer, order_no, key, "cancel", work)


@router.post("/orders/{order_no}/completion", responses=MOVE)
async def complete_order(order_no: str, customer: AsCustomer, session: Writing, key: Key) -> OrderMoved:
    """Say that all is well with a delivered order."""

    async def work() -> None:
        await fulfilment.complete(session, order_no, customer.id)

    return await _moved(session, customer, order_no, key, "complete", work)


async def _moved(
    session: WriteSession,
    customer: CustomerSubject,
    order_no: str,
    key: str,
    act: str,
    work: Callable[[], Awaitable[None]],
) -> OrderMoved:
    async def done() -> OrderMoved:
        await work()
        found = await service.order(session, customer.id, order_no)
        return OrderMoved(order_no=order_no, state=found.state)

    return await once(session, _command(customer, key, f"{act} {order_no}"), OrderMoved, done)


async def _wanted(session: ReadSession, customer: CustomerSubject, body: NewCheckout) -> list[Wanted]:
    if not body.from_cart:
        return [Wanted(line.sku_id, line.quantity, line.form_answers) for line in body.items]
    answers = {line.sku_id: line.form_answers for line in body.items}
    shown = await cart.show(session, customer.id, clock.now())
    return [Wanted(line.sku_id, line.quantity, answers.get(line.sku_id)) for line in shown.items]


def _command(customer: CustomerSubject, key: str, asked: str) -> CommandKey:
    return CommandKey(f"customer:{customer.id}", key, asked)
