"""The Fulu gateway's side of signatures and cards, made apart from the shop's."""

import base64
import json
from collections.abc import Mapping
from hashlib import md5

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def sign_text(text: str, secret: str) -> str:
    characters = list(text)
    characters.sort()
    return md5(bytes("".join(characters), "utf-8") + bytes(secret, "utf-8"), usedforsecurity=False).hexdigest()


def sign(parameters: Mapping[str, object], secret: str) -> str:
    """Of all parameters, `sign` and `cards` left out."""
    covered = {name: parameters[name] for name in parameters if name not in ("sign", "cards")}
    return sign_text(json.dumps(covered, ensure_ascii=False, separators=(",", ":")), secret)


def seal(text: str, secret: str) -> str:
    """A card as it goes over the wire: AES-256-ECB under the secret, padded with the length of the padding."""
    data = text.encode()
    missing = 16 - len(data) % 16
    encryptor = Cipher(algorithms.AES(secret.encode()), modes.ECB()).encryptor()  # noqa: S305
    return base64.b64encode(encryptor.update(data + bytes([missing]) * missing) + encryptor.finalize()).decode()
