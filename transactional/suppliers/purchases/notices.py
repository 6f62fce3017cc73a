"""Callbacks of suppliers: checked first, kept with their verdict, applied once, acknowledged in the supplier's words.

Nothing that a refused one says is used. When the database fails, so does the answer, and the supplier comes again.
"""

import hashlib
import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, text

from mingsuan import clock
from transactional import metrics
from transactional.alerts.service import raise_alert
from transactional.cards import service as cards
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.errors import NotFoundError, ShopError
from transactional.outcomes import UnknownOutcomeError
from transactional.shop import Shop
from transactional.suppliers import service
from transactional.suppliers.models import Purchase, SupplierNotice, SupplyChannel
from transactional.suppliers.money import statements
from transactional.suppliers.money.statements import NewStatement
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.protocols.interface import (
    Acknowledgement,
    RefusedSupplierNoticeError,
    StatementFile,
    SupplierNoticeFact,
    Supply,
    SupplyFact,
)
from transactional.suppliers.purchases import facts as purchase_facts
from transactional.suppliers.states import OPEN

PURPOSE = "supplier_notices"
STRANGE, UNREADABLE = "purchase_not_ours", "statement_unreadable"
log = logging.getLogger("mingsuan.suppliers")
SEEN = text("""
select exists (select from shop.supplier_notice where channel_id = :channel_id and verdict = 'applied'
    and (body_sha256 = :digest or event_id = :event_id))
""")


async def receive(
    shop: Shop, channel_id: UUID, headers: Mapping[str, str], query: Mapping[str, str], body: bytes
) -> Acknowledgement:
    """What a callback is answered with; header names in lower case. Commits by itself.

    Raises NotFoundError for a channel that nobody could call back.
    """
    at = clock.now()
    channel, supply = await _opened(shop, channel_id)
    try:
        fact = await supply.authenticate(headers, query, body, at)
    except RefusedSupplierNoticeError as error:
        return await _refused(shop, channel, supply, error, body, at)
    except UnknownOutcomeError as error:  # a statement's file could not be fetched: it is to come again
        log.warning("a callback of %s could not be followed: %s", channel.code, error.reason)
        return supply.acknowledge(False)
    except Exception as error:  # noqa: BLE001  (whatever cannot be read is not authentic)
        log.warning("a callback of %s could not be read: %s", channel.code, type(error).__name__)
        refusal = RefusedSupplierNoticeError("malformed", type(error).__name__)
        return await _refused(shop, channel, supply, refusal, body, at)
    async with writing(shop.engine) as session:
        digest = hashlib.sha256(body).digest()
        about = {"channel_id": channel.id, "digest": digest, "event_id": fact.event_id}
        verdict, purchase_id = ("duplicate", None)
        if not await session.scalar(SEEN, about):
            verdict, purchase_id = await _applied(session, shop, channel, supply, fact, at)
        row = {"kind": fact.kind, "event_id": fact.event_id, "purchase_id": purchase_id, "verdict": verdict}
        await _keep(session, shop, channel, body, at, row)
    return supply.acknowledge(True)


async def _opened(shop: Shop, channel_id: UUID) -> tuple[SupplyChannel, Supply]:
    async with reading(shop.engine) as session:
        found = select(SupplyChannel).where(SupplyChannel.public_id == channel_id)
        channel = await session.scalar(found)
        if channel is None or channel.protocol in ("own_pool", "manual"):
            raise NotFoundError
        return channel, await shop.supplies.of(session, shop.vault, channel.id)


async def _applied(
    session: WriteSession, shop: Shop, channel: SupplyChannel, supply: Supply, fact: SupplierNoticeFact, at: datetime
) -> tuple[str, int | None]:
    if fact.purchase is not None:
        return await _purchase_told(session, shop, channel, supply, fact.purchase, at)
    if fact.statement is not None:
        return await _statement_told(session, shop, channel, fact.statement), None
    changes = await offers.observe(session, channel.id, fact.offers, "push", at)
    return ("applied" if changes else "ignored"), None


async def _statement_told(session: WriteSession, shop: Shop, channel: SupplyChannel, told: StatementFile) -> str:
    """Held against the ledger at once; one that cannot be read is for people to ask after."""
    days = (told.from_date, told.to_date)
    new = NewStatement(channel.id, told.file_name, told.content, "callback", days)
    try:
        async with session.begin_nested():
            taken = await statements.take_in(session, new, shop.zone, shop.currency)
    except ShopError as refusal:
        detail = {"code": channel.code, "file": told.file_name[:100], "why": refusal.type}
        await raise_alert(session, UNREADABLE, f"channel:{channel.public_id}", "warning", detail)
        return "ignored"
    return "applied" if taken.is_new else "duplicate"


async def _purchase_told(
    session: WriteSession, shop: Shop, channel: SupplyChannel, supply: Supply, fact: SupplyFact, at: datetime
) -> tuple[str, int | None]:
    purchase_id = await _purchase(session, channel.id, fact)
    if purchase_id is None:
        detail = {"code": channel.code, "request_no": fact.request_no[:60]}
        await raise_alert(session, STRANGE, f"channel:{channel.public_id}", "warning", detail)
        return "unknown_purchase", None
    final_after_s = supply.not_found_is_final_after_s
    about = (purchase_id, fact, "notice", at, final_after_s)
    purchase, meaning = await purchase_facts.fact_found(session, shop, *about)
    if purchase.state in OPEN:  # it only told that there is something to ask for
        await service.ask(session, purchase_id)
    return ("duplicate" if meaning == "nothing" else "applied"), purchase_id


async def _purchase(session: ReadSession, channel_id: int, fact: SupplyFact) -> int | None:
    mine = select(Purchase.id).where(Purchase.channel_id == channel_id)
    found = await session.scalar(mine.where(Purchase.request_no == fact.request_no))
    if found is None and fact.supplier_ref and not fact.request_no:
        found = await session.scalar(mine.where(Purchase.supplier_ref == fact.supplier_ref))
    return found


async def _refused(
    shop: Shop, channel: SupplyChannel, supply: Supply, error: RefusedSupplierNoticeError, body: bytes, at: datetime
) -> Acknowledgement:
    is_kept, dropped = shop.refused_notices.take(at)
    if dropped:
        log.warning("%s more refused notices came within a minute than are kept", dropped)
    if is_kept:
        async with writing(shop.engine) as session:
            await _keep(session, shop, channel, body, at, {"verdict": error.verdict, "reason": error.reason[:300]})
    return supply.acknowledge(False)


async def _keep(
    session: WriteSession, shop: Shop, channel: SupplyChannel, body: bytes, at: datetime, row: Mapping[str, Any]
) -> None:
    """One row; the body is sealed under the month's key, since it may hold a code."""
    key = await cards.data_key_for(session, shop.vault, PURPOSE, f"{at:%Y-%m}")
    digest = hashlib.sha256(body).digest()
    kept = {"body_sha256": digest, "data_key_id": key.id, "received_at": at}
    kept["sealed_body"] = shop.vault.seal_bytes(key, place(digest), body)
    await session.execute(insert(SupplierNotice).values(channel_id=channel.id, **kept, **row))
    metrics.notice_received(f"supplier:{channel.code}", str(row["verdict"]))


def place(digest: bytes) -> bytes:
    """Where a sealed notice belongs: to the row with this hash."""
    return b"supplier_notice\0" + digest
