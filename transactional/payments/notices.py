"""Notices of gateways: checked first, without asking anybody; kept with their verdict; applied once; acknowledged.

Nothing that a refused notice says is used. When the database fails, so does the answer, and the gateway comes again.
"""

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import insert

from mingsuan import clock
from transactional import metrics
from transactional.cards.keyring import data_key_for
from transactional.db import WriteSession, writing
from transactional.payments.apply import trade_found
from transactional.payments.gateways.interface import (
    Acknowledgement,
    Gateway,
    Notice,
    RefusedNoticeError,
)
from transactional.payments.models import PaymentNotification
from transactional.payments.payouts import refund_found
from transactional.payments.rules import Verdict
from transactional.shop import Shop

PURPOSE = "payment_notices"
log = logging.getLogger("mingsuan.payments")


async def receive(shop: Shop, gateway: Gateway, headers: Mapping[str, str], body: bytes) -> Acknowledgement:
    """What a gateway's notice is answered with. `headers` have lower-case names. Commits by itself."""
    at = clock.now()
    try:
        notice = await gateway.authenticate(headers, body, at)
    except RefusedNoticeError as error:
        return await _refused(shop, gateway, error, body, at)
    except Exception as error:  # noqa: BLE001  (whatever cannot be read is not authentic)
        log.warning("a notice for %s could not be read: %s", gateway.method, type(error).__name__)
        refusal = RefusedNoticeError("malformed", type(error).__name__)
        return await _refused(shop, gateway, refusal, body, at)
    async with writing(shop.engine) as session:
        verdict, payment_id, payout_id = await _applied(session, shop, gateway, notice, at)
        about = {**_about(notice), "payment_id": payment_id, "payout_id": payout_id}
        await _keep(session, shop, gateway.method, verdict, "", body, at, about)
    return gateway.acknowledge(True)


async def _applied(
    session: WriteSession, shop: Shop, gateway: Gateway, notice: Notice, at: datetime
) -> tuple[Verdict, int | None, int | None]:
    if notice.trade is not None:
        found = await trade_found(
            session, gateway.method, notice.trade, "notice", at, shop.zone, gateway.fee_per_myriad
        )
        return found.verdict, found.payment_id, None
    if notice.refund is not None:
        verdict, payout_id = await refund_found(session, gateway.method, notice.refund, at, shop.zone)
        return verdict, None, payout_id
    raise ValueError(f"an authentic notice about nothing: {notice.event_id}")


async def _refused(
    shop: Shop, gateway: Gateway, error: RefusedNoticeError, body: bytes, at: datetime
) -> Acknowledgement:
    is_kept, dropped = shop.refused_notices.take(at)
    if dropped:
        log.warning("%s more refused notices came within a minute than are kept", dropped)
    if is_kept:
        reason = f"{error.reason[:300]}{f' ({dropped} more before, not kept)' if dropped else ''}"
        async with writing(shop.engine) as session:
            await _keep(session, shop, gateway.method, error.verdict, reason, body, at, {})
    return gateway.acknowledge(False)


async def _keep(
    session: WriteSession,
    shop: Shop,
    method: str,
    verdict: str,
    reason: str,
    body: bytes,
    at: datetime,
    about: Mapping[str, object],
) -> None:
    """One row; the body is sealed under the month's key, since it may name a person."""
    key = await data_key_for(session, shop.vault, PURPOSE, f"{at:%Y-%m}")
    digest = hashlib.sha256(body).digest()
    row = {
        "method": method,
        "verdict": verdict,
        "reason": reason,
        "body_sha256": digest,
        "data_key_id": key.id,
        "sealed_body": shop.vault.seal_bytes(key, place(digest), body),
        "received_at": at,
    }
    await session.execute(insert(PaymentNotification).values(**row, **about))
    metrics.notice_received(method, verdict)


def place(digest: bytes) -> bytes:
    """Where a sealed notice belongs: to the row with this hash."""
    return b"payment_notification\0" + digest


def _about(notice: Notice) -> dict[str, object]:
    trade, refund = notice.trade, notice.refund
    return {
        "gateway_event_id": notice.event_id,
        "kind": f"trade_{trade.state}" if trade else f"refund_{refund.state}" if refund else None,
        "out_trade_no": trade.out_trade_no if trade else None,
        "amount_fen": trade.amount_fen if trade else refund.amount_fen if refund else None,
    }
