"""The HMAC card supplier's signature, on requests and on callbacks alike. Pure.

hex(HMAC-SHA256(secret, METHOD \\n PATH \\n TIMESTAMP \\n hex(MD5(body)))); the path is without the query, the time in
whole seconds, and both sides refuse what is more than 60 s off.
"""

import hashlib
import hmac
from collections.abc import Mapping

KEY_HEADER = "Dujiao-Next-Api-Key"
TIMESTAMP_HEADER = "Dujiao-Next-Timestamp"
SIGNATURE_HEADER = "Dujiao-Next-Signature"
CLOCKS_DIFFER_S = 60
CALLBACK_PATH = "/api/v1/upstream/callback"
"""What is signed in a callback, whatever address it is sent to."""


def signature(secret: str, method: str, path: str, timestamp: int, body: bytes) -> str:
    body_md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    text = f"{method}\n{path}\n{timestamp}\n{body_md5}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def headers(key: str, secret: str, method: str, path: str, timestamp: int, body: bytes) -> Mapping[str, str]:
    return {
        KEY_HEADER: key,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: signature(secret, method, path, timestamp, body),
    }


def signed(secret: str, method: str, path: str, timestamp: int, body: bytes, told: str) -> bool:
    """Whether `told` is the signature, compared in constant time."""
    made = signature(secret, method, path, timestamp, body)
    return hmac.compare_digest(made.encode(), told.lower().encode())
