"""UnionPay's messages (version 5.1.0): fields, their signature, and whose signature it is. Pure.

The signature is RSA with SHA-256 over the lower-case hexadecimal SHA-256 of all fields but `signature`, sorted and
joined as k=v&k=v (UnionPay's development kit, `sha256X16`).
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

VERSION, RSA = "5.1.0", "01"


class UnknownKeyError(Exception):
    """The message says that it is signed with a key that is not UnionPay's as configured."""


def signed(fields: Mapping[str, str], key: RSAPrivateKey) -> dict[str, str]:
    """The fields that are not empty, and their signature."""
    filled = {name: value for name, value in fields.items() if value}
    signature = key.sign(_digest(filled), PKCS1v15(), SHA256())
    return {**filled, "signature": base64.b64encode(signature).decode("ascii")}


def is_signed(fields: Mapping[str, str], key: RSAPublicKey) -> bool:
    """Whether the holder of `key` signed these fields. Raises UnknownKeyError, before the signature is looked at."""
    if fields.get("version") != VERSION or fields.get("signMethod") != RSA:
        return False
    if _named_key(fields) != key.public_numbers():
        raise UnknownKeyError
    try:
        signature = base64.b64decode(fields.get("signature", ""), validate=True)
        key.verify(signature, _digest(fields), PKCS1v15(), SHA256())
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return True


def written(fields: Mapping[str, str]) -> str:
    """The body of an answer: k=v&k=v, nothing of it encoded."""
    return "&".join(f"{name}={value}" for name, value in fields.items())


def read(body: str) -> dict[str, str]:
    """The fields of an answer's body. Raises ValueError."""
    pairs = [part.partition("=") for part in body.strip().split("&")]
    fields = {name: value for name, equals, value in pairs if name and equals}
    if len(fields) != len(pairs):
        raise ValueError("the answer is no list of k=v")
    return fields


def _digest(fields: Mapping[str, str]) -> bytes:
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "signature")
    return hashlib.sha256(text.encode()).hexdigest().encode("ascii")


def _named_key(fields: Mapping[str, str]) -> object:
    """The key in the certificate that UnionPay sends along."""
    try:
        key = x509.load_pem_x509_certificate(fields.get("signPubKeyCert", "").encode("ascii")).public_key()
    except Exception:  # noqa: BLE001  (whatever a forged certificate does to the parser, its key is not UnionPay's)
        return None
    return key.public_numbers() if isinstance(key, RSAPublicKey) else None
