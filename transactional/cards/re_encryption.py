"""New data keys for what is sealed already: codes and deliveries by hand are sealed again, chunk by chunk.

Cut off, it goes on where it stopped. Notices of payments are append-only: they keep their data keys, and so do those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from mingsuan.progress import Progress
from transactional.arrays import arrays
from transactional.cards import keyring
from transactional.cards.sealed import DataKey, SealedCode
from transactional.cards.service import DELIVERIES, delivery_place
from transactional.cards.vault import Vault
from transactional.db import WriteSession, reading, writing
from transactional.errors import NotFoundError

CHUNK = 500  # rows locked at once, for milliseconds, during which they look sold out to buyers
SEALED_AGAIN = {"id": "bigint", "old_key_id": "bigint", "key_id": "bigint", "ciphertext": "bytea"}
GIVEN = """unnest(
    cast(:again_id as bigint[]), cast(:again_old_key_id as bigint[]), cast(:again_key_id as bigint[]),
    cast(:again_ciphertext as bytea[])
) as again (id, old_key_id, key_id, ciphertext)"""

BATCH = text("select id from shop.card_batch where public_id = :batch")
OLD_CARDS = text("""
select card.id, card.batch_id from shop.card join shop.data_key on data_key.id = card.data_key_id
where data_key.superseded_at is not null and (cast(:batch_id as bigint) is null or card.batch_id = :batch_id)
order by card.batch_id, card.id
""")
OLD_DELIVERIES = text("""
select sealed.id from shop.sealed_delivery as sealed join shop.data_key on data_key.id = sealed.data_key_id
where data_key.superseded_at is not null order by sealed.id
""")
SUPERSEDE = text("""
update shop.data_key set superseded_at = :at
where superseded_at is null and (cast(:batch_id as bigint) is null or id in (
    select card.data_key_id from shop.card where card.batch_id = :batch_id
))
""")
NEW_KEY_OF_BATCH = text("""
select data_key.id, data_key.wrapped from shop.card join shop.data_key on data_key.id = card.data_key_id
where card.batch_id = :batch_id and data_key.superseded_at is null limit 1
""")
CARDS = text("""
select card.id, card.ciphertext, data_key.id as key_id, data_key.wrapped
from shop.card join shop.data_key on data_key.id = card.data_key_id
where card.id = any(cast(:ids as bigint[])) and data_key.superseded_at is not null
""")
DELIVERIES_SEALED = text("""
select sealed.id, sealed.fulfilment_id, sealed.ciphertext, data_key.id as key_id, data_key.wrapped
from shop.sealed_delivery as sealed join shop.data_key on data_key.id = sealed.data_key_id
where sealed.id = any(cast(:ids as bigint[])) and data_key.superseded_at is not null
""")
WRITE_CARDS = text(f"""
update shop.card set ciphertext = again.ciphertext, data_key_id = again.key_id from {GIVEN}
where card.id = again.id and card.data_key_id = again.old_key_id
""")
WRITE_DELIVERIES = text(f"""
update shop.sealed_delivery set ciphertext = again.ciphertext, data_key_id = again.key_id from {GIVEN}
where sealed_delivery.id = again.id and sealed_delivery.data_key_id = again.old_key_id
""")


@dataclass(frozen=True, slots=True)
class ReEncrypted:
    """What is under new data keys now; `resumed` when an earlier run had been cut off."""

    codes: int
    deliveries: int
    resumed: bool


async def re_encrypt(source: AsyncEngine, vault: Vault, progress: Progress, batch: UUID | None = None) -> ReEncrypted:
    """Everything, or the codes of one batch; commits chunk by chunk. Raises NotFoundError, VaultClosedError."""
    batch_id = await _batch_id(source, batch)
    resumed = bool(await _old_cards(source, batch_id) or (batch is None and await _old_deliveries(source)))
    if not resumed:
        async with writing(source) as session:
            await session.execute(SUPERSEDE, {"at": clock.now(), "batch_id": batch_id})
    codes = await _cards_again(source, vault, batch_id, progress)
    deliveries = await _deliveries_again(source, vault) if batch is None else 0
    return ReEncrypted(codes, deliveries, resumed)


async def _batch_id(source: AsyncEngine, batch: UUID | None) -> int | None:
    if batch is None:
        return None
    async with reading(source) as session:
        found: int | None = await session.scalar(BATCH, {"batch": batch})
    if found is None:
        raise NotFoundError
    return found


async def _old_cards(source: AsyncEngine, batch_id: int | None) -> dict[int, list[int]]:
    """Cards under superseded keys, by batch."""
    cards: dict[int, list[int]] = {}
    async with reading(source) as session:
        for row in await session.execute(OLD_CARDS, {"batch_id": batch_id}):
            cards.setdefault(row.batch_id, []).append(row.id)
    return cards


async def _old_deliveries(source: AsyncEngine) -> list[int]:
    async with reading(source) as session:
        return list(await session.scalars(OLD_DELIVERIES))


async def _cards_again(source: AsyncEngine, vault: Vault, batch_id: int | None, progress: Progress) -> int:
    done = 0
    for of_batch, cards in (await _old_cards(source, batch_id)).items():
        for chunk in _chunks(cards):
            async with writing(source) as session:
                done += await _chunk_of_cards(session, vault, of_batch, chunk)
        progress(f"{done:,} codes under new data keys")
    return done


async def _chunk_of_cards(session: WriteSession, vault: Vault, batch_id: int, cards: Sequence[int]) -> int:
    row = (await session.execute(NEW_KEY_OF_BATCH, {"batch_id": batch_id})).one_or_none()
    key = DataKey(row.id, bytes(row.wrapped)) if row else await keyring.new_data_key(session, vault)
    again = []
    for card in (await session.execute(CARDS, {"ids": list(cards)})).all():
        old = DataKey(card.key_id, bytes(card.wrapped))
        code = vault.open_code(SealedCode(card.id, old, bytes(card.ciphertext)))
        again.append((card.id, old.id, key.id, vault.seal_codes(key, {card.id: code})[card.id]))
    await session.execute(WRITE_CARDS, arrays("again", SEALED_AGAIN, again))
    return len(again)


async def _deliveries_again(source: AsyncEngine, vault: Vault) -> int:
    done = 0
    for chunk in _chunks(await _old_deliveries(source)):
        async with writing(source) as session:
            key = await keyring.data_key_for(session, vault, DELIVERIES, f"{clock.now():%Y-%m}")
            again = []
            for row in (await session.execute(DELIVERIES_SEALED, {"ids": list(chunk)})).all():
                old, place = DataKey(row.key_id, bytes(row.wrapped)), delivery_place(row.fulfilment_id)
                content = vault.open_bytes(old, place, bytes(row.ciphertext))
                again.append((row.id, old.id, key.id, vault.seal_bytes(key, place, content)))
            await session.execute(WRITE_DELIVERIES, arrays("again", SEALED_AGAIN, again))
            done += len(again)
    return done


def _chunks(ids: Sequence[int]) -> Sequence[Sequence[int]]:
    return [ids[at : at + CHUNK] for at in range(0, len(ids), CHUNK)]
