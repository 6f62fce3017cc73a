"""Envelope encryption of card codes: AES-256-GCM under data keys, themselves wrapped by the master key in a file.

Associated data bind every ciphertext to its place, so that one moved to another card does not open.
"""

import hmac
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mingsuan.keys import KEY_BYTES, read_or_make
from mingsuan.settings import Settings
from transactional.cards import queries
from transactional.cards.master_keys import MasterKeyFile, key_fingerprint
from transactional.cards.sealed import DataKey, SealedCode
from transactional.db import ReadSession

NONCE_BYTES = 12
COULD_NOT_OPEN = "a code could not be opened: its key is another one, or it was altered"


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
    """Seals and opens codes; holds master key and fingerprint key in memory.

    When a data key is wrapped by a master key that it does not hold, a rotation has happened: `read_again` gives the
    keys that are in the files by now.
    """

    def __init__(
        self, master_key: bytes, fingerprint_key: bytes, read_again: Callable[[], Sequence[bytes]] = tuple
    ) -> None:
        self._masters = _by_fingerprint([master_key])
        self._fingerprint_key = fingerprint_key
        self._read_again = read_again
        self.master_key_fingerprint = key_fingerprint(master_key)

    def __repr__(self) -> str:
        return f"Vault({self.master_key_fingerprint})"

    def follow(self, fingerprint: str) -> None:
        """Wrap new data keys with this master key from now on. Raises VaultClosedError when it cannot be found."""
        if fingerprint not in self._masters:
            self._masters = self._masters | _by_fingerprint(self._read_again())
        if fingerprint not in self._masters:
            raise VaultClosedError(
                f"the data keys are wrapped by master key {fingerprint}, which this process does not hold and its key"
                " file neither: put that file in place, and start this process again if it reads another"
            )
        self.master_key_fingerprint = fingerprint

    def new_data_key(self, key_id: int) -> DataKey:
        """A fresh random key, wrapped, for the row `key_id`."""
        return DataKey(key_id, self._wrapped(AESGCM.generate_key(8 * KEY_BYTES), key_id))

    def wrapped_again(self, key: DataKey) -> DataKey:
        """The same data key, wrapped by the master key that is followed now."""
        return DataKey(key.id, self._wrapped(self._plain(key), key.id))

    def seal_codes(self, key: DataKey, codes: dict[int, Code]) -> dict[int, bytes]:
        """Ciphertexts by card id."""
        cipher = self._unwrapped(key)
        return {card: _encrypt(cipher, _packed(code), _card_place(key.id, card)) for card, code in codes.items()}

    def open_code(self, sealed: SealedCode) -> Code:
        """The code in clear. Raises VaultClosedError when it was tampered with or the key is another one."""
        place = _card_place(sealed.key.id, sealed.card_id)
        packed = json.loads(_decrypt(self._unwrapped(sealed.key), sealed.ciphertext, place))
        return Code(packed["code"], packed.get("secret"))

    def seal_bytes(self, key: DataKey, place: bytes, plain: bytes) -> bytes:
        """Ciphertext of anything but a code; `place` says what it is of which row, and nobody else uses the same."""
        return _encrypt(self._unwrapped(key), plain, _other_place(key.id, place))

    def open_bytes(self, key: DataKey, place: bytes, sealed: bytes) -> bytes:
        """What was sealed under the same place. Raises VaultClosedError as `open_code` does."""
        return _decrypt(self._unwrapped(key), sealed, _other_place(key.id, place))

    def fingerprint(self, code: str) -> bytes:
        """Keyed hash by which the same code is recognised over all batches, and which tells nothing without the key."""
        return hmac.digest(self._fingerprint_key, code.encode(), "sha256")

    def _wrapped(self, plain: bytes, key_id: int) -> bytes:
        return _encrypt(self._masters[self.master_key_fingerprint], plain, _key_place(key_id))

    def _unwrapped(self, key: DataKey) -> AESGCM:
        return AESGCM(self._plain(key))

    def _plain(self, key: DataKey) -> bytes:
        found = self._opened_by_any(key)
        if found is None:
            self._masters = self._masters | _by_fingerprint(self._read_again())
            found = self._opened_by_any(key)
        if found is None:
            raise VaultClosedError(COULD_NOT_OPEN)
        return found

    def _opened_by_any(self, key: DataKey) -> bytes | None:
        for master in self._masters.values():
            with suppress(VaultClosedError):
                return _decrypt(master, key.wrapped, _key_place(key.id))
        return None


def _by_fingerprint(keys: Sequence[bytes]) -> dict[str, AESGCM]:
    return {key_fingerprint(key): AESGCM(key) for key in keys}


def key_files(settings: Settings) -> tuple[Path, Path]:
    """Where the master key and the fingerprint key are."""
    return (
        settings.master_key_file or settings.keys_dir / "master.key",
        settings.fingerprint_key_file or settings.keys_dir / "fingerprint.key",
    )


async def open_vault(session: ReadSession, settings: Settings) -> Vault:
    """The vault of this database; its keys are made only while nothing was ever sealed.

    A rotation that was cut off after its commit is brought to its end. Raises VaultClosedError when a key file is
    missing, malformed or not the one that sealed what is there.
    """
    master_file, fingerprint_file = key_files(settings)
    needed = await queries.master_key_fingerprints(session)
    missing = [file for file in (master_file, fingerprint_file) if needed and not file.exists()]
    if missing:
        raise VaultClosedError(
            f"{missing[0]} is missing, but the database holds codes sealed with it: restore the file from its backup"
        )
    masters = MasterKeyFile(master_file)
    try:
        for fingerprint in needed:
            masters.promote(fingerprint)
        vault = Vault(read_or_make(master_file), read_or_make(fingerprint_file), masters.read_all)
    except ValueError as error:
        raise VaultClosedError(str(error)) from None
    if needed - {vault.master_key_fingerprint}:
        raise VaultClosedError(
            f"{master_file} is not the master key that sealed the codes in this database"
            f" ({', '.join(sorted(needed))}): restore it"
        )
    await _check_fingerprint_key(session, vault, fingerprint_file)
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
        raise VaultClosedError(COULD_NOT_OPEN) from None


def _key_place(key_id: int) -> bytes:
    return b"mingsuan/data-key/v1\0" + key_id.to_bytes(8, "big")


def _card_place(key_id: int, card_id: int) -> bytes:
    return b"mingsuan/card/v1\0" + key_id.to_bytes(8, "big") + card_id.to_bytes(8, "big")


def _other_place(key_id: int, place: bytes) -> bytes:
    return b"mingsuan/sealed/v1\0" + key_id.to_bytes(8, "big") + place
