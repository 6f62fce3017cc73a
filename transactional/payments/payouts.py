"""Money on its way back: sent to a gateway under one number until its end is known, or put into the wallet at once."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from mingsuan import clock
from transactional import calls
from transactional.accounts.service import record_act
from transactional.backoffice.service import open_case, resolve_subject
from transactional.db import WriteSession, writing
from transactional.errors import NotFoundError
from transactional.jobs import defer
from transactional.ledger import service as ledger
from transactional.ledger.gateway_rules import receipt_returned
from transactional.ledger.rules import refund_paid_out
from transactional.orders.due import lock_due_by_id
from transactional.orders.fulfilment import refund_ended
from transactional.payments import addresses, numbers, queries
from transactional.payments.errors import PayoutNotFailedError
from transactional.payments.gateways.interface import Gateway, RefundAsk, RefundFact
from transactional.payments.models import Payment, RefundPayout, UnappliedReceipt
from transactional.payments.purposes import lock_purpose, order_of
from transactional.payments.rules import ALIPAY_REFUND_GAP, Verdict, next_payout_ask
from transactional.payments.sharing import outstanding_fen, return_rest
from transactional.shop import Shop
from transactional.wallets import parts

FAILED = "refund_failed"
SLOW = "refund_unclear"
TWICE = "refunded_twice"
SLOW_AFTER = 20
"""Times asked after which a person is told: about half a day."""
SHARES_COMING, SHARES_STUCK = timedelta(seconds=10), timedelta(hours=1)
"""How soon to look again whether a payment's shares are back; a failed return is for a person to ask again."""


async def pay_out(shop: Shop, payout_id: int) -> None:
    """Sends money back, or asks what became of it; ends or asks to be called again. Commits by itself.

    The gateway is asked under the same number for as long as it has not failed for sure.
    """
    prepared = await _prepare(shop, payout_id)
    if prepared is None:
        return
    ask, known, gateway = prepared
    fact: RefundFact | None = None
    if known:
        fact = await _queried(shop, gateway, ask)
        if fact is None or fact.state != "not_found":
            await _record(shop, payout_id, fact)
            return
    answer = await calls.made(shop.engine, gateway.method, "refund", ask.out_refund_no, lambda: gateway.refund(ask))
    if answer.outcome == "refused":
        fact = RefundFact("failed", ask.out_refund_no, reason=f"{answer.code}: {answer.reason}")
    else:
        fact = answer.value
    await _record(shop, payout_id, fact)


async def _queried(shop: Shop, gateway: Gateway, ask: RefundAsk) -> RefundFact | None:
    numbers_of = (ask.out_trade_no, ask.out_refund_no)
    answer = await calls.made(
        shop.engine, gateway.method, "query_refund", ask.out_refund_no, lambda: gateway.query_refund(*numbers_of)
    )
    return answer.value


async def _prepare(shop: Shop, payout_id: int) -> tuple[RefundAsk, bool, Gateway] | None:
    """What to send, whether it was sent before; None when there is nothing to do now."""
    at = clock.now()
    async with writing(shop.engine) as session:
        payout: RefundPayout = await queries.locked(session, RefundPayout, payout_id)
        gateway = shop.gateways.get(payout.method)
        if payout.state not in ("created", "processing") or gateway is None:
            return None
        later = await _must_wait(session, payout, at, shop.zone)
        if later is not None:
            await _again(session, payout, later)
            return None
        known = payout.state == "processing"
        payout.state, payout.ask_at = "processing", next_payout_ask(payout.times_asked, at)
        payout.times_asked += 1
        return await _ask(session, shop, payout), known, gateway


async def _must_wait(session: WriteSession, payout: RefundPayout, at: datetime, zone: ZoneInfo) -> datetime | None:
    """Shares must be back first; Alipay wants seconds between refunds of a trade."""
    if payout.payment_id is None or payout.state == "processing":
        return None
    of_payment = await queries.receipt_of_payout(session, payout.id) is None
    if of_payment and await outstanding_fen(session, payout.payment_id):
        return at + await _until_shares_are_back(session, payout, payout.payment_id, at, zone)
    if payout.method == "alipay":
        await queries.locked(session, Payment, payout.payment_id)  # two refunds of a trade are not weighed side by side
        last = await queries.last_sent(session, payout.payment_id, payout.id)
        if last is not None and last + ALIPAY_REFUND_GAP > at:
            return last + ALIPAY_REFUND_GAP
    return None


async def _until_shares_are_back(
    session: WriteSession, payout: RefundPayout, payment_id: int, at: datetime, zone: ZoneInfo
) -> timedelta:
    payment: Payment = await queries.locked(session, Payment, payment_id)
    if await return_rest(session, payment, at, zone):
        return SHARES_COMING
    detail = {"method": payout.method, "waits_for": "profit_share"}
    await open_case(session, SLOW, payout.out_refund_no, payout.amount_fen, detail)
    return SHARES_STUCK


async def _ask(session: WriteSession, shop: Shop, payout: RefundPayout) -> RefundAsk:
    receipt = await queries.receipt_of_payout(session, payout.id)
    if receipt is not None:
        trade = (receipt.out_trade_no, receipt.gateway_trade_no)
        total = receipt.amount_fen
    else:
        payment = await session.get_one(Payment, payout.payment_id)
        trade = (payment.out_trade_no or "", payment.gateway_trade_no or "")
        total = payment.amount_fen
    notify_url = addresses.notices(shop.settings, payout.method)
    return RefundAsk(*trade, payout.out_refund_no, payout.amount_fen, total, "refund", notify_url)


async def _record(shop: Shop, payout_id: int, fact: RefundFact | None) -> None:
    """Applies what the gateway said; without an answer, or while it works on it, asks again later."""
    at = clock.now()
    async with writing(shop.engine) as session:
        payout: RefundPayout = await _locked(session, payout_id)
        if payout.state != "processing":
            return
        if fact is not None and fact.state in ("succeeded", "failed"):
            await _end(session, payout, fact, at, shop.zone)
            return
        if fact is not None and fact.gateway_refund_no:
            payout.gateway_refund_no = fact.gateway_refund_no
        if payout.times_asked >= SLOW_AFTER:
            await open_case(session, SLOW, payout.out_refund_no, payout.amount_fen, {"method": payout.method})
            await parts.unclear(session, payout)
        await _again(session, payout, next_payout_ask(payout.times_asked, at))


async def _again(session: WriteSession, payout: RefundPayout, later: datetime) -> None:
    payout.ask_at = later
    await defer(session, "payments.pay_out", {"payout_id": payout.id}, at=later, lock=f"payout:{payout.id}")


async def refund_found(
    session: WriteSession, method: str, fact: RefundFact, at: datetime, zone: ZoneInfo
) -> tuple[Verdict, int | None]:
    """Applies a refund as the gateway books it, brought by a notice or a bill; the same again changes nothing."""
    known = await queries.payout_of(session, method, fact.out_refund_no)
    if known is None:
        return "unmatched", None
    payout = await _locked(session, known.id)
    if fact.amount_fen is not None and fact.amount_fen != payout.amount_fen:
        detail: dict[str, str | int | None] = {"method": method, "said_fen": fact.amount_fen}
        await open_case(session, "refund_amount_differs", payout.out_refund_no, payout.amount_fen, detail)
        return "wrong_amount", payout.id
    if payout.state == "failed" and fact.state == "succeeded":
        return await _succeeded_after_all(session, payout, fact, at, zone), payout.id
    if payout.state != "processing" or fact.state not in ("succeeded", "failed"):
        return "duplicate", payout.id
    await _end(session, payout, fact, at, zone)
    return "applied", payout.id


async def _succeeded_after_all(
    session: WriteSession, payout: RefundPayout, fact: RefundFact, at: datetime, zone: ZoneInfo
) -> Verdict:
    """A gateway's operators can still pay what had failed; sent again meanwhile, it is out twice: a person's turn."""
    owed = await queries.refunds_of(session, payout.id) or await queries.receipt_of_payout(session, payout.id)
    if not owed:
        await open_case(session, TWICE, payout.out_refund_no, payout.amount_fen, {"method": payout.method})
        return "duplicate"
    await _end(session, payout, fact, at, zone)
    await resolve_subject(session, FAILED, payout.out_refund_no, "succeeded")
    return "applied"


async def _locked(session: WriteSession, payout_id: int) -> RefundPayout:
    """The payout, locked after the order or top-up that it concerns, as every other act locks them."""
    known = await session.get_one(RefundPayout, payout_id)
    if known.payment_id is not None:
        await lock_purpose(session, await session.get_one(Payment, known.payment_id))
    payout: RefundPayout = await queries.locked(session, RefundPayout, payout_id)
    return payout


async def _end(session: WriteSession, payout: RefundPayout, fact: RefundFact, at: datetime, zone: ZoneInfo) -> None:
    payout.gateway_refund_no = fact.gateway_refund_no or payout.gateway_refund_no
    if fact.state == "succeeded":
        await succeeded(session, payout, min(fact.refunded_at or at, at), zone)
        return
    payout.state, payout.ask_at = "failed", None
    if payout.withdrawal_id is not None:
        await resolve_subject(session, SLOW, payout.out_refund_no, "failed")
        await parts.returned(session, payout, at, zone)
        return
    detail = {"method": payout.method, "reason": fact.reason[:300]}
    await open_case(session, FAILED, payout.out_refund_no, payout.amount_fen, detail)


async def succeeded(session: WriteSession, payout: RefundPayout, at: datetime, zone: ZoneInfo) -> None:
    """The money is back with who paid it: posted, and told to the order, the receipt or the withdrawal."""
    payout.state, payout.paid_out_at, payout.ask_at = "succeeded", at, None
    await resolve_subject(session, SLOW, payout.out_refund_no, "succeeded")
    receipt = await queries.receipt_of_payout(session, payout.id)
    if receipt is not None:
        await _receipt_returned(session, receipt, at, zone)
        return
    if payout.withdrawal_id is not None:
        await parts.paid(session, payout, at, zone)
        return
    payment = await session.get_one(Payment, payout.payment_id)
    due = await lock_due_by_id(session, order_of(payment))
    refunds = await queries.refunds_of(session, payout.id)
    if payout.method == "wallet":
        await session.execute(queries.CREDIT_WALLET, {"customer_id": due.customer_id, "amount_fen": payout.amount_fen})
    about = (due.order_id, due.customer_id, payout.method)
    await ledger.post(session, [refund_paid_out(row.id, *about, row.amount_fen, at) for row in refunds], zone)
    for row in refunds:
        row.state, row.method = "succeeded", payout.method
    await session.flush()
    await refund_ended(session, sorted({row.fulfilment_id for row in refunds}), True)


async def _receipt_returned(session: WriteSession, receipt: UnappliedReceipt, at: datetime, zone: ZoneInfo) -> None:
    receipt.state = "returned"
    await ledger.post(session, [receipt_returned(receipt.id, receipt.method, receipt.amount_fen, at)], zone)
    await resolve_subject(session, "unapplied_receipt", str(receipt.public_id), "returned")


async def retry(
    session: WriteSession, payout_id: UUID, to_wallet: bool, staff_id: int, reason: str, zone: ZoneInfo, at: datetime
) -> RefundPayout:
    """Sends what failed for sure again, under a new number, or into the customer's wallet; its refunds move along.

    Raises NotFoundError, PayoutNotFailedError.
    """
    number = await session.scalar(select(RefundPayout.id).where(RefundPayout.public_id == payout_id))
    if number is None:
        raise NotFoundError
    failed = await _locked(session, number)
    receipt = await queries.receipt_of_payout(session, failed.id)
    refunds = await queries.refunds_of(session, failed.id)
    if failed.state != "failed" or not (refunds or receipt) or (receipt and to_wallet):
        raise PayoutNotFailedError
    again = RefundPayout(
        payment_id=failed.payment_id,
        method="wallet" if to_wallet else failed.method,
        state="created",
        amount_fen=failed.amount_fen,
        out_refund_no=numbers.fresh("R", at, zone),
        requested_at=at,
        ask_at=None if to_wallet else at,
    )
    session.add(again)
    await session.flush()
    for row in refunds:
        row.payout_id = again.id
    if receipt is not None:
        receipt.payout_id = again.id
    await session.flush()
    await resolve_subject(session, FAILED, failed.out_refund_no, "sent again", staff_id)
    await record_act(session, staff_id, "retry_refund", str(payout_id), reason=reason, detail={"method": again.method})
    if to_wallet:
        await succeeded(session, again, at, zone)
    else:
        await defer(session, "payments.pay_out", {"payout_id": again.id}, lock=f"payout:{again.id}")
    return again
