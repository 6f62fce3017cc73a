"""WeChat Pay v3's signatures and sealed resources, the gateway's side: requests checked, answers and notices signed."""

import base64
import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

SCHEME = "WECHATPAY2-SHA256-RSA2048"
FRESH_S = 300
PART = re.compile(r'(\w+)="([^"]*)"')
PROBE = "WECHATPAY/SIGNTEST/"  # begins the signatures that the gateway spoils to see whether a merchant looks


def request_signer(authorization: str, method: str, target: str, body: bytes, now: datetime, key: RSAPublicKey) -> str:
    """The serial that a request names, after its signature and its time were checked. Raises ValueError.

    `target` is the path with the query string.
    """
    scheme, _, rest = authorization.partition(" ")
    parts: dict[str, str] = dict(PART.findall(rest))
    if scheme != SCHEME or not {"mchid", "nonce_str", "signature", "timestamp", "serial_no"} <= parts.keys():
        raise ValueError("no usable Authorization header")
    if not parts["timestamp"].isdecimal() or abs(int(parts["timestamp"]) - now.timestamp()) > FRESH_S:
        raise ValueError("the timestamp is too old")
    text = f"{method}\n{target}\n{parts['timestamp']}\n{parts['nonce_str']}\n".encode() + body + b"\n"
    try:
        key.verify(base64.b64decode(parts["signature"]), text, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        raise ValueError("the signature is wrong") from None
    return parts["serial_no"]


def signature_headers(key: RSAPrivateKey, serial: str, body: bytes, at: datetime) -> dict[str, str]:
    """Headers that sign an answer or a notice."""
    timestamp, nonce = str(int(at.timestamp())), secrets.token_hex(16)
    text = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": base64.b64encode(key.sign(text, PKCS1v15(), SHA256())).decode(),
        "Wechatpay-Signature-Type": SCHEME,
    }


def spoilt(headers: Mapping[str, str]) -> dict[str, str]:
    """The same headers with a signature as the gateway's probes carry it: well formed, and wrong."""
    name = next(name for name in headers if name.lower() == "wechatpay-signature")
    return {**headers, name: PROBE + headers[name][len(PROBE) :]}


def sealed(api_v3_key: str, original_type: str, content: Mapping[str, object]) -> dict[str, str]:
    """A notice's resource, encrypted with AEAD_AES_256_GCM."""
    nonce = secrets.token_hex(6)
    plain = json.dumps(content, ensure_ascii=False).encode()
    box = AESGCM(api_v3_key.encode()).encrypt(nonce.encode(), plain, original_type.encode())
    return {
        "original_type": original_type,
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(box).decode(),
        "associated_data": original_type,
        "nonce": nonce,
    }
