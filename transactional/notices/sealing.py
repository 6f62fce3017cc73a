"""One-time codes at rest between the request that made them and the worker that sends them."""

import json
from dataclasses import dataclass

from transactional.cards.sealed import DataKey
from transactional.cards.vault import Vault

PURPOSE = "code_message"
"""Purpose of the data keys; one a month."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Whom a code goes to, and the code. Never printed by accident."""

    target: str
    code: str

    def __repr__(self) -> str:
        return "Opened(…)"


def sealed(vault: Vault, key: DataKey, message_id: int, target: str, code: str) -> bytes:
    return vault.seal_bytes(key, _place(message_id), json.dumps([target, code]).encode())


def opened(vault: Vault, key: DataKey, message_id: int, content: bytes) -> Opened:
    """Raises VaultClosedError when it was altered or moved."""
    target, code = json.loads(vault.open_bytes(key, _place(message_id), content))
    return Opened(target, code)


def _place(message_id: int) -> bytes:
    return b"code_message\0" + message_id.to_bytes(8, "big")
