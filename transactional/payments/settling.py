"""What follows from a payment that succeeded, in its transaction: the order moves on, what cannot come goes back."""

from datetime import datetime
from zoneinfo import ZoneInfo

from transactional.db import WriteSession
from transactional.jobs import defer
from transactional.orders.fulfilment import order_was_paid
from transactional.payments import queries, refunds

LATE = "paid late; no longer available"


async def settle_order(
    session: WriteSession, order_id: int, payment_id: int, paid_at: datetime, at: datetime, zone: ZoneInfo
) -> None:
    """Delivers what can be delivered, refunds what a late payment can no longer get, closes the order's other attempts.

    Whether it was late is judged by `paid_at`, the gateway's instant. The payment is posted before; the order is
    locked by the caller.
    """
    decision = await order_was_paid(session, order_id, paid_at, zone)
    if decision.undeliverable:
        await refunds.grant(session, [(unit, None) for unit in decision.undeliverable], LATE, None, at, zone)
    await close_others(session, order_id, payment_id, at)


async def close_others(session: WriteSession, order_id: int, payment_id: int, at: datetime) -> None:
    """Has the gateways asked at once to close other attempts that are still open, so that nobody pays twice."""
    for other in await queries.open_payments(session, order_id):
        if other.id != payment_id:
            other.ask_at = at
            await defer(session, "payments.ask", {"payment_id": other.id}, lock=f"payment:{other.id}")
