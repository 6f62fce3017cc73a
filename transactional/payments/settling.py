"""What follows from a payment that succeeded, in its transaction: the order moves on, what cannot come goes back."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from transactional.db import WriteSession
from transactional.jobs import defer
from transactional.orders.fulfilment import order_was_paid
from transactional.payments import queries, refunds
from transactional.payments.models import Payment
from transactional.wallets import top_ups
from transactional.wallets.top_ups import TopUpDue

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
    await close_others(session, await queries.open_payments(session, order_id), payment_id, at)


async def settle_top_up(session: WriteSession, due: TopUpDue, payment_id: int, paid_at: datetime, at: datetime) -> None:
    """The money is in the wallet, which is locked last; other attempts are closed. The payment is posted before."""
    await top_ups.mark_paid(session, due.top_up_id, paid_at)
    await close_others(session, await queries.open_payments(session, None, due.top_up_id), payment_id, at)
    await session.execute(queries.CREDIT_WALLET, {"customer_id": due.customer_id, "amount_fen": due.amount_fen})


async def close_others(
    session: WriteSession, attempts: Sequence[Payment], payment_id: int | None, at: datetime
) -> None:
    """Has the gateways asked at once to close other attempts that are still open, so that nobody pays twice."""
    for other in attempts:
        if other.id != payment_id:
            other.ask_at = at
            await defer(session, "payments.ask", {"payment_id": other.id}, lock=f"payment:{other.id}")
