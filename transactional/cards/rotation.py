"""A new master key: every data key wrapped again in one transaction, the key file replaced after it.

Whenever it is cut off, either the old or the new file opens everything, and the next start or rotation ends the work.
Codes themselves are not touched; new data keys are `re_encryption`'s.
"""

from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.settings import Settings
from transactional.arrays import arrays
from transactional.cards import queries
from transactional.cards.master_keys import MasterKeyFile, key_fingerprint
from transactional.cards.models import DataKey as DataKeyRow
from transactional.cards.sealed import DataKey
from transactional.cards.vault import Vault, key_files, open_vault
from transactional.db import WriteSession, writing

# Lets no data key be added before the end; reading keys and referring to them goes on.
KEEP_KEYS_STILL = text("lock table shop.data_key in share row exclusive mode")
WRAPPED = {"id": "bigint", "wrapped": "bytea"}
WRAP_AGAIN = text("""
update shop.data_key set wrapped = again.wrapped, master_key_fingerprint = :fingerprint
from unnest(cast(:data_key_id as bigint[]), cast(:data_key_wrapped as bytea[])) as again (id, wrapped)
where data_key.id = again.id
""")


class NothingSealedError(RuntimeError):
    """There is nothing that a new master key would wrap."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """Which master key took the place of which, by fingerprint."""

    before: str
    after: str
    data_keys: int


async def rotate_master_key(source: AsyncEngine, settings: Settings) -> Rotated:
    """Commits on its own. Raises NothingSealedError, VaultClosedError when the key files are not this database's.

    Running shops need no restart: they read the key file again when they meet a data key that they cannot unwrap.
    """
    masters = MasterKeyFile(key_files(settings)[0])
    async with writing(source) as session:
        vault = await open_vault(session, settings)
        await session.execute(KEEP_KEYS_STILL)
        before = await _present(session, vault, masters)
        wrapped = await _all_data_keys(session)
        after = key_fingerprint(masters.make_next())
        vault.follow(after)
        again = [(key.id, vault.wrapped_again(key).wrapped) for key in wrapped]
        await session.execute(WRAP_AGAIN, {**arrays("data_key", WRAPPED, again), "fingerprint": after})
    masters.promote(after)
    return Rotated(before, after, len(wrapped))


async def _present(session: WriteSession, vault: Vault, masters: MasterKeyFile) -> str:
    """The master key of the database by now: while this rotation waited, another may have ended, its file not yet."""
    present = await queries.master_key_fingerprints(session)
    if not present:
        raise NothingSealedError("nothing is sealed in this database yet: there is nothing to wrap with a new key")
    for fingerprint in present:
        masters.promote(fingerprint)
        vault.follow(fingerprint)
    return vault.master_key_fingerprint


async def _all_data_keys(session: WriteSession) -> list[DataKey]:
    """All that can still be opened: a destroyed key stays destroyed."""
    rows = await session.execute(
        select(DataKeyRow.id, DataKeyRow.wrapped).where(DataKeyRow.wrapped != b"").order_by(DataKeyRow.id)
    )
    return [DataKey(row.id, bytes(row.wrapped)) for row in rows]
