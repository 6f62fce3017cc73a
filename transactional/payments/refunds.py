"""Granting refunds: of whole units or parts, repeatedly too, never more than was paid. Sending them is `payouts`'."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from transactional.accounts.service import record_act
from transactional.db import WriteSession
from transactional.jobs import defer
from transactional.ledger import service as ledger
from transactional.ledger.rules import Delivered, Posting, refund_granted
from transactional.orders.errors import NotRefundableError
from transactional.orders.fulfilment import Refundable, membership_refunded, refund_begins, refund_ended
from transactional.payments import numbers, payouts, queries
from transactional.payments.errors import PartOfUndeliveredError, RefundTooLargeError
from transactional.payments.models import Payment, Refund, RefundPayout
from transactional.payments.refund_rules import Part, Unit, parts_of
from transactional.payments.rules import GATEWAYS
from transactional.payments.sharing import return_all

Wanted = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class Granted:
    """A unit and the sums that go back for it."""

    unit: Refundable
    parts: tuple[Part, ...]


async def grant(
    session: WriteSession,
    wanted: Sequence[Wanted],
    reason: str,
    staff_id: int | None,
    at: datetime,
    zone: ZoneInfo,
) -> list[int]:
    """Refunds (fulfilment, fen or all that is left) and returns the payouts' ids, one for each payment.

    Wallets get their money at once, gateways by a job; an act of staff is recorded. Raises RefundTooLargeError,
    PartOfUndeliveredError, NotRefundableError; then the transaction must not be committed.
    """
    if len({unit for unit, _ in wanted}) != len(wanted):
        raise RefundTooLargeError
    units = await refund_begins(session, [unit for unit, _ in wanted], zone)
    refunded = await queries.refunded_by_unit(session, [unit.fulfilment_id for unit in units])
    amounts = dict(wanted)
    by_order: dict[int, list[Granted]] = defaultdict(list)
    for unit in units:
        by_order[unit.order_id].append(Granted(unit, _parts(unit, amounts[unit.fulfilment_id], refunded)))
    payouts_made = []
    for order_id, granted in sorted(by_order.items(), key=_by_customer):
        payout_id = await _grant_order(session, order_id, granted, reason, at, zone)
        if payout_id is not None:
            payouts_made.append(payout_id)
        if staff_id is not None:
            await _record(session, staff_id, granted, reason)
    return payouts_made


def _by_customer(of_order: tuple[int, Sequence[Granted]]) -> tuple[int, int]:
    """Purchases lock wallets in the order of their customers; credited in another, they would wait in a circle."""
    order_id, granted = of_order
    return granted[0].unit.customer_id, order_id


async def _record(session: WriteSession, staff_id: int, granted: Sequence[Granted], reason: str) -> None:
    total = sum(part.amount_fen for each in granted for part in each.parts)
    detail = {"units": len(granted), "amount_fen": total}
    await record_act(session, staff_id, "refund", granted[0].unit.order_no, reason=reason, detail=detail)


def _parts(unit: Refundable, amount_fen: int | None, refunded: Mapping[int, int]) -> tuple[Part, ...]:
    facts = Unit(
        fulfilment_id=unit.fulfilment_id,
        net_fen=unit.net_fen,
        refunded_fen=refunded.get(unit.fulfilment_id, 0),
        delivered=unit.delivered,
        membership=unit.membership,
        unearned_fen=unit.unearned_fen,
    )
    parts = parts_of(facts, amount_fen)
    if parts == "too_much":
        raise RefundTooLargeError
    if parts == "part_of_undelivered":
        raise PartOfUndeliveredError
    if not parts and facts.net_fen:
        raise NotRefundableError
    return parts


async def _grant_order(
    session: WriteSession, order_id: int, granted: Sequence[Granted], reason: str, at: datetime, zone: ZoneInfo
) -> int | None:
    free = [each.unit.fulfilment_id for each in granted if not each.parts]
    if free:
        await refund_ended(session, free, True)
    total = sum(part.amount_fen for each in granted for part in each.parts)
    if not total:
        return None
    payment = await _payment(session, order_id, total)
    payout = RefundPayout(
        payment_id=payment.id,
        method=payment.method,
        state="created",
        amount_fen=total,
        out_refund_no=numbers.fresh("R", at, zone),
        requested_at=at,
        ask_at=at if payment.method in GATEWAYS else None,
    )
    session.add(payout)
    await session.flush()
    await _refund_rows(session, payout, granted, reason, at, zone)
    if payment.method == "wallet":
        await payouts.succeeded(session, payout, at, zone)
    else:
        await return_all(session, payment, at, zone)
        await defer(session, "payments.pay_out", {"payout_id": payout.id}, lock=f"payout:{payout.id}")
    return payout.id


async def _payment(session: WriteSession, order_id: int, total_fen: int) -> Payment:
    """The locked payment of an order, with at least so much left of it."""
    number = await queries.success_of(session, order_id)
    if number is None:
        raise NotRefundableError
    payment: Payment = await queries.locked(session, Payment, number)
    if payment.method not in ("wallet", *GATEWAYS):
        raise NotRefundableError
    gone = await queries.paid_back_fen(session, payment.id) + await queries.charged_back_fen(session, payment.id)
    if total_fen > payment.amount_fen - gone:
        raise RefundTooLargeError
    return payment


async def _refund_rows(
    session: WriteSession,
    payout: RefundPayout,
    granted: Sequence[Granted],
    reason: str,
    at: datetime,
    zone: ZoneInfo,
) -> None:
    rows = [
        (
            Refund(
                fulfilment_id=part.fulfilment_id,
                payout_id=payout.id,
                method=payout.method,
                state="pending",
                amount_fen=part.amount_fen,
                earned=part.earned,
                reason=reason,
                refunded_at=at,
            ),
            each.unit,
            part,
        )
        for each in granted
        for part in each.parts
    ]
    session.add_all(row for row, _, _ in rows)
    await session.flush()
    await ledger.post(session, [_posting(row.id, unit, part, at) for row, unit, part in rows], zone)
    for _, unit, part in rows:
        if unit.membership and unit.delivered and not part.earned:
            await membership_refunded(session, unit.fulfilment_id, part.amount_fen)


def _posting(refund_id: int, unit: Refundable, part: Part, at: datetime) -> Posting:
    about = (unit.fulfilment_id, unit.order_item_id, unit.order_id, unit.customer_id)
    sold = Delivered(*about, unit.gross_fen, unit.discount_fen, None, at)
    return refund_granted(refund_id, sold, part.amount_fen, part.earned, at, part.unearned)
