"""Messages that come in a provider's name: judged first, kept with their verdict, never believed, only asked after."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_not

from mingsuan import clock
from transactional import jobs
from transactional.benefits import following, signing
from transactional.benefits.models import Activation, ProviderEvent
from transactional.benefits.providers import Partner
from transactional.benefits.signing import Message, RefusedMessageError
from transactional.cards import service as cards
from transactional.db import WriteSession, writing
from transactional.shop import Shop

PURPOSE = "provider_events"
LOOK = "benefits.look"
CHANGED = "activation.changed"
log = logging.getLogger("mingsuan.benefits")


@dataclass(frozen=True, slots=True)
class _Event:
    """A message as it came."""

    partner: Partner
    headers: Mapping[str, str]
    body: bytes
    at: datetime


async def hear(shop: Shop, partner: Partner, headers: Mapping[str, str], body: bytes) -> str:
    """The verdict on a message; "accepted" has the provider asked soon. Commits by itself."""
    event = _Event(partner, headers, body, clock.now())
    try:
        message = signing.opened(partner.secret, headers, body, event.at)
    except RefusedMessageError as refusal:
        return await _refused(shop, event, refusal.verdict)
    named = _named(message)
    if named is None:
        return await _refused(shop, event, "malformed", message.id)
    async with writing(shop.engine) as session:
        found = await session.scalar(
            select(Activation.id).where(Activation.public_id == named, Activation.provider_id == partner.id)
        )
        if found is None:
            await _keep(session, shop, event, "unknown_activation", message.id, None)
            return "unknown_activation"
        return await _accepted(session, shop, event, message, found)


async def _accepted(session: WriteSession, shop: Shop, event: _Event, message: Message, activation_id: int) -> str:
    row = await _row(session, shop, event, "accepted", message.id, activation_id)
    written = insert_or_not(ProviderEvent).values(row).on_conflict_do_nothing().returning(ProviderEvent.id)
    if (await session.execute(written)).one_or_none() is None:
        await session.execute(insert(ProviderEvent).values({**row, "verdict": "duplicate"}))
        return "duplicate"
    await following.ask_soon(session, activation_id)
    await jobs.defer(session, LOOK, {"activation_id": activation_id})
    return "accepted"


async def _refused(shop: Shop, event: _Event, verdict: str, message_id: str = "") -> str:
    """Kept too, but not more of them a minute than forgeries could fill the disk with."""
    is_kept, dropped = shop.refused_notices.take(event.at)
    if dropped:
        log.warning("%s more refused messages came within a minute than are kept", dropped)
    if is_kept:
        async with writing(shop.engine) as session:
            await _keep(session, shop, event, verdict, message_id, None)
    return verdict


async def _keep(
    session: WriteSession, shop: Shop, event: _Event, verdict: str, message_id: str, activation_id: int | None
) -> None:
    row = await _row(session, shop, event, verdict, message_id, activation_id)
    await session.execute(insert(ProviderEvent).values(row))


async def _row(
    session: WriteSession, shop: Shop, event: _Event, verdict: str, message_id: str, activation_id: int | None
) -> dict[str, object]:
    """The body is sealed under the month's key, since it may name a person."""
    key = await cards.data_key_for(session, shop.vault, PURPOSE, f"{event.at:%Y-%m}")
    digest = signing.digest(event.body)
    return {
        "provider_id": event.partner.id,
        "event_id": message_id,
        "verdict": verdict,
        "activation_id": activation_id,
        "body_sha256": digest,
        "data_key_id": key.id,
        "sealed_body": shop.vault.seal_bytes(key, b"provider_event\0" + digest, event.body),
        "received_at": event.at,
    }


def _named(message: Message) -> UUID | None:
    given = message.body.get("activation")
    if message.body.get("type") != CHANGED or not isinstance(given, str):
        return None
    try:
        return UUID(given)
    except ValueError:
        return None
