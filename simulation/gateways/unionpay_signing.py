"""UnionPay's messages, version 5.1.0: checks the shop's, signs answers and notices. Made apart from the shop's code."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

COMMON = {"version": "5.1.0", "encoding": "UTF-8", "signMethod": "01", "accessType": "0"}


def certificate(key: RSAPrivateKey) -> str:
    """The certificate that goes along with each message; a real one is signed by CFCA."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Simulated UnionPay - no real money")])
    today = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=3650))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode("ascii").strip()


def digest(fields: Mapping[str, str]) -> bytes:
    text = "&".join(f"{name}={value}" for name, value in sorted(fields.items()) if name != "signature")
    return hashlib.sha256(text.encode("utf-8")).hexdigest().encode("ascii")


def signed(fields: Mapping[str, str], key: RSAPrivateKey, pem: str) -> dict[str, str]:
    whole = {**COMMON, **fields, "signPubKeyCert": pem}
    return {**whole, "signature": base64.b64encode(key.sign(digest(whole), PKCS1v15(), SHA256())).decode("ascii")}


def is_signed_by(fields: Mapping[str, str], key: RSAPublicKey) -> bool:
    try:
        signature = base64.b64decode(fields.get("signature", ""), validate=True)
        key.verify(signature, digest(fields), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
