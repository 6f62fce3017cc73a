"""The data keys of the database: a new one for each batch of codes, one a purpose and period for other things.

A new key is always wrapped by the master key that wraps all others, also in a process that a rotation overtook.
"""

from sqlalchemy import func, insert, select, text, update

from mingsuan import clock
from transactional.cards import queries
from transactional.cards.models import DataKey as DataKeyRow
from transactional.cards.sealed import DataKey
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession

# Waits for a rotation that is re-wrapping all keys, and lets none begin before this transaction ends.
KEEP_ROTATION_OUT = text("lock table shop.data_key in row exclusive mode")


class DestroyedKeyError(LookupError):
    """What was sealed under this key is gone for good."""


async def new_data_key(session: WriteSession, vault: Vault) -> DataKey:
    """A key for a batch of codes. Raises VaultClosedError when this process lacks the present master key."""
    key = await _fresh(session, vault)
    await session.execute(insert(DataKeyRow).values(**_row(vault, key)))
    return key


async def data_key_for(session: WriteSession, vault: Vault, purpose: str, period: str) -> DataKey:
    """The key of a purpose and period, made on first use. Raises VaultClosedError as `new_data_key` does."""
    known = await _known(session, purpose, period)
    if known is None:
        key = await _fresh(session, vault)
        await session.execute(queries.INSERT_PERIOD_KEY, {**_row(vault, key), "purpose": purpose, "period": period})
        known = await _known(session, purpose, period)  # another transaction's, when that was first
    if known is None:
        raise RuntimeError(f"the data key of {purpose} {period} was superseded while it was made")
    return known


async def data_key(session: ReadSession, key_id: int) -> DataKey:
    """A key by its number, to open what was sealed under it. Raises LookupError, DestroyedKeyError."""
    row = await session.get(DataKeyRow, key_id)
    if row is None:
        raise LookupError(f"there is no data key {key_id}")
    if not row.wrapped:
        raise DestroyedKeyError(f"data key {key_id} was destroyed")
    return DataKey(row.id, bytes(row.wrapped))


async def destroy(session: WriteSession, purpose: str, period: str) -> None:
    """Whatever these keys sealed cannot be opened any more, by anybody; the rows stay, without a key in them."""
    await session.execute(KEEP_ROTATION_OUT)
    ended = update(DataKeyRow).where(DataKeyRow.purpose == purpose, DataKeyRow.period == period)
    at = clock.now()
    values = {"wrapped": b"", "superseded_at": func.coalesce(DataKeyRow.superseded_at, at)}
    await session.execute(ended.values(values))


async def key_ids(session: ReadSession, purpose: str, period: str) -> list[int]:
    """Numbers of the keys that this purpose and period ever had."""
    found = select(DataKeyRow.id).where(DataKeyRow.purpose == purpose, DataKeyRow.period == period)
    return list(await session.scalars(found))


async def _fresh(session: WriteSession, vault: Vault) -> DataKey:
    await session.execute(KEEP_ROTATION_OUT)
    for fingerprint in await queries.master_key_fingerprints(session):
        vault.follow(fingerprint)
    [key_id] = await queries.next_ids(session, "data_key", 1)
    return vault.new_data_key(key_id)


async def _known(session: WriteSession, purpose: str, period: str) -> DataKey | None:
    found = select(DataKeyRow.id, DataKeyRow.wrapped).where(
        DataKeyRow.purpose == purpose, DataKeyRow.period == period, DataKeyRow.superseded_at.is_(None)
    )
    row = (await session.execute(found)).one_or_none()
    return DataKey(row.id, bytes(row.wrapped)) if row else None


def _row(vault: Vault, key: DataKey) -> dict[str, object]:
    return {"id": key.id, "wrapped": key.wrapped, "master_key_fingerprint": vault.master_key_fingerprint}
