"""What staff decide about withdrawals: approve, refuse, record that the bank paid or gave the money back.

Each is an act of staff in the caller's transaction. Gateways are asked by a job, under numbers given here once.
"""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from transactional.accounts.service import record_act
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.jobs import defer
from transactional.payments import numbers
from transactional.payments.models import Payment, RefundPayout
from transactional.wallets import parts
from transactional.wallets.errors import BankReferenceUsedError, WithdrawalDecidedError
from transactional.wallets.models import Withdrawal, WithdrawalPart

RUNNING = ("approved", "paying", "unknown")


async def approve(session: WriteSession, withdrawal_id: UUID, staff_id: int, zone: ZoneInfo, at: datetime) -> None:
    """Sends back what goes back to payments; a part for the bank waits to be paid there.

    Raises NotFoundError, WithdrawalDecidedError.
    """
    withdrawal = await _named(session, withdrawal_id, ("requested",))
    going = await parts.parts_of(session, withdrawal.id)
    for part in going:
        if part.payment_id is not None:
            await _send(session, withdrawal, part, zone, at)
    has_gateway = any(part.payment_id is not None for part in going)
    withdrawal.state = "paying" if has_gateway else "approved"
    await _decided(session, withdrawal, staff_id, "approve_withdrawal", "", at)


async def refuse(
    session: WriteSession, withdrawal_id: UUID, staff_id: int, reason: str, zone: ZoneInfo, at: datetime
) -> None:
    """The money is in the wallet again; the customer reads the reason. Raises as `approve`, InvalidInputError."""
    withdrawal = await _named(session, withdrawal_id, ("requested",))
    withdrawal.state, withdrawal.reason, withdrawal.ended_at = "refused", _reason(reason), at
    await parts.return_parts(session, withdrawal, await parts.parts_of(session, withdrawal.id), at, zone)
    await _decided(session, withdrawal, staff_id, "refuse_withdrawal", reason, at)


async def bank_paid(
    session: WriteSession, withdrawal_id: UUID, staff_id: int, reference: str, zone: ZoneInfo, at: datetime
) -> None:
    """The bank paid the part that waited for it, under this reference of its own, which is recorded once.

    Raises NotFoundError, WithdrawalDecidedError, BankReferenceUsedError, InvalidInputError.
    """
    reference = reference.strip()
    if not 0 < len(reference) <= 128:
        raise InvalidInputError([FieldProblem("body.reference", "Is required.")])
    withdrawal = await _named(session, withdrawal_id, RUNNING)
    part = await _bank_part(session, withdrawal)
    if await session.scalar(select(WithdrawalPart.id).where(WithdrawalPart.bank_reference == reference)) is not None:
        raise BankReferenceUsedError
    part.bank_reference = reference
    await parts.pay_part(session, withdrawal, part, "bank", at, zone)
    await parts.settle(session, withdrawal, at)
    detail = {"amount_fen": part.amount_fen, "bank_reference": reference}
    await record_act(session, staff_id, "withdrawal_paid_by_bank", str(withdrawal_id), detail=detail)


async def bank_failed(
    session: WriteSession, withdrawal_id: UUID, staff_id: int, reason: str, zone: ZoneInfo, at: datetime
) -> None:
    """The bank does not take the payment: that part is in the wallet again. Raises as `bank_paid`."""
    withdrawal = await _named(session, withdrawal_id, RUNNING)
    part = await _bank_part(session, withdrawal)
    withdrawal.reason = _reason(reason)
    await parts.return_parts(session, withdrawal, [part], at, zone)
    await parts.settle(session, withdrawal, at)
    detail = {"amount_fen": part.amount_fen}
    await record_act(session, staff_id, "withdrawal_failed_at_bank", str(withdrawal_id), reason=reason, detail=detail)


async def open_account(session: WriteSession, withdrawal_id: UUID, staff_id: int) -> Withdrawal:
    """The withdrawal whose account staff look at to pay it; looking is an act. Raises as `bank_paid`."""
    withdrawal = await _named(session, withdrawal_id, ("requested", *RUNNING))
    await record_act(session, staff_id, "see_bank_account", str(withdrawal_id))
    return withdrawal


async def _named(session: WriteSession, withdrawal_id: UUID, states: tuple[str, ...]) -> Withdrawal:
    found = await parts.locked(session, Withdrawal.public_id == withdrawal_id)
    if found is None:
        raise NotFoundError
    if found.state not in states:
        raise WithdrawalDecidedError
    return found


async def _bank_part(session: WriteSession, withdrawal: Withdrawal) -> WithdrawalPart:
    """The part that waits for the bank. Raises WithdrawalDecidedError."""
    for part in await parts.parts_of(session, withdrawal.id):
        if part.payment_id is None and part.state == "held":
            return part
    raise WithdrawalDecidedError


def _reason(typed: str) -> str:
    if not typed.strip():
        raise InvalidInputError([FieldProblem("body.reason", "Is required.")])
    return typed.strip()[:500]


async def _send(
    session: WriteSession, withdrawal: Withdrawal, part: WithdrawalPart, zone: ZoneInfo, at: datetime
) -> None:
    payment = await session.get_one(Payment, part.payment_id)
    payout = RefundPayout(
        payment_id=payment.id,
        method=payment.method,
        state="created",
        amount_fen=part.amount_fen,
        out_refund_no=numbers.fresh("R", at, zone),
        requested_at=at,
        ask_at=at,
        withdrawal_id=withdrawal.id,
    )
    session.add(payout)
    await session.flush()
    part.state = "paying"
    await defer(session, "payments.pay_out", {"payout_id": payout.id}, lock=f"payout:{payout.id}")


async def _decided(
    session: WriteSession, withdrawal: Withdrawal, staff_id: int, act: str, reason: str, at: datetime
) -> None:
    withdrawal.decided_by, withdrawal.decided_at = staff_id, at
    detail = {"amount_fen": withdrawal.amount_fen}
    await record_act(session, staff_id, act, str(withdrawal.public_id), reason=reason, detail=detail)
    await parts.tell(session, withdrawal, "decided")
