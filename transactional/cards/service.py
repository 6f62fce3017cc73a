"""What the card pool does for a unit of an order: seal what staff hand over, show it or its code to the owner."""

import math
from datetime import datetime, timedelta
from uuid import UUID

from mingsuan import clock
from transactional.cards import keyring, queries
from transactional.cards.errors import TooManyRevealsError
from transactional.cards.models import CardReveal, SealedDelivery
from transactional.cards.schemas import RevealedCode
from transactional.cards.sealed import DataKey, SealedCode
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError

REVEALS = 60
REVEAL_WINDOW = timedelta(hours=1)
DELIVERIES = "deliveries"
"""Purpose of the data keys that seal what staff hand over; one a month."""


async def reveal(
    session: WriteSession, vault: Vault, customer_id: int, fulfilment_public_id: UUID, *, repeated: bool = False
) -> RevealedCode:
    """What was handed over for a delivered unit, in clear; the act is logged before it is shown.

    `repeated` (the same command again) shows without logging twice. Raises NotFoundError for anybody but the owner,
    TooManyRevealsError after 60 acts within an hour.
    """
    found = await queries.delivered(session, fulfilment_public_id, customer_id)
    if found is None:
        raise NotFoundError
    at = clock.now()
    if not repeated:
        await _refuse_too_many(session, customer_id, at)
        sealed_delivery_id = None if found.card_id else found.sealed_delivery_id
        shown = CardReveal(card_id=found.card_id, sealed_delivery_id=sealed_delivery_id, customer_id=customer_id)
        shown.revealed_at = at
        session.add(shown)
        await session.flush()
    first = found.first_revealed_at or at
    if found.card_id is None:
        content = vault.open_bytes(found.key, delivery_place(found.fulfilment_id), found.ciphertext).decode()
        return RevealedCode(fulfilment_id=fulfilment_public_id, content=content, first_revealed_at=first)
    code = vault.open_code(SealedCode(found.card_id, found.key, found.ciphertext))
    return RevealedCode(fulfilment_id=fulfilment_public_id, code=code.code, secret=code.secret, first_revealed_at=first)


async def seal_delivery(
    session: WriteSession, vault: Vault, fulfilment_id: int, content: str, staff_id: int | None
) -> None:
    """Keep what staff hand over for a fulfilment, sealed; only its owner sees it, by `reveal`.

    Raises IntegrityError when the fulfilment has one already.
    """
    key = await data_key_for(session, vault, DELIVERIES, f"{clock.now():%Y-%m}")
    sealed = vault.seal_bytes(key, delivery_place(fulfilment_id), content.encode())
    session.add(SealedDelivery(fulfilment_id=fulfilment_id, data_key_id=key.id, ciphertext=sealed, written_by=staff_id))
    await session.flush()


async def data_key_for(session: WriteSession, vault: Vault, purpose: str, period: str) -> DataKey:
    """The key under which a purpose (of another slice, too) seals in a period such as a month; made on first use.

    Raises VaultClosedError when this process lacks the present master key.
    """
    return await keyring.data_key_for(session, vault, purpose, period)


async def data_key(session: ReadSession, key_id: int) -> DataKey:
    """A key by its number, to open what was sealed under it. Raises LookupError, DestroyedKeyError."""
    return await keyring.data_key(session, key_id)


async def destroy_keys(session: WriteSession, purpose: str, period: str) -> None:
    """What a purpose sealed in a period is gone for good; a new key is made when something is sealed again."""
    await keyring.destroy(session, purpose, period)


async def key_ids(session: ReadSession, purpose: str, period: str) -> list[int]:
    """Numbers of the keys that a purpose ever had in a period."""
    return await keyring.key_ids(session, purpose, period)


def delivery_place(fulfilment_id: int) -> bytes:
    """What a sealed delivery is bound to."""
    return b"delivery\0" + fulfilment_id.to_bytes(8, "big")


async def _refuse_too_many(session: WriteSession, customer_id: int, at: datetime) -> None:
    """Counted over all processes; a customer's acts take turns, so that many at once are counted too."""
    oldest = await queries.nth_last_reveal(session, customer_id, REVEALS, at - REVEAL_WINDOW)
    if oldest is not None:
        raise TooManyRevealsError(retry_after_seconds=math.ceil((oldest + REVEAL_WINDOW - at).total_seconds()))
