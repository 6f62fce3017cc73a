"""Personal data at rest: sealed under a key of the customer's own, found again by keyed hashes.

Destroying that key (`destroy_key`) makes everything unreadable that was ever sealed for the customer, wherever it is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text

from transactional.cards import service as cards
from transactional.cards.keyring import DestroyedKeyError
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession

PURPOSE = "person"
# Erasure waits for who seals, and who seals after it finds the tombstone.
ERASED = text("select erased_at is not null from shop.customer where id = :customer_id for key share")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A ciphertext and the number of the key that opens it."""

    data_key_id: int
    content: bytes


class ErasedError(LookupError):
    """The customer's key was destroyed: what it sealed cannot be read by anybody."""


async def seal(session: WriteSession, vault: Vault, customer_id: int, place: str, values: Mapping[str, str]) -> Sealed:
    """The values under the customer's key. `place` names what they are (such as "address"); opening needs the same.

    Raises ErasedError: nothing of an erased person is kept again.
    """
    if (await session.execute(ERASED, {"customer_id": customer_id})).scalar_one_or_none():
        raise ErasedError
    key = await cards.data_key_for(session, vault, PURPOSE, str(customer_id))
    plain = json.dumps(dict(values), ensure_ascii=False, separators=(",", ":")).encode()
    return Sealed(key.id, vault.seal_bytes(key, _place(customer_id, place), plain))


async def unseal(session: ReadSession, vault: Vault, customer_id: int, place: str, sealed: Sealed) -> dict[str, str]:
    """Raises ErasedError, VaultClosedError when it was altered or moved."""
    try:
        key = await cards.data_key(session, sealed.data_key_id)
    except DestroyedKeyError:
        raise ErasedError from None
    found: dict[str, str] = json.loads(vault.open_bytes(key, _place(customer_id, place), sealed.content))
    return found


async def destroy_key(session: WriteSession, customer_id: int) -> None:
    """What was sealed for this customer is gone; a new key is made when something is sealed again."""
    await cards.destroy_keys(session, PURPOSE, str(customer_id))


def index(vault: Vault, kind: str, value: str) -> bytes:
    """Keyed hash by which a telephone number, an address or an identity number is found again.

    `kind` keeps the hashes of different things apart; no code of a card holds a NUL, so none is met by chance.
    """
    return vault.fingerprint(f"mingsuan/{kind}/v1\0{value}")


async def keys_of(session: ReadSession, customer_id: int) -> list[int]:
    """Numbers of the keys that a customer ever had."""
    return await cards.key_ids(session, PURPOSE, str(customer_id))


def _place(customer_id: int, place: str) -> bytes:
    return f"person\0{place}\0".encode() + customer_id.to_bytes(8, "big")
