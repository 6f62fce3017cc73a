"""What payments and staff make happen to an order: it was paid, is refunded, cancelled, ran out, is delivered again.

All in the caller's transaction, with the order's row locked. Money is posted by payments; goods are handed over here.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from mingsuan import clock
from transactional.cards import pool
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError
from transactional.orders import fulfilment_queries as queries
from transactional.orders import handing_over, memberships, progress
from transactional.orders.due import lock_due
from transactional.orders.errors import NotRefundableError, OrderMovedOnError
from transactional.orders.fulfilment_queries import LockedOrder, RefundStands, Unit
from transactional.suppliers import service as suppliers

AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class PaidDecision:
    """What became of a payment.

    `on_time`: everything could be given. `reclaimed`: late, and everything could be given all the same. `waiting`: on
    time, but some codes are gone: their units wait for stock. `refund`: too late, or cancelled: the `undeliverable`
    units are to be refunded.
    """

    kind: Literal["on_time", "reclaimed", "waiting", "refund"]
    undeliverable: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Refundable:
    """A unit about to be refunded. `unearned_fen` of its net is not earned yet: all before delivery, none after it,
    for a running membership the days to come."""

    fulfilment_id: int
    order_item_id: int
    order_id: int
    order_no: str
    customer_id: int
    gross_fen: int
    discount_fen: int
    cost_fen: int | None
    delivered_at: datetime | None
    membership: bool
    unearned_fen: int

    @property
    def net_fen(self) -> int:
        return self.gross_fen - self.discount_fen

    @property
    def delivered(self) -> bool:
        return self.delivered_at is not None


async def order_was_paid(session: WriteSession, order_id: int, at: datetime, zone: ZoneInfo) -> PaidDecision:
    """The order's money came at an instant (the gateway's own, when it tells): its goods are given now.

    After `pay_by`, or after somebody cancelled the order, this is one decision with an event of its own. Raises
    NotFoundError, ForbiddenTransitionError when the order was paid before.
    """
    order = (await queries.lock_orders(session, [order_id])).get(order_id)
    if order is None:
        raise NotFoundError
    now = clock.now()
    await progress.paid(session, order, at)
    units = await _open_again(session, order_id)
    late = order.was_withdrawn or (order.pay_by is not None and at > order.pay_by)
    if order.was_withdrawn:
        without = units
        await queries.mark(session, units, "waiting", "stock")
    else:
        without = await handing_over.hand_over(session, units, now, zone)
    decision = await _decided(session, late, without)
    if late:
        await _note_late(session, order, at, now, decision)
    await progress.settled(session, order_id, now)
    return decision


async def redeliver(session: WriteSession, order_no: str, zone: ZoneInfo) -> tuple[int, int]:
    """Gives a paid order's units that wait for stock what is free now: (given, still waiting).

    Raises NotFoundError, OrderMovedOnError when nothing of it waits for stock.
    """
    due = await lock_due(session, order_no, None)
    units = [unit for unit in await queries.units_of_order(session, due.order_id) if unit.state == "waiting"]
    stuck = [unit for unit in units if unit.waits_for == "stock"]
    if not stuck:
        raise OrderMovedOnError
    items = {unit.item_id for unit in stuck if unit.kind == "physical"}
    waiting = [unit for unit in units if unit.waits_for == "stock" or unit.item_id in items]
    left = await handing_over.hand_over(session, waiting, clock.now(), zone)
    await progress.settled(session, due.order_id, clock.now())
    return len(stuck) - len(left), len(left)


async def refund_begins(session: WriteSession, fulfilment_ids: Sequence[int], zone: ZoneInfo) -> tuple[Refundable, ...]:
    """Units whose refund is granted: nothing more is handed over or earned on them. In the given order.

    Raises NotFoundError, NotRefundableError for a unit that is unpaid, refunded, or undelivered with a refund under
    way, PurchaseOpenError for one that a supplier may still deliver.
    """
    units = await _locked_units(session, fulfilment_ids)
    for unit in units:
        again = unit.state == "refund_pending" and unit.delivered_at is not None
        if unit.paid_at is None or not (again or unit.state in {"waiting", "delivered"}):
            raise NotRefundableError
    waiting = [unit.fulfilment_id for unit in units if unit.state == "waiting"]
    await suppliers.refuse_while_bought(session, waiting)
    await suppliers.not_wanted(session, waiting, clock.now())
    periods = [unit.fulfilment_id for unit in units if unit.kind == "membership" and unit.delivered_at]
    if periods:
        await memberships.release_of(session, periods, clock.now(), zone)
    unearned = await memberships.unearned_fen(session, periods)
    for waits_for in {unit.waits_for for unit in units}:
        await queries.mark(session, [u for u in units if u.waits_for == waits_for], "refund_pending", waits_for)
    for order_id in sorted({unit.order_id for unit in units}):
        await progress.settled(session, order_id, clock.now())
    by_id = {unit.fulfilment_id: _refundable(unit, unearned) for unit in units}
    return tuple(by_id[fulfilment_id] for fulfilment_id in fulfilment_ids)


async def membership_refunded(session: WriteSession, fulfilment_id: int, unearned_fen: int) -> None:
    """So much of a running membership's unearned price is being refunded: it will not become income.

    Raises ValueError when less is unearned.
    """
    await memberships.shrink(session, fulfilment_id, unearned_fen)


async def refund_ended(session: WriteSession, fulfilment_ids: Sequence[int], succeeded: bool) -> None:
    """The refund of these units was paid out, or failed; called when the refunds' rows say so.

    An undelivered unit is then refunded, or waits again; a delivered one is refunded when all of its net is.
    """
    units = await _locked_units(session, fulfilment_ids)
    stands = await queries.refund_stands(session, fulfilment_ids)
    now = clock.now()
    refunded = [unit for unit in units if _is_refunded(unit, stands[unit.fulfilment_id], succeeded)]
    open_again = [u for u in units if u not in refunded and not (u.delivered_at and stands[u.fulfilment_id].pending)]
    await queries.mark(session, refunded, "refunded")
    for unit in open_again:
        state = "delivered" if unit.delivered_at else "waiting"
        await queries.mark(session, [unit], state, unit.waits_for)
    await _give_back(session, refunded, now)
    for order_id in sorted({unit.order_id for unit in units}):
        await progress.settled(session, order_id, now)


async def taken_back(session: WriteSession, fulfilment_ids: Sequence[int]) -> None:
    """A dispute took back the money for these undelivered units: they are not handed over any more.

    Raises NotFoundError, NotRefundableError for a unit that does not wait.
    """
    units = await _locked_units(session, fulfilment_ids)
    if any(unit.state != "waiting" or unit.paid_at is None for unit in units):
        raise NotRefundableError
    now = clock.now()
    await suppliers.not_wanted(session, fulfilment_ids, now)
    orders = sorted({unit.order_id for unit in units})
    for state in ("refund_pending", "refunded"):  # both are stations of the order, as of any money that goes back
        await queries.mark(session, units, state)
        for order_id in orders:
            await progress.settled(session, order_id, now)
    await _give_back(session, units, now)


async def cancel(session: WriteSession, order_no: str, customer_id: int | None) -> None:
    """An unpaid order is given up and its units are free again; cancelled before, nothing happens.

    Raises NotFoundError, OrderMovedOnError when it is paid.
    """
    due = await lock_due(session, order_no, customer_id)
    if due.state == "cancelled":
        return
    if due.state != "pending_payment":
        raise OrderMovedOnError
    order = (await queries.lock_orders(session, [due.order_id]))[due.order_id]
    await _end_unpaid(session, order, clock.now())
    units = await queries.units_of_order(session, due.order_id)
    await pool.release(session, Counter(unit.item_id for unit in units))


async def waiting_units(session: ReadSession, order_id: int) -> list[int]:
    """Fulfilments of a paid order that are not handed over, nor on their way back."""
    units = await queries.units_of_order(session, order_id)
    return [unit.fulfilment_id for unit in units if unit.state == "waiting" and unit.paid_at is not None]


async def unpaid_expired(session: WriteSession, at: datetime) -> int:
    """Marks unpaid orders whose time is over as cancelled; how many, at most AT_ONCE.

    It only tidies: their holds ended by time, and stay theirs until another claims them.
    """
    orders = await queries.lock_orders(session, await queries.expired(session, at, AT_ONCE))
    for order in orders.values():
        await _end_unpaid(session, order, at)
    return len(orders)


async def complete(session: WriteSession, order_no: str, customer_id: int | None) -> None:
    """The customer, or staff, confirm that all is well. Raises NotFoundError, OrderMovedOnError."""
    due = await lock_due(session, order_no, customer_id)
    if due.state == "completed":
        return
    if due.state != "delivered":
        raise OrderMovedOnError
    order = (await queries.lock_orders(session, [due.order_id]))[due.order_id]
    await progress.moved(session, order, "completed", clock.now(), event="completed")


async def _end_unpaid(session: WriteSession, order: LockedOrder, at: datetime) -> None:
    ran_out = order.pay_by is not None and at > order.pay_by
    await progress.moved(session, order, "cancelled", at, event="expired" if ran_out else "cancelled")
    await queries.mark(session, await queries.units_of_order(session, order.id), "cancelled")


async def _open_again(session: WriteSession, order_id: int) -> list[Unit]:
    """The order's units, waiting again when the order was cancelled."""
    units = await queries.units_of_order(session, order_id)
    cancelled = [unit for unit in units if unit.state == "cancelled"]
    if cancelled:
        await queries.mark(session, cancelled, "waiting")
        units = await queries.units_of_order(session, order_id)
    return units


async def _decided(session: WriteSession, late: bool, without: Sequence[Unit]) -> PaidDecision:
    if not without:
        return PaidDecision("reclaimed" if late else "on_time")
    if not late:
        return PaidDecision("waiting")
    await queries.mark(session, [unit for unit in without if unit.net_fen == 0], "refunded")
    return PaidDecision("refund", tuple(unit.fulfilment_id for unit in without if unit.net_fen))


async def _note_late(
    session: WriteSession, order: LockedOrder, at: datetime, now: datetime, decision: PaidDecision
) -> None:
    await progress.note(
        session,
        order.id,
        "late_payment",
        now,
        paid_at=at.isoformat(),
        pay_by=order.pay_by.isoformat() if order.pay_by else None,
        was=order.state,
        decision=decision.kind,
        undeliverable=len(decision.undeliverable),
    )


async def _locked_units(session: WriteSession, fulfilment_ids: Sequence[int]) -> list[Unit]:
    """Units with their orders locked: what is read after the lock stays true."""
    found = await queries.units_by_id(session, fulfilment_ids)
    if len(found) != len(set(fulfilment_ids)):
        raise NotFoundError
    await queries.lock_orders(session, {unit.order_id for unit in found})
    return await queries.units_by_id(session, fulfilment_ids)


def _refundable(unit: Unit, unearned: dict[int, int]) -> Refundable:
    open_fen = unearned.get(unit.fulfilment_id, 0) if unit.delivered_at else unit.net_fen
    return Refundable(
        fulfilment_id=unit.fulfilment_id,
        order_item_id=unit.item_id,
        order_id=unit.order_id,
        order_no=unit.order_no,
        customer_id=unit.customer_id,
        gross_fen=unit.gross_fen,
        discount_fen=unit.discount_fen,
        cost_fen=unit.cost_fen,
        delivered_at=unit.delivered_at,
        membership=unit.kind == "membership",
        unearned_fen=open_fen,
    )


def _is_refunded(unit: Unit, stands: RefundStands, succeeded: bool) -> bool:
    if unit.delivered_at is None:
        return succeeded
    return stands.pending == 0 and stands.refunded_fen >= stands.net_fen


async def _give_back(session: WriteSession, refunded: Sequence[Unit], at: datetime) -> None:
    """Physical units that were kept for undelivered ones are free again; refunded memberships end."""
    kept = Counter(
        u.item_id for u in refunded if u.kind == "physical" and not u.delivered_at and u.waits_for == "manual"
    )
    if kept:
        await pool.release(session, kept)
    ended = [unit.fulfilment_id for unit in refunded if unit.kind == "membership" and unit.delivered_at]
    if ended:
        await memberships.end(session, ended, at)
