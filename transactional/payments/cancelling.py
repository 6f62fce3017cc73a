"""A shopper gives an order up alone: an unpaid one ends, of a paid one everything that is not handed over goes back."""

from datetime import datetime
from zoneinfo import ZoneInfo

from transactional.db import WriteSession
from transactional.orders import fulfilment
from transactional.orders.due import lock_due
from transactional.orders.errors import OrderMovedOnError
from transactional.payments.refunds import grant

REASON = "cancelled by the customer"


async def give_up(session: WriteSession, order_no: str, customer_id: int, at: datetime, zone: ZoneInfo) -> None:
    """Done twice it is the same. Raises NotFoundError, OrderMovedOnError when everything has been handed over."""
    due = await lock_due(session, order_no, customer_id)
    if due.state in ("pending_payment", "cancelled"):
        await fulfilment.cancel(session, order_no, customer_id)
        return
    waiting = await fulfilment.waiting_units(session, due.order_id)
    if waiting:
        await grant(session, [(unit, None) for unit in waiting], REASON, None, at, zone)
    elif due.state not in ("refund_pending", "refunded"):
        raise OrderMovedOnError
