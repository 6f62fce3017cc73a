"""Orders that stand still: deliver a set of them again, refund what waits, or cancel, as one act on record."""

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.backoffice import stuck_queries
from transactional.backoffice.stuck_schemas import BulkAct, BulkOutcome, BulkResult, Outcome
from transactional.db import WriteSession
from transactional.errors import NotFoundError, ShopError
from transactional.orders import fulfilment
from transactional.orders import service as orders
from transactional.orders.due import lock_all, lock_due
from transactional.orders.errors import OrderMovedOnError
from transactional.payments import refunds


async def act_on(
    session: WriteSession, staff_id: int, order_nos: Sequence[str], act: BulkAct, reason: str, zone: ZoneInfo
) -> BulkResult:
    """Each order by itself: one that refuses changes nothing and does not stop the others.

    All are locked first, then taken in the order of their customers, as purchases lock wallets: nobody waits in a
    circle.
    """
    await lock_all(session, order_nos)
    in_turn = await stuck_queries.by_customer(session, order_nos)
    outcomes = {order_no: await _one(session, staff_id, order_no, act, reason, zone) for order_no in in_turn}
    counts = Counter(outcome.outcome for outcome in outcomes.values())
    detail = {"orders": [f"{o.order_no} {o.outcome}" for o in outcomes.values()], "counts": dict(counts)}
    await record_act(session, staff_id, f"{act}_orders", "orders", reason=reason, detail=detail)
    return BulkResult(results=tuple(outcomes[order_no] for order_no in dict.fromkeys(order_nos)))


async def _one(
    session: WriteSession, staff_id: int, order_no: str, act: BulkAct, reason: str, zone: ZoneInfo
) -> BulkOutcome:
    try:
        async with session.begin_nested():
            if act == "redeliver":
                outcome = await _redeliver(session, order_no, zone)
            elif act == "cancel":
                outcome = await _cancel(session, order_no)
            else:
                outcome = await _refund(session, staff_id, order_no, reason, zone)
            state = (await orders.order_for_staff(session, order_no)).state
    except ShopError as refusal:
        return BulkOutcome(order_no=order_no, outcome="refused", problem=refusal.type)
    return BulkOutcome(order_no=order_no, outcome=outcome, order_state=state)


async def _redeliver(session: WriteSession, order_no: str, zone: ZoneInfo) -> Outcome:
    try:
        given, left = await fulfilment.redeliver(session, order_no, zone)
    except OrderMovedOnError:
        return "nothing_to_do"
    if not left:
        return "delivered"
    return "partly_delivered" if given else "still_waiting"


async def _cancel(session: WriteSession, order_no: str) -> Outcome:
    """An unpaid order is given up. Raises OrderMovedOnError when it is paid."""
    if (await lock_due(session, order_no, None)).state == "cancelled":
        return "nothing_to_do"
    await fulfilment.cancel(session, order_no, None)
    return "cancelled"


async def _refund(session: WriteSession, staff_id: int, order_no: str, reason: str, zone: ZoneInfo) -> Outcome:
    """All that waits, whole; what was delivered stays."""
    due = await lock_due(session, order_no, None)
    if due.state == "pending_payment":
        raise NotFoundError
    waiting = await stuck_queries.waiting_units(session, order_no)
    if not waiting:
        return "nothing_to_do"
    await refunds.grant(session, [(unit, None) for unit in waiting], reason, staff_id, clock.now(), zone)
    return "refunding"
