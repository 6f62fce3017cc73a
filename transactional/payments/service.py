"""What payments show. Paying is in `wallet` and `start`, refunds in `refunds`, what gateways say in `apply`."""

from uuid import UUID

from transactional.db import ReadSession
from transactional.payments import queries
from transactional.payments.schemas import (
    PaymentMethodView,
    PaymentView,
    StaffPaymentList,
    StaffPaymentView,
)
from transactional.payments.start import view
from transactional.shop import Shop


async def show(shop: Shop, payment_id: UUID, customer_id: int) -> PaymentView:
    """How a payment stands. Raises NotFoundError, for other people's too."""
    return await view(shop, payment_id, customer_id)


def methods(shop: Shop) -> tuple[PaymentMethodView, ...]:
    """The ways to pay here, the wallet first."""
    doors = [PaymentMethodView(method=name, ways=gateway.ways) for name, gateway in shop.gateways.items()]
    return (PaymentMethodView(method="wallet", ways=()), *doors)


async def of_order(session: ReadSession, order_no: str, customer_id: int | None) -> tuple[PaymentView, ...]:
    """All attempts to pay an order, newest first."""
    rows = await session.execute(queries.PAYMENTS_OF_ORDER, {"order_no": order_no, "customer_id": customer_id})
    return tuple(PaymentView.of(row) for row in rows)


async def payments(
    session: ReadSession, state: str | None, method: str | None, order_no: str | None, limit: int, offset: int
) -> StaffPaymentList:
    """Attempts to pay, newest first."""
    some = {"state": state, "method": method, "order_no": order_no, "limit": limit, "offset": offset}
    rows = await session.execute(queries.PAYMENTS, some)
    return StaffPaymentList(items=tuple(StaffPaymentView.model_validate(row) for row in rows))
