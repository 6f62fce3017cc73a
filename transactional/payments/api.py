"""JSON API of payments for shoppers: ways to pay, starting to pay, how a payment stands."""

from uuid import UUID

from fastapi import APIRouter, Request

from transactional.edge import AsCustomer, Reading, ShopHere, client_address
from transactional.errors import (
    IdempotencyKeyReusedError,
    InsufficientBalanceError,
    MissingIdempotencyKeyError,
    NotFoundError,
    NotLoggedInError,
)
from transactional.idempotency import Key
from transactional.payments import service
from transactional.payments.errors import MethodUnavailableError, OrderExpiredError, OrderNotPayableError
from transactional.payments.schemas import NewPayment, PaymentList, PaymentMethodList, PaymentView
from transactional.payments.start import start
from transactional.problems import responses

router = APIRouter(tags=["payments"])


@router.get("/payment-methods")
async def list_payment_methods(shop: ShopHere) -> PaymentMethodList:
    """How one can pay here; each gateway with its ways."""
    return PaymentMethodList(items=service.methods(shop))


@router.post(
    "/orders/{order_no}/payments",
    status_code=201,
    responses=responses(
        NotLoggedInError,
        NotFoundError,
        OrderNotPayableError,
        OrderExpiredError,
        MethodUnavailableError,
        InsufficientBalanceError,
        MissingIdempotencyKeyError,
        IdempotencyKeyReusedError,
    ),
)
async def start_payment(
    order_no: str, body: NewPayment, customer: AsCustomer, shop: ShopHere, request: Request, key: Key
) -> PaymentView:
    """Start to pay: the wallet pays at once; a gateway gives a link, and the payment is `pending` until it is paid."""
    return await start(shop, customer, order_no, body, client_address(request), key)


@router.get("/orders/{order_no}/payments", responses=responses(NotLoggedInError))
async def list_order_payments(order_no: str, customer: AsCustomer, session: Reading) -> PaymentList:
    """Every attempt to pay one of your orders, newest first."""
    return PaymentList(items=await service.of_order(session, order_no, customer.id))


@router.get("/payments/{payment_id}", responses=responses(NotLoggedInError, NotFoundError))
async def show_payment(payment_id: UUID, customer: AsCustomer, shop: ShopHere) -> PaymentView:
    """How a payment stands, as the shop knows it from the gateway; whatever the page said that one came back to."""
    return await service.show(shop, payment_id, customer.id)
