"""Profit sharing (分账): a part of a payment for a partner, its return before refunds, the release of what is frozen.

A refund asks all shares of its payment back first: a partner's part is agreed anew for what was not refunded.
"""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from mingsuan import clock
from mingsuan.money import split
from transactional import calls
from transactional.accounts.service import record_act
from transactional.backoffice.service import open_case
from transactional.db import ReadSession, WriteSession, writing
from transactional.errors import NotFoundError
from transactional.jobs import defer
from transactional.ledger import service as ledger
from transactional.ledger.gateway_rules import profit_share_returned, profit_shared
from transactional.orders.due import lock_due_by_id
from transactional.payments import numbers, queries
from transactional.payments.errors import NotSharableError
from transactional.payments.gateways.interface import Gateway, ShareAsk, ShareFact
from transactional.payments.models import Payment, ProfitShare
from transactional.payments.purposes import order_of
from transactional.payments.rules import SHARE_DELAY, next_payout_ask
from transactional.shop import Shop

DESCRIPTION = "share"
ENDED = ("succeeded", "failed")


async def request(
    session: WriteSession,
    payment_id: UUID,
    receiver: str,
    amount_fen: int,
    staff_id: int,
    reason: str,
    zone: ZoneInfo,
    at: datetime,
) -> ProfitShare:
    """A share to be paid out by a job. Raises NotFoundError, NotSharableError."""
    payment = await _sharable(session, payment_id)
    taken = await outstanding_fen(session, payment.id) + await queries.paid_back_fen(session, payment.id)
    if amount_fen > payment.amount_fen - payment.fee_fen - taken:
        raise NotSharableError
    share = await _asked(session, payment, "share", amount_fen, receiver, None, zone, at)
    detail = {"amount_fen": amount_fen}
    await record_act(session, staff_id, "share_profit", str(payment_id), reason=reason, detail=detail)
    return share


async def release(
    session: WriteSession, payment_id: UUID, staff_id: int, reason: str, zone: ZoneInfo, at: datetime
) -> ProfitShare:
    """Ends the sharing of a payment: what is still frozen is the shop's. Raises NotFoundError, NotSharableError."""
    payment = await _sharable(session, payment_id)
    share = await _asked(session, payment, "release", 0, "", None, zone, at)
    await record_act(session, staff_id, "release_share", str(payment_id), reason=reason)
    return share


async def return_by_hand(
    session: WriteSession, share_id: UUID, staff_id: int, reason: str, zone: ZoneInfo, at: datetime
) -> ProfitShare:
    """Asks one share back. Raises NotFoundError, NotSharableError when it is not out or asked back already."""
    found = await session.scalar(select(ProfitShare).where(ProfitShare.public_id == share_id))
    if found is None:
        raise NotFoundError
    payment: Payment = await queries.locked(session, Payment, found.payment_id)
    share = next(each for each in await queries.shares_of(session, payment.id, lock=True) if each.id == found.id)
    if share not in await _out(session, payment.id) or share.state != "succeeded":
        raise NotSharableError
    await record_act(session, staff_id, "return_share", str(share_id), reason=reason)
    return await _asked(session, payment, "return", share.amount_fen, share.receiver_account, share.id, zone, at)


async def return_all(session: WriteSession, payment: Payment, at: datetime, zone: ZoneInfo) -> None:
    """Has every share of a locked payment returned; one that was not sent yet is never sent."""
    for share in await _out(session, payment.id):
        if share.state == "created":
            share.state, share.ask_at = "failed", None
        elif share.state == "succeeded":
            await _asked(session, payment, "return", share.amount_fen, share.receiver_account, share.id, zone, at)
    await session.flush()


async def return_rest(session: WriteSession, payment: Payment, at: datetime, zone: ZoneInfo) -> bool:
    """Asks back, of a locked payment, shares that were on their way to the partner when all others were asked back.

    False when nothing is under way any more: a return failed, and a person has to ask for it again.
    """
    every = await queries.shares_of(session, payment.id, lock=True)
    tried = {each.returned_share_id for each in every if each.kind == "return"}
    asked = [each for each in every if each.kind == "share" and each.state == "succeeded" and each.id not in tried]
    for share in asked:
        await _asked(session, payment, "return", share.amount_fen, share.receiver_account, share.id, zone, at)
    return bool(asked) or any(each.kind != "release" and each.state not in ENDED for each in every)


async def outstanding_fen(session: ReadSession, payment_id: int) -> int:
    """Fen of a payment that are with partners, or may be on their way there."""
    every = await queries.shares_of(session, payment_id)
    out = sum(each.amount_fen for each in every if each.kind == "share" and each.state != "failed")
    return out - sum(each.amount_fen for each in every if each.kind == "return" and each.state == "succeeded")


async def _out(session: WriteSession, payment_id: int) -> list[ProfitShare]:
    """Shares that did not fail and that nobody asked back."""
    every = await queries.shares_of(session, payment_id, lock=True)
    back = {each.returned_share_id for each in every if each.kind == "return" and each.state != "failed"}
    return [each for each in every if each.kind == "share" and each.state != "failed" and each.id not in back]


async def _sharable(session: WriteSession, payment_id: UUID) -> Payment:
    found = await queries.payment_named(session, payment_id)
    if found is None:
        raise NotFoundError
    payment: Payment = await queries.locked(session, Payment, found.id)
    if payment.state != "succeeded" or not payment.shares_profit or payment.paid_at is None:
        raise NotSharableError
    return payment


async def _asked(
    session: WriteSession,
    payment: Payment,
    kind: str,
    amount_fen: int,
    receiver: str,
    returned_share_id: int | None,
    zone: ZoneInfo,
    at: datetime,
) -> ProfitShare:
    not_before = max(at, (payment.paid_at or at) + SHARE_DELAY)
    share = ProfitShare(
        payment_id=payment.id,
        returned_share_id=returned_share_id,
        kind=kind,
        state="created",
        out_order_no=numbers.fresh("S", at, zone),
        receiver_account=receiver,
        amount_fen=amount_fen,
        not_before=not_before,
        ask_at=not_before,
    )
    session.add(share)
    await session.flush()
    await _again(session, share, not_before)
    return share


async def _again(session: WriteSession, share: ProfitShare, later: datetime) -> None:
    share.ask_at = later
    await defer(session, "payments.share", {"share_id": share.id}, at=later, lock=f"share:{share.id}")


async def settle(shop: Shop, share_id: int) -> None:
    """Sends a share, its return or the release, or asks what became of it. Commits by itself."""
    prepared = await _prepare(shop, share_id)
    if prepared is None:
        return
    kind, ask, original, known, gateway = prepared
    numbers_of = (ask.gateway_trade_no, ask.out_order_no)
    reference = (gateway.method, ask.out_order_no)
    if known:
        asked = await calls.made(
            shop.engine, reference[0], "query_share", reference[1], lambda: gateway.query_share(*numbers_of)
        )
        if asked.value is None or asked.value.state != "not_found":
            await _record(shop, share_id, asked.value)
            return
    answer = await calls.made(
        shop.engine, reference[0], kind, reference[1], lambda: _send(gateway, kind, ask, original)
    )
    fact = answer.value
    if answer.outcome == "refused":
        fact = ShareFact("failed", ask.out_order_no, reason=f"{answer.code}: {answer.reason}")
    await _record(shop, share_id, fact)


async def _send(gateway: Gateway, kind: str, ask: ShareAsk, original: str) -> ShareFact:
    if kind == "share":
        return await gateway.share(ask)
    if kind == "return":
        return await gateway.return_share(ask, original)
    return await gateway.release_share(ask.gateway_trade_no, ask.out_order_no)


async def _prepare(shop: Shop, share_id: int) -> tuple[str, ShareAsk, str, bool, Gateway] | None:
    at = clock.now()
    async with writing(shop.engine) as session:
        share: ProfitShare = await queries.locked(session, ProfitShare, share_id)
        payment = await session.get_one(Payment, share.payment_id)
        gateway = shop.gateways.get(payment.method)
        if share.state in ENDED or gateway is None:
            return None
        if share.not_before > at:
            await _again(session, share, share.not_before)
            return None
        known = share.state == "processing"
        share.state, share.ask_at = "processing", next_payout_ask(share.times_asked, at)
        share.times_asked += 1
        about = (share.out_order_no, share.receiver_account, share.amount_fen, DESCRIPTION)
        ask = ShareAsk(payment.gateway_trade_no or "", *about)
        returned = await session.get(ProfitShare, share.returned_share_id) if share.returned_share_id else None
        return share.kind, ask, returned.out_order_no if returned else "", known, gateway


async def _record(shop: Shop, share_id: int, fact: ShareFact | None) -> None:
    at = clock.now()
    async with writing(shop.engine) as session:
        known = await session.get_one(ProfitShare, share_id)
        payment = await session.get_one(Payment, known.payment_id)
        due = await lock_due_by_id(session, order_of(payment))
        share: ProfitShare = await queries.locked(session, ProfitShare, share_id)
        if share.state != "processing":
            return
        if fact is None or fact.state not in ENDED:
            await _again(session, share, next_payout_ask(share.times_asked, at))
            return
        share.state, share.ask_at, share.gateway_share_no = fact.state, None, fact.gateway_share_no
        share.settled_at = min(fact.settled_at or at, at)
        if fact.state == "failed":
            detail = {"kind": share.kind, "reason": fact.reason[:300]}
            await open_case(session, "profit_share_failed", share.out_order_no, share.amount_fen, detail)
            return
        if share.kind != "release":
            items = [item for item, _ in due.items]
            parts = list(zip(items, split(share.amount_fen, [net for _, net in due.items]), strict=True))
            rule = profit_shared if share.kind == "share" else profit_share_returned
            await ledger.post(session, [rule(share.id, due.order_id, parts, share.settled_at)], shop.zone)
