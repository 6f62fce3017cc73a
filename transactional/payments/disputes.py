"""What staff record of the gateways: money taken back after a dispute, money paid out to the shop's bank."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from transactional.accounts.service import record_act
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.ledger import service as ledger
from transactional.ledger.gateway_rules import charged_back, gateway_settled
from transactional.orders import fulfilment
from transactional.orders.due import lock_due_by_id
from transactional.payments import queries
from transactional.payments.dispute_rules import Disputed, taken_back
from transactional.payments.errors import AlreadyRecordedError, TooMuchChargedBackError
from transactional.payments.models import Chargeback, GatewaySettlement, Payment
from transactional.payments.schemas import NewChargeback, NewSettlement

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
    due = await lock_due_by_id(session, found.order_id)
    payment: Payment = await queries.locked(session, Payment, found.id)
    known = await session.scalar(select(Chargeback).where(Chargeback.gateway_reference == new.gateway_reference))
    if known is not None:
        return _same(
            known, (known.payment_id, known.amount_fen, known.fee_fen), (payment.id, new.amount_fen, new.fee_fen)
        )
    units = (await session.execute(queries.UNITS, {"order_id": due.order_id})).all()
    left = [unit.net_fen - unit.refunded_fen for unit in units]
    if new.amount_fen > sum(left) - await queries.charged_back_fen(session, payment.id):
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
    open_units = [
        Disputed(unit.id, unit.order_item_id, unit.net_fen - unit.refunded_fen, unit.is_deliverable)
        for unit in units
        if unit.delivered or unit.state != "refunded"  # closed by a dispute before: nothing is left of it to lose
    ]
    taken = taken_back(open_units, new.amount_fen)
    if taken.units:
        await fulfilment.taken_back(session, taken.units)
    parts = [(part.order_item_id, part.fulfilment_id, part.amount_fen, part.earned) for part in taken.parts]
    posting = charged_back(row.id, due.order_id, due.customer_id, parts, new.fee_fen, happened_at)
    await ledger.post(session, [posting], zone)
    detail = {"amount_fen": new.amount_fen, "fee_fen": new.fee_fen}
    await record_act(session, staff_id, "record_chargeback", due.order_no, reason=new.reason, detail=detail)
    await session.refresh(row, ["public_id"])
    return row.public_id


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
