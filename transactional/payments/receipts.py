"""Money that really came and that no order could take: kept once, posted, made a case, given back or applied.

Money of a payment of ours that is too much (`rules.RETURNED_BY_ITSELF`) goes straight back to who sent it: nobody has
to notice. Whose money an unknown trade is, only a person can find out.
"""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.backoffice.service import open_case, resolve_subject
from transactional.db import WriteSession
from transactional.errors import NotFoundError
from transactional.jobs import defer
from transactional.ledger import service as ledger
from transactional.ledger.gateway_rules import fee_corrected, receipt_applied, receipt_unapplied
from transactional.orders.due import lock_due
from transactional.payments import numbers, queries
from transactional.payments.errors import AmountDiffersError, OrderNotPayableError, ReceiptNotOpenError
from transactional.payments.gateways.interface import Trade
from transactional.payments.models import Payment, RefundPayout, UnappliedReceipt
from transactional.payments.rules import PAYABLE_ORDERS, RETURNED_BY_ITSELF
from transactional.payments.settling import settle_order

CASE = "unapplied_receipt"


async def keep(
    session: WriteSession,
    method: str,
    trade: Trade,
    payment: Payment | None,
    reason: str,
    found_by: str,
    fee_fen: int,
    paid_at: datetime,
    zone: ZoneInfo,
) -> bool:
    """Keeps and posts the money of a paid trade, once; False when it was kept before."""
    receipt = await _inserted(session, method, trade, payment, reason, found_by, fee_fen, paid_at)
    if receipt is None:
        return False
    postings = [
        receipt_unapplied(receipt.id, method, receipt.amount_fen, paid_at),
        fee_corrected(f"receipt-fee:{receipt.id}", None, None, [(None, fee_fen)], paid_at),
    ]
    await ledger.post(session, postings, zone)
    detail = {"reason": reason, "method": method, "out_trade_no": trade.out_trade_no}
    await open_case(session, CASE, str(receipt.public_id), receipt.amount_fen, detail)
    if payment is not None and reason in RETURNED_BY_ITSELF:
        await give_back(session, receipt, zone, clock.now())
    return True


async def _inserted(
    session: WriteSession,
    method: str,
    trade: Trade,
    payment: Payment | None,
    reason: str,
    found_by: str,
    fee_fen: int,
    paid_at: datetime,
) -> UnappliedReceipt | None:
    row = insert(UnappliedReceipt).values(
        method=method,
        state="open",
        reason=reason,
        found_by=found_by,
        out_trade_no=trade.out_trade_no,
        gateway_trade_no=trade.gateway_trade_no,
        amount_fen=trade.amount_fen,
        fee_fen=fee_fen,
        received_at=paid_at,
        payment_id=payment.id if payment else None,
    )
    once = row.on_conflict_do_nothing(index_elements=["method", "gateway_trade_no"]).returning(UnappliedReceipt)
    found: UnappliedReceipt | None = await session.scalar(once)
    return found


async def give_back(session: WriteSession, receipt: UnappliedReceipt, zone: ZoneInfo, at: datetime) -> int:
    """Makes the payout that returns an open receipt, and the job that sends it; its id."""
    payout = RefundPayout(
        payment_id=receipt.payment_id,
        method=receipt.method,
        state="created",
        amount_fen=receipt.amount_fen,
        out_refund_no=numbers.fresh("R", at, zone),
        requested_at=at,
        ask_at=at,
    )
    session.add(payout)
    await session.flush()
    receipt.state, receipt.payout_id = "returning", payout.id
    await defer(session, "payments.pay_out", {"payout_id": payout.id}, lock=f"payout:{payout.id}")
    return payout.id


async def return_by_hand(
    session: WriteSession, receipt_id: UUID, staff_id: int, reason: str, zone: ZoneInfo, at: datetime
) -> UnappliedReceipt:
    """Staff send an open receipt back. Raises NotFoundError, ReceiptNotOpenError."""
    receipt = await _open_receipt(session, receipt_id)
    await give_back(session, receipt, zone, at)
    await record_act(session, staff_id, "return_receipt", str(receipt_id), reason=reason)
    return receipt


async def apply_by_hand(
    session: WriteSession,
    receipt_id: UUID,
    order_no: str,
    staff_id: int,
    reason: str,
    zone: ZoneInfo,
    at: datetime,
) -> UnappliedReceipt:
    """Staff found the order that the money was for; it is paid with it, like by a late payment.

    Raises NotFoundError, ReceiptNotOpenError, OrderNotPayableError, AmountDiffersError.
    """
    due = await lock_due(session, order_no, None)
    receipt = await _open_receipt(session, receipt_id)
    if receipt.payment_id is not None:
        raise ReceiptNotOpenError
    if due.state not in PAYABLE_ORDERS:
        raise OrderNotPayableError
    if due.net_fen != receipt.amount_fen:
        raise AmountDiffersError
    session.add(
        payment := Payment(
            order_id=due.order_id,
            method=receipt.method,
            state="succeeded",
            amount_fen=receipt.amount_fen,
            fee_fen=receipt.fee_fen,
            paid_at=receipt.received_at,
            out_trade_no=receipt.out_trade_no,
            gateway_trade_no=receipt.gateway_trade_no,
        )
    )
    await session.flush()
    receipt.state, receipt.payment_id = "applied", payment.id
    about = (receipt.id, due.order_id, due.customer_id, due.net_fen)
    await ledger.post(session, [receipt_applied(*about, at, due.membership_fen)], zone)
    await resolve_subject(session, CASE, str(receipt.public_id), "applied", staff_id)
    await record_act(session, staff_id, "apply_receipt", str(receipt_id), reason=reason, detail={"order_no": order_no})
    await settle_order(session, due.order_id, payment.id, receipt.received_at, at, zone)
    return receipt


async def _open_receipt(session: WriteSession, receipt_id: UUID) -> UnappliedReceipt:
    named = select(UnappliedReceipt).where(UnappliedReceipt.public_id == receipt_id)
    receipt: UnappliedReceipt | None = await session.scalar(queries.fresh(named).with_for_update())
    if receipt is None:
        raise NotFoundError
    if receipt.state != "open":
        raise ReceiptNotOpenError
    return receipt
