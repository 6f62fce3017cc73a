"""SQL of the card pool: data keys, batches, sealed codes and who may open them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, any_, literal, select, text

from transactional.cards.models import Card, CardBatch, DataKey
from transactional.cards.sealed import DataKey as WrappedKey
from transactional.cards.sealed import SealedCode
from transactional.db import ReadSession, WriteSession

DELIVERED_CARD = text("""
select card.id as card_id, card.ciphertext, card.data_key_id, data_key.wrapped,
    (select min(r.revealed_at) from shop.card_reveal as r where r.card_id = card.id) as first_revealed_at
from shop.fulfilment as f
join shop.card on card.delivered_fulfilment_id = f.id
join shop.data_key on data_key.id = card.data_key_id
join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id
where f.public_id = :fulfilment and o.customer_id = :customer_id and f.state = 'delivered'
""")


@dataclass(frozen=True, slots=True)
class DeliveredCard:
    card_id: int
    sealed: SealedCode
    first_revealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SampleCard:
    sealed: SealedCode
    fingerprint: bytes


async def delivered_card(session: ReadSession, fulfilment: UUID, customer_id: int) -> DeliveredCard | None:
    """The card of a delivered unit, only for the customer whose order it is."""
    found = await session.execute(DELIVERED_CARD, {"fulfilment": fulfilment, "customer_id": customer_id})
    row = found.one_or_none()
    return DeliveredCard(row.card_id, _sealed(row), row.first_revealed_at) if row else None


async def any_sealed_card(session: ReadSession) -> SampleCard | None:
    found = (
        select(Card.id.label("card_id"), Card.ciphertext, Card.data_key_id, DataKey.wrapped, Card.fingerprint)
        .join(DataKey, DataKey.id == Card.data_key_id)
        .where(Card.fingerprint.is_not(None))
        .limit(1)
    )
    row = (await session.execute(found)).one_or_none()
    return SampleCard(_sealed(row), row.fingerprint) if row else None


async def master_key_fingerprints(session: ReadSession) -> set[str]:
    """Names of the master keys that wrap data keys here."""
    return set(await session.scalars(select(DataKey.master_key_fingerprint).distinct()))


async def batch_of_file(session: ReadSession, sha256: bytes) -> CardBatch | None:
    return await session.scalar(select(CardBatch).where(CardBatch.file_sha256 == sha256))


async def known_fingerprints(session: ReadSession, fingerprints: Sequence[bytes]) -> dict[bytes, CardBatch]:
    """Which of these codes are in the pool already, and in which batch."""
    found = (
        select(Card.fingerprint, CardBatch)
        .join(CardBatch, CardBatch.id == Card.batch_id)
        .where(Card.fingerprint == any_(literal(list(fingerprints), ARRAY(LargeBinary))))
    )
    return {bytes(fingerprint): batch for fingerprint, batch in await session.execute(found) if fingerprint}


async def next_ids(session: WriteSession, table: str, count: int) -> list[int]:
    """Keys that nobody else will get; ciphertexts are bound to them before the rows exist."""
    numbers = text("select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :count)")
    return list(await session.scalars(numbers, {"table": f"shop.{table}", "count": count}))


def _sealed(row: Any) -> SealedCode:
    return SealedCode(row.card_id, WrappedKey(row.data_key_id, bytes(row.wrapped)), bytes(row.ciphertext))
