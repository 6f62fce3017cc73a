"""Signatures and cards of the Fulu protocol. Pure; sources: the open platform's published rules and test values.

A signature is MD5 over sorted characters with the secret behind them, so it says nothing about their order: what it
covers must be held against what was asked (see fulu.py).
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.padding import PKCS7

SECRET_BYTES = 32


def of_parameters(parameters: Mapping[str, object], secret: str) -> str:
    """Of a request or a callback: all parameters but `sign`, as compact JSON with characters unescaped."""
    named = {name: value for name, value in parameters.items() if name != "sign"}
    return of_text(json.dumps(named, ensure_ascii=False, separators=(",", ":")), secret)


def of_text(text: str, secret: str) -> str:
    """Of an answer's `result`, as it stands."""
    return hashlib.md5(("".join(sorted(text)) + secret).encode(), usedforsecurity=False).hexdigest()


def same(told: object, right: str) -> bool:
    return isinstance(told, str) and hmac.compare_digest(told.encode(), right.encode())


def card(sealed: str, secret: str) -> str:
    """A card number or password in clear: AES-256-ECB with PKCS#7 under the secret. Raises ValueError."""
    try:
        decryptor = Cipher(AES(secret.encode()), ECB()).decryptor()  # noqa: S305  (the protocol's own choice)
        padded = decryptor.update(base64.b64decode(sealed, validate=True)) + decryptor.finalize()
        unpadder = PKCS7(AES.block_size).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError) as error:
        raise ValueError("a card that does not open under the secret") from error
