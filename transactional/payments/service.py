"""What payments show. Paying is in `wallet` and `start`, refunds in `refunds`, what gateways say in `apply`."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError
from transactional.payments import queries, refunds
from transactional.payments.models import GatewayBill
from transactional.payments.schemas import (
    BillList,
    BillView,
    CaseList,
    CaseView,
    NewRefund,
    PaymentMethodView,
    PaymentView,
    PayoutList,
    PayoutView,
    ReceiptList,
    ReceiptView,
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


async def refund(session: WriteSession, new: NewRefund, staff_id: int, at: datetime, zone: ZoneInfo) -> PayoutList:
    """Staff refund units or parts of them. Raises NotFoundError and what `refunds.grant` raises."""
    ids = await queries.unit_ids(session, [part.fulfilment_id for part in new.parts])
    if len(ids) != len({part.fulfilment_id for part in new.parts}):
        raise NotFoundError
    wanted = [(ids[part.fulfilment_id], part.amount_fen) for part in new.parts]
    made = await refunds.grant(session, wanted, new.reason, staff_id, at, zone)
    rows = await session.execute(queries.PAYOUTS_BY_ID, {"ids": made})
    return PayoutList(items=tuple(PayoutView.model_validate(row) for row in rows))


async def payouts(session: ReadSession, state: str | None, order_no: str | None, limit: int, offset: int) -> PayoutList:
    """Money sent back or to be sent back, newest first."""
    some = {"state": state, "order_no": order_no, "limit": limit, "offset": offset}
    rows = await session.execute(queries.PAYOUTS, some)
    return PayoutList(items=tuple(PayoutView.model_validate(row) for row in rows))


async def receipts(session: ReadSession, state: str | None, limit: int, offset: int) -> ReceiptList:
    """Money that no order took, newest first."""
    rows = await queries.receipts(session, state, limit, offset)
    return ReceiptList(items=tuple(ReceiptView.model_validate(row) for row in rows))


async def cases(session: ReadSession, state: str | None, kind: str | None, limit: int, offset: int) -> CaseList:
    """What waits for a person, newest first."""
    some = {"state": state, "kind": kind, "limit": limit, "offset": offset}
    rows = await session.execute(queries.CASES, some)
    return CaseList(items=tuple(CaseView.model_validate(row) for row in rows))


async def bills(session: ReadSession, limit: int, offset: int) -> BillList:
    """Fetched bills, newest day first."""
    page = select(GatewayBill).order_by(GatewayBill.bill_date.desc(), GatewayBill.id.desc())
    rows = await session.scalars(page.limit(limit).offset(offset))
    return BillList(items=tuple(BillView.model_validate(row) for row in rows))
