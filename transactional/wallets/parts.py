"""What becomes of a withdrawal's parts once they are on their way: paid, back in the wallet, or not known.

The withdrawal is locked after payment and payout, the wallet last.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select

from transactional.db import WriteSession
from transactional.ledger import service as ledger
from transactional.ledger.gateway_rules import withdrawal_paid, withdrawal_returned
from transactional.notices import service as notices
from transactional.payments import queries
from transactional.payments.models import RefundPayout
from transactional.wallets.models import Withdrawal, WithdrawalPart
from transactional.wallets.rules import PartState, state_of


async def paid(session: WriteSession, payout: RefundPayout, at: datetime, zone: ZoneInfo) -> None:
    """The gateway sent a part back to where it came from."""
    withdrawal, part = await _of_payout(session, payout)
    await pay_part(session, withdrawal, part, payout.method, at, zone)
    await settle(session, withdrawal, at)


async def returned(session: WriteSession, payout: RefundPayout, at: datetime, zone: ZoneInfo) -> None:
    """The gateway will not send a part back, for certain: it is in the wallet again."""
    withdrawal, part = await _of_payout(session, payout)
    await return_parts(session, withdrawal, [part], at, zone)
    await settle(session, withdrawal, at)


async def unclear(session: WriteSession, payout: RefundPayout) -> None:
    """The gateway has not said for long what became of it; nothing to do for other payouts."""
    if payout.withdrawal_id is not None:
        withdrawal, _ = await _of_payout(session, payout)
        withdrawal.state = "unknown"


async def pay_part(
    session: WriteSession, withdrawal: Withdrawal, part: WithdrawalPart, method: str, at: datetime, zone: ZoneInfo
) -> None:
    """A part that waited has reached the customer: posted. `settle` follows."""
    part.state, part.ended_at = "paid", at
    posting = withdrawal_paid(part.id, withdrawal.customer_id, method, part.amount_fen, at)
    await ledger.post(session, [posting], zone)


async def return_parts(
    session: WriteSession, withdrawal: Withdrawal, back: Sequence[WithdrawalPart], at: datetime, zone: ZoneInfo
) -> None:
    """Parts that waited are in the wallet again: posted. `settle` follows, unless the whole was refused."""
    for part in back:
        part.state, part.ended_at = "returned", at
    customer = withdrawal.customer_id
    postings = [withdrawal_returned(part.id, customer, part.amount_fen, at) for part in back]
    await ledger.post(session, postings, zone)
    amount_fen = sum(part.amount_fen for part in back)
    await session.execute(queries.CREDIT_WALLET, {"customer_id": customer, "amount_fen": amount_fen})


async def settle(session: WriteSession, withdrawal: Withdrawal, at: datetime) -> None:
    """The withdrawal stands as its parts do; ended, its customer is told."""
    await session.flush()
    states: list[PartState] = [part.state for part in await parts_of(session, withdrawal.id)]  # type: ignore[misc]
    is_unclear = withdrawal.state == "unknown" and "paying" in states
    withdrawal.state = state_of(states, is_unclear)
    if withdrawal.state in ("paid", "failed"):
        withdrawal.ended_at = at
        await tell(session, withdrawal, "ended")


async def tell(session: WriteSession, withdrawal: Withdrawal, step: str) -> None:
    """A notice to the customer, once for each step."""
    values: dict[str, str | int] = {"amount_fen": withdrawal.amount_fen, "state": withdrawal.state}
    subject = f"withdrawal:{withdrawal.public_id}"
    await notices.tell(
        session,
        withdrawal.customer_id,
        "withdrawal_decided",
        subject if step == "decided" else f"{subject}:{step}",
        values,
    )


async def parts_of(session: WriteSession, withdrawal_id: int) -> list[WithdrawalPart]:
    """In the order they were made; the withdrawal is locked."""
    mine = select(WithdrawalPart).where(WithdrawalPart.withdrawal_id == withdrawal_id).order_by(WithdrawalPart.id)
    return list(await session.scalars(queries.fresh(mine)))


async def locked(session: WriteSession, condition: ColumnElement[bool]) -> Withdrawal | None:
    """The one withdrawal that the condition names, locked."""
    named = queries.fresh(select(Withdrawal).where(condition)).with_for_update()
    found: Withdrawal | None = await session.scalar(named)
    return found


async def _of_payout(session: WriteSession, payout: RefundPayout) -> tuple[Withdrawal, WithdrawalPart]:
    withdrawal = await locked(session, Withdrawal.id == payout.withdrawal_id)
    if withdrawal is None:
        raise LookupError(f"payout {payout.id} belongs to no withdrawal")
    part = next(p for p in await parts_of(session, withdrawal.id) if p.payment_id == payout.payment_id)
    return withdrawal, part
