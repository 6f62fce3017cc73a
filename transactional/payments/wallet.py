"""Paying an order from the customer's wallet: everything in one transaction, nothing asked of anybody outside."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from transactional.db import WriteSession
from transactional.errors import InsufficientBalanceError
from transactional.ledger import service as ledger
from transactional.ledger.rules import order_paid
from transactional.orders.due import Due, lock_due
from transactional.payments import queries
from transactional.payments.errors import OrderExpiredError, OrderNotPayableError
from transactional.payments.models import Payment
from transactional.payments.settling import settle_order
from transactional.suppliers.routing import guard


async def pay_from_wallet(session: WriteSession, order_no: str, customer_id: int, at: datetime, zone: ZoneInfo) -> UUID:
    """Pays and delivers; the payment's name. An order that costs nothing is never waiting for this.

    Raises NotFoundError, OrderNotPayableError, OrderExpiredError, OutOfStockError, InsufficientBalanceError.
    """
    due = await lock_due(session, order_no, customer_id)
    require_payable(due, at)
    await guard.at_payment(session, due.order_id, at)
    await _debit(session, customer_id, due.net_fen)
    payment = Payment(order_id=due.order_id, method="wallet", state="succeeded", amount_fen=due.net_fen, paid_at=at)
    session.add(payment)
    await session.flush()
    about = (payment.id, due.order_id, customer_id, "wallet", due.net_fen)
    await ledger.post(session, [order_paid(*about, at, due.membership_fen)], zone)
    await settle_order(session, due.order_id, payment.id, at, at, zone)
    await session.refresh(payment, ["public_id"])
    return payment.public_id


def require_payable(due: Due, at: datetime) -> None:
    """Raises OrderNotPayableError, OrderExpiredError."""
    if due.state != "pending_payment":
        raise OrderNotPayableError
    if due.pay_by is not None and at >= due.pay_by:
        raise OrderExpiredError


async def _debit(session: WriteSession, customer_id: int, amount_fen: int) -> None:
    values = {"customer_id": customer_id, "amount_fen": amount_fen}
    if await session.scalar(queries.DEBIT_WALLET, values) is None:
        balance = await session.scalar(queries.BALANCE, {"customer_id": customer_id}) or 0
        raise InsufficientBalanceError(balance_fen=balance, needed_fen=amount_fen)
