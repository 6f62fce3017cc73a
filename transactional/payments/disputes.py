"""What staff record of the gateways: money taken back after a dispute, money paid out to the shop's bank."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from transactional.accounts.service import record_act
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.ledger import service as ledger
from transactional.ledger.gateway_rules import charged_back, gateway_settled, top_up_charged_back
from transactional.orders import fulfilment
from transactional.orders.due import Due
from transactional.payments import queries
from transactional.payments.dispute_rules import Disputed, taken_back
from transactional.payments.errors import AlreadyRecordedError, TooMuchChargedBackError
from transactional.payments.models import Chargeback, GatewaySettlement, Payment
from transactional.payments.purposes import lock_purpose
from transactional.payments.schemas import NewChargeback, NewSettlement
from transactional.wallets.top_ups import TopUpDue

LONGEST_AGO = timedelta(days=366)
"""How late a settlement may be recorded."""


async def record_chargeback(
    session: WriteSession, new: NewChargeback, staff_id: int, zone: ZoneInfo, at: datetime
) -> UUID:
    """The gateway took money back; recorded once under its reference (`dispute_rules` says for what).

    Raises NotFoundError, InvalidInputError (before the payment), TooMuchChargedBackError, AlreadyRecordedError.
    """
    found = await queries.payment_named(session, new.payment_id)
    if found is None or found.state != "succeeded":
        raise NotFoundError
    due = await lock_purpose(session, found)
    payment: Payment = await queries.locked(session, Payment, found.id)
    known = await session.scalar(select(Chargeback).where(Chargeback.gateway_reference == new.gateway_reference))
    if known is not None:
        return _same(
            known, (known.payment_id, known.amount_fen, known.fee_fen), (payment.id, new.amount_fen, new.fee_fen)
        )
    units = [] if isinstance(due, TopUpDue) else await _units(session, due)
    if new.amount_fen > await _left_fen(session, payment, units):
        raise TooMuchChargedBackError
    happened_at = _since(payment.paid_at or at, new.charged_back_at, at, "body.charged_back_at")
    row = Chargeback(
        payment_id=payment.id,
        amount_fen=new.amount_fen,
        fee_fen=new.fee_fen,
        gateway_reference=new.gateway_reference,
        reason=new.reason,
        recorded_by=staff_id,
        charged_back_at=happened_at,
    )
    session.add(row)
    await session.flush()
    subject = await _top_up_lost(session, row, due, zone) if isinstance(due, TopUpDue) else due.order_no
    if isinstance(due, Due):
        await _units_lost(session, row, due, units, zone)
    detail = {"amount_fen": new.amount_fen, "fee_fen": new.fee_fen}
    await record_act(session, staff_id, "record_chargeback", subject, reason=new.reason, detail=detail)
    await session.refresh(row, ["public_id"])
    return row.public_id


async def _units(session: WriteSession, due: Due) -> Sequence[Any]:
    return (await session.execute(queries.UNITS, {"order_id": due.order_id})).all()


async def _left_fen(session: WriteSession, payment: Payment, units: Sequence[Any]) -> int:
    """What the gateway can still take back: of an order what is not refunded, of a top-up what did not leave it."""
    gone = await queries.charged_back_fen(session, payment.id)
    if payment.top_up_id is not None:
        return payment.amount_fen - gone - await queries.withdrawn_fen(session, payment.id)
    left = [int(unit.net_fen - unit.refunded_fen) for unit in units]
    return sum(left) - gone


async def _top_up_lost(session: WriteSession, row: Chargeback, due: TopUpDue, zone: ZoneInfo) -> str:
    """What the wallet still holds of the sum leaves it; what was spent is lost. The top-up's name."""
    wanted = {"customer_id": due.customer_id, "amount_fen": row.amount_fen}
    from_wallet = await session.scalar(queries.TAKE_FROM_WALLET, wanted) or 0
    sums = (from_wallet, row.amount_fen - from_wallet, row.fee_fen)
    await ledger.post(session, [top_up_charged_back(row.id, due.customer_id, *sums, row.charged_back_at)], zone)
    return f"top-up:{due.public_id}"


async def _units_lost(session: WriteSession, row: Chargeback, due: Due, units: Sequence[Any], zone: ZoneInfo) -> None:
    open_units = [
        Disputed(unit.id, unit.order_item_id, unit.net_fen - unit.refunded_fen, unit.is_deliverable)
        for unit in units
        if unit.delivered or unit.state != "refunded"  # closed by a dispute before: nothing is left of it to lose
    ]
    taken = taken_back(open_units, row.amount_fen)
    if taken.units:
        await fulfilment.taken_back(session, taken.units)
    parts = [(part.order_item_id, part.fulfilment_id, part.amount_fen, part.earned) for part in taken.parts]
    posting = charged_back(row.id, due.order_id, due.customer_id, parts, row.fee_fen, row.charged_back_at)
    await ledger.post(session, [posting], zone)


async def record_settlement(
    session: WriteSession, new: NewSettlement, staff_id: int, zone: ZoneInfo, at: datetime
) -> UUID:
    """The gateway paid out to the bank; recorded once under the bank's reference.

    Raises InvalidInputError for one of long ago, AlreadyRecordedError.
    """
    settled_at = _since(at - LONGEST_AGO, new.settled_at, at, "body.settled_at")
    values = {
        "method": new.method,
        "amount_fen": new.amount_fen,
        "bank_reference": new.bank_reference,
        "recorded_by": staff_id,
        "settled_at": settled_at,
    }
    once = insert(GatewaySettlement).values(values).on_conflict_do_nothing().returning(GatewaySettlement)
    row = await session.scalar(once)
    if row is None:
        mine = select(GatewaySettlement).where(
            GatewaySettlement.method == new.method, GatewaySettlement.bank_reference == new.bank_reference
        )
        known = (await session.scalars(mine)).one()
        return _same(known, (known.amount_fen,), (new.amount_fen,))
    await ledger.post(session, [gateway_settled(row.id, row.amount_fen, row.settled_at)], zone)
    detail = {"amount_fen": new.amount_fen}
    await record_act(session, staff_id, "record_settlement", f"{new.method}:{new.bank_reference}", detail=detail)
    return row.public_id


def _since(earliest: datetime, said: datetime | None, at: datetime, place: str) -> datetime:
    """The instant that staff gave, now at the latest. Raises InvalidInputError for one before it was possible: a slip
    in the year would open months of the ledger that never were."""
    happened_at = min(said or at, at)
    if happened_at < earliest:
        raise InvalidInputError([FieldProblem(place, "This is not a value that can be used here.")])
    return happened_at


def _same(known: Chargeback | GatewaySettlement, recorded: tuple[int, ...], given: tuple[int, ...]) -> UUID:
    if recorded != given:
        raise AlreadyRecordedError
    return known.public_id
