"""The Reloadly-like supplier's callbacks: signature, age, and what an authentic one says. Makes no call.

X-Reloadly-Signature is hex(HMAC-SHA256(webhook secret, body + ":" + X-Reloadly-Request-Timestamp)); the time is in
milliseconds. A callback never carries the code.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from transactional.suppliers.protocols.interface import RefusedSupplierNoticeError, SupplierNoticeFact
from transactional.suppliers.protocols.reloadly_words import Said, TransactionSaid

SIGNATURE_HEADER = "X-Reloadly-Signature"
TIMESTAMP_HEADER = "X-Reloadly-Request-Timestamp"
AGE_AT_MOST_S = 300
INSTANT = re.compile("[0-9]{1,16}")
LARGEST_BYTES = 256 * 1024


class ToldSaid(TransactionSaid):
    custom_identifier: Annotated[str, Field(alias="customIdentifier", min_length=1)]


class CallbackSaid(Said):
    type: Literal["giftcard_transaction.status"]
    data: ToldSaid


def signature(secret: str, body: bytes, timestamp: str) -> str:
    return hmac.new(secret.encode(), body + b":" + timestamp.encode(), hashlib.sha256).hexdigest()


def authentic(secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> SupplierNoticeFact:
    """Raises RefusedSupplierNoticeError. The signature names the notice: a retry is signed anew."""
    stamp, told = headers.get(TIMESTAMP_HEADER.lower(), ""), headers.get(SIGNATURE_HEADER.lower(), "").lower()
    if not told or not INSTANT.fullmatch(stamp) or len(body) > LARGEST_BYTES:
        raise RefusedSupplierNoticeError("malformed", "without its headers, or larger than any callback")
    if not hmac.compare_digest(signature(secret, body, stamp).encode(), told.encode()):
        raise RefusedSupplierNoticeError("bad_signature", "the signature does not match")
    if abs(now.timestamp() - int(stamp) / 1000) > AGE_AT_MOST_S:
        raise RefusedSupplierNoticeError("stale", f"of {stamp}")
    try:
        said = CallbackSaid.model_validate(json.loads(body, parse_float=Decimal))
        fact = said.data.fact(said.data.custom_identifier)
    except ValueError as error:
        raise RefusedSupplierNoticeError("malformed", str(error).partition("\n")[0]) from error
    return SupplierNoticeFact("purchase", event_id=told, purchase=fact)
