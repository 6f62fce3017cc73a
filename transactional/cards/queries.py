"""SQL of the card pool: data keys, batches, sealed codes and who may open them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, any_, literal, select, text

from transactional.cards.models import Card, CardBatch, CardReveal, DataKey
from transactional.cards.sealed import DataKey as WrappedKey
from transactional.cards.sealed import SealedCode
from transactional.db import ReadSession, WriteSession

# Shown or refunded, never both unseen: who refunds it, or has its code replaced, waits, or is waited for.
DELIVERED = text("""
select case when card.ciphertext is not null then card.id end as card_id, sealed.id as sealed_delivery_id,
    f.id as fulfilment_id,
    coalesce(card.ciphertext, sealed.ciphertext) as ciphertext, data_key.id as data_key_id, data_key.wrapped,
    (
        select min(r.revealed_at) from shop.card_reveal as r
        where r.card_id = card.id or r.sealed_delivery_id = sealed.id
    ) as first_revealed_at
from shop.fulfilment as f
left join shop.card on card.delivered_fulfilment_id = f.id
left join shop.sealed_delivery as sealed on sealed.fulfilment_id = f.id
join shop.data_key on data_key.id = coalesce(card.data_key_id, sealed.data_key_id)
join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id
where f.public_id = :fulfilment and o.customer_id = :customer_id and f.state = 'delivered'
for share of f
""")

KIND_OF_SKU = text(
    "select product.kind from shop.sku join shop.product on product.id = sku.product_id where sku.id = :sku_id"
)

INSERT_PERIOD_KEY = text("""
insert into shop.data_key (id, wrapped, master_key_fingerprint, purpose, period)
values (:id, :wrapped, :master_key_fingerprint, :purpose, :period)
on conflict (purpose, period) where superseded_at is null and period is not null do nothing
""")


@dataclass(frozen=True, slots=True)
class Delivered:
    """What was handed over for a unit: a card's code, or what staff wrote (`card_id` is none)."""

    fulfilment_id: int
    card_id: int | None
    sealed_delivery_id: int | None
    key: WrappedKey
    ciphertext: bytes
    first_revealed_at: datetime | None


@dataclass(frozen=True, slots=True)
class SampleCard:
    sealed: SealedCode
    fingerprint: bytes


async def delivered(session: WriteSession, fulfilment: UUID, customer_id: int) -> Delivered | None:
    """What a delivered unit consists of, only for the customer whose order it is; it stays so until the commit."""
    found = await session.execute(DELIVERED, {"fulfilment": fulfilment, "customer_id": customer_id})
    row = found.one_or_none()
    if row is None:
        return None
    key = WrappedKey(row.data_key_id, bytes(row.wrapped))
    seen = row.first_revealed_at
    return Delivered(row.fulfilment_id, row.card_id, row.sealed_delivery_id, key, bytes(row.ciphertext), seen)


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
    """Names of the master keys that wrap data keys here; destroyed keys are wrapped by none."""
    found = select(DataKey.master_key_fingerprint).where(DataKey.wrapped != b"").distinct()
    return set(await session.scalars(found))


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


async def kind_of_sku(session: ReadSession, sku_id: int) -> str | None:
    """The kind of product that a SKU belongs to."""
    kind: str | None = await session.scalar(KIND_OF_SKU, {"sku_id": sku_id})
    return kind


async def next_ids(session: WriteSession, table: str, count: int) -> list[int]:
    """Keys that nobody else will get; ciphertexts are bound to them before the rows exist."""
    numbers = text("select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :count)")
    return list(await session.scalars(numbers, {"table": f"shop.{table}", "count": count}))


def _sealed(row: Any) -> SealedCode:
    return SealedCode(row.card_id, WrappedKey(row.data_key_id, bytes(row.wrapped)), bytes(row.ciphertext))


async def nth_last_reveal(session: WriteSession, customer_id: int, count: int, since: datetime) -> datetime | None:
    """When the customer's `count`-th last act of revealing was, if after `since`; other acts of the customer wait."""
    await session.execute(text("select pg_advisory_xact_lock(hashtextextended('reveal', :id))"), {"id": customer_id})
    found = (
        select(CardReveal.revealed_at)
        .where(CardReveal.customer_id == customer_id, CardReveal.revealed_at > since)
        .order_by(CardReveal.revealed_at.desc())
        .offset(count - 1)
        .limit(1)
    )
    return await session.scalar(found)
