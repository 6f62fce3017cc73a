"""How shop and provider prove their messages to each other (docs/activation.md). Pure: no I/O, no clock.

Messages between servers follow Standard Webhooks (HMAC-SHA256 over id, timestamp and body); a body says what it is by
its `type`, so that none can be taken for another.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from transactional.benefits.activation_rules import FRESHNESS

SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105  (a prefix, not a secret)
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
MAX_ID = 200
Refusal = Literal["bad_signature", "stale", "malformed"]


class RefusedMessageError(Exception):
    """A message that is not the other side's, not of now, or not readable."""

    def __init__(self, verdict: Refusal) -> None:
        super().__init__(verdict)
        self.verdict: Refusal = verdict


@dataclass(frozen=True, slots=True)
class Message:
    """A message whose sender is proven."""

    id: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """What the address of a way to a provider says; never a code, never a person."""

    launch: str
    benefits: Sequence[str]
    ticket: str
    expires: int
    return_url: str


def secret_text(secret: bytes) -> str:
    """A secret as partners are given it."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def secret_bytes(text: str) -> bytes:
    """Raises ValueError when it is not a secret of SECRET_BYTES."""
    secret = base64.b64decode(text.strip().removeprefix(SECRET_PREFIX), validate=True)
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes")
    return secret


def ticket(secret: bytes, launch: str, nonce: bytes) -> str:
    """The one-time ticket of a way, which nobody can make without secret and nonce."""
    made = hmac.digest(secret, b"mingsuan/ticket/v1\0" + launch.encode() + b"\0" + nonce, "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def pseudonym(secret: bytes, customer: bytes) -> str:
    """A name for a customer that means something to one provider only."""
    return hmac.digest(secret, b"mingsuan/customer/v1\0" + customer, "sha256").hex()[:32]


def same(one: str, other: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def way_signature(secret: bytes, way: Way) -> str:
    """Hexadecimal HMAC-SHA256 over the lines of the way's address."""
    lines = ("mingsuan-activation-v1", way.launch, ",".join(way.benefits), way.ticket, str(way.expires), way.return_url)
    return hmac.digest(secret, "\n".join(lines).encode(), "sha256").hex()


def way_address(launch_url: str, secret: bytes, way: Way) -> str:
    """Where the customer's browser goes."""
    query = urlencode(
        {
            "launch": way.launch,
            "benefits": ",".join(way.benefits),
            "ticket": way.ticket,
            "expires": way.expires,
            "return": way.return_url,
            "signature": way_signature(secret, way),
        }
    )
    return f"{launch_url}{'&' if urlsplit(launch_url).query else '?'}{query}"


def signed_headers(secret: bytes, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers that prove a body."""
    stamp = str(int(at.timestamp()))
    proof = base64.b64encode(_proof(secret, message_id, stamp, body)).decode()
    return {ID: message_id, TIMESTAMP: stamp, SIGNATURE: f"v1,{proof}"}


def opened(
    secret: bytes, headers: Mapping[str, str], body: bytes, at: datetime, *, expected_id: str | None = None
) -> Message:
    """A message that came; `headers` have lower-case names, `expected_id` is the question's when it is an answer.

    Raises RefusedMessageError.
    """
    message_id, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    given = [part.removeprefix("v1,") for part in headers.get(SIGNATURE, "").split() if part.startswith("v1,")]
    proof = base64.b64encode(_proof(secret, message_id, stamp, body)).decode()
    if not any(same(each, proof) for each in given) or (expected_id is not None and not same(message_id, expected_id)):
        raise RefusedMessageError("bad_signature")
    if not (stamp.isascii() and stamp.isdigit() and 0 < len(message_id) <= MAX_ID and message_id.isprintable()):
        raise RefusedMessageError("malformed")
    if abs(int(stamp[:12]) - at.timestamp()) > FRESHNESS.total_seconds():
        raise RefusedMessageError("stale")
    return Message(message_id, _read(body))


def packed(values: Mapping[str, Any]) -> bytes:
    """A body of a message."""
    return json.dumps(dict(values), ensure_ascii=False, separators=(",", ":")).encode()


def digest(body: bytes) -> bytes:
    return hashlib.sha256(body).digest()


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedMessageError("malformed") from None
    if not isinstance(found, dict):
        raise RefusedMessageError("malformed")
    return found


def _proof(secret: bytes, message_id: str, stamp: str, body: bytes) -> bytes:
    return hmac.digest(secret, f"{message_id}.{stamp}.".encode(errors="replace") + body, "sha256")
