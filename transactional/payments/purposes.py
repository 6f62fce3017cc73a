"""What a payment is for: an order, or a top-up of a wallet. It is locked before the payment, by everybody.

What follows from its payment is told in `apply` and `settling`.
"""

from transactional.db import WriteSession
from transactional.orders.due import Due, lock_due_by_id
from transactional.payments.models import Payment
from transactional.wallets import top_ups
from transactional.wallets.top_ups import TopUpDue

Purpose = Due | TopUpDue


async def lock_purpose(session: WriteSession, payment: Payment) -> Purpose:
    """Raises NotFoundError."""
    if payment.top_up_id is not None:
        return await top_ups.lock(session, payment.top_up_id)
    return await lock_due_by_id(session, order_of(payment))


def order_of(payment: Payment) -> int:
    """The order of a payment that can only be for one. Raises ValueError for a top-up's."""
    if payment.order_id is None:
        raise ValueError(f"payment {payment.id} is for no order")
    return payment.order_id


def is_waiting(purpose: Purpose) -> bool:
    """Whether it still waits for its money."""
    return purpose.state == ("pending_payment" if isinstance(purpose, Due) else "open")
