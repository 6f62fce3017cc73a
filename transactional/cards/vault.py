"""Envelope encryption of card codes: AES-256-GCM under data keys, themselves wrapped by the master key in a file.

Associated data bind every ciphertext to its place, so that one moved to another card does not open.
"""

import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mingsuan.keys import KEY_BYTES, read_or_make
from mingsuan.settings import Settings
from transactional.cards import queries
from transactional.cards.sealed import DataKey, SealedCode
from transactional.db import ReadSession

NONCE_BYTES = 12


class VaultClosedError(RuntimeError):
    """The key files do not belong to this database; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class Code:
    """A card's code in clear, and its PIN when it has one. Never printed by accident."""

    code: str
    secret: str | None = None

    def __repr__(self) -> str:
        return "Code(…)"


class Vault:
    """Seals and opens codes; holds the master key and the fingerprint key in memory."""

    def __init__(self, master_key: bytes, fingerprint_key: bytes) -> None:
        self._master = AESGCM(master_key)
        self._fingerprint_key = fingerprint_key
        self.master_key_fingerprint = key_fingerprint(master_key)

    def __repr__(self) -> str:
        return f"Vault({self.master_key_fingerprint})"

    def new_data_key(self, key_id: int) -> DataKey:
        """A fresh random key, wrapped, for the row `key_id`."""
        return DataKey(key_id, _encrypt(self._master, AESGCM.generate_key(8 * KEY_BYTES), _key_place(key_id)))

    def seal_codes(self, key: DataKey, codes: dict[int, Code]) -> dict[int, bytes]:
        """Ciphertexts by card id."""
        cipher = self._unwrapped(key)
        return {card: _encrypt(cipher, _packed(code), _card_place(key.id, card)) for card, code in codes.items()}

    def open_code(self, sealed: SealedCode) -> Code:
        """The code in clear. Raises VaultClosedError when it was tampered with or the key is another one."""
        place = _card_place(sealed.key.id, sealed.card_id)
        packed = json.loads(_decrypt(self._unwrapped(sealed.key), sealed.ciphertext, place))
        return Code(packed["code"], packed.get("secret"))

    def fingerprint(self, code: str) -> bytes:
        """Keyed hash by which the same code is recognised over all batches, and which tells nothing without the key."""
        return hmac.digest(self._fingerprint_key, code.encode(), "sha256")

    def _unwrapped(self, key: DataKey) -> AESGCM:
        return AESGCM(_decrypt(self._master, key.wrapped, _key_place(key.id)))


def key_fingerprint(key: bytes) -> str:
    """Names a master key without telling it."""
    return hashlib.sha256(b"mingsuan/master-key/v1\0" + key).hexdigest()[:16]


def key_files(settings: Settings) -> tuple[Path, Path]:
    """Where the master key and the fingerprint key are."""
    return (
        settings.master_key_file or settings.keys_dir / "master.key",
        settings.fingerprint_key_file or settings.keys_dir / "fingerprint.key",
    )


async def open_vault(session: ReadSession, settings: Settings) -> Vault:
    """The vault of this database; its keys are made only while no card was ever sealed.

    Raises VaultClosedError when a key file is missing, malformed or not the one that sealed what is there.
    """
    files = key_files(settings)
    needed = await queries.master_key_fingerprints(session)
    missing = [file for file in files if needed and not file.exists()]
    if missing:
        raise VaultClosedError(
            f"{missing[0]} is missing, but the database holds codes sealed with it: restore the file from its backup"
        )
    try:
        vault = Vault(*(read_or_make(file) for file in files))
    except ValueError as error:
        raise VaultClosedError(str(error)) from None
    if needed - {vault.master_key_fingerprint}:
        raise VaultClosedError(f"{files[0]} is not the master key that sealed the codes in this database: restore it")
    await _check_fingerprint_key(session, vault, files[1])
    return vault


async def _check_fingerprint_key(session: ReadSession, vault: Vault, file: Path) -> None:
    sample = await queries.any_sealed_card(session)
    if sample and not hmac.compare_digest(vault.fingerprint(vault.open_code(sample.sealed).code), sample.fingerprint):
        raise VaultClosedError(f"{file} is not the fingerprint key of the codes in this database: restore it")


def _packed(code: Code) -> bytes:
    return json.dumps({"code": code.code, **({"secret": code.secret} if code.secret else {})}).encode()


def _encrypt(cipher: AESGCM, plain: bytes, place: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, place)


def _decrypt(cipher: AESGCM, sealed: bytes, place: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
    except InvalidTag:
        raise VaultClosedError("a code could not be opened: its key is another one, or it was altered") from None


def _key_place(key_id: int) -> bytes:
    return b"mingsuan/data-key/v1\0" + key_id.to_bytes(8, "big")


def _card_place(key_id: int, card_id: int) -> bytes:
    return b"mingsuan/card/v1\0" + key_id.to_bytes(8, "big") + card_id.to_bytes(8, "big")
