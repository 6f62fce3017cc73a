"""How an order moves: its state follows its fulfilments by the transition table, and every move leaves an event."""

from datetime import datetime

from sqlalchemy import text

from transactional.db import WriteSession
from transactional.orders import fulfilment_queries as queries
from transactional.orders.fulfilment_queries import LockedOrder
from transactional.orders.models import OrderEvent
from transactional.orders.rules import move, next_state

PAID = text("update shop.orders set state = :state, paid_at = :at, cancelled_at = null where id = :order_id")
MOVED = text("""
update shop.orders set state = :state,
    delivered_at = case when :state = 'delivered' then coalesce(delivered_at, :at) else delivered_at end,
    completed_at = case when :state = 'completed' then coalesce(completed_at, :at) else completed_at end,
    cancelled_at = case when :state = 'cancelled' then :at else cancelled_at end
where id = :order_id
""")


async def note(session: WriteSession, order_id: int, kind: str, at: datetime, **detail: str | int | None) -> None:
    """An event of the order."""
    session.add(OrderEvent(order_id=order_id, kind=kind, happened_at=at, detail=detail))
    await session.flush()


async def paid(session: WriteSession, order: LockedOrder, at: datetime) -> None:
    """Raises ForbiddenTransitionError when the order was paid before."""
    state = move(order.state, "paid")
    await session.execute(PAID, {"order_id": order.id, "state": state, "at": at})
    await note(session, order.id, "paid", at)


async def moved(
    session: WriteSession, order: LockedOrder, to: str, at: datetime, *, event: str, **detail: str | int | None
) -> None:
    """One move by the table. Raises ForbiddenTransitionError."""
    await session.execute(MOVED, {"order_id": order.id, "state": move(order.state, to), "at": at})
    await note(session, order.id, event, at, **detail)


async def settled(session: WriteSession, order_id: int, at: datetime) -> str:
    """The state that a paid order's fulfilments give it, entered if it is another than before."""
    order = (await queries.lock_orders(session, [order_id]))[order_id]
    units = await queries.units_of_order(session, order_id)
    to = next_state([unit.state for unit in units], order.completed_at is not None)
    if to != order.state:
        await moved(session, order, to, at, event=to)
    return to
