"""The HMAC card supplier's callbacks: the checks in order, and what an authentic one says. Makes no call."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from transactional.suppliers.protocols import hmac_card_signing as signing
from transactional.suppliers.protocols.hmac_card_words import OrderSaid
from transactional.suppliers.protocols.interface import RefusedSupplierNoticeError, SupplierNoticeFact

LARGEST_BYTES = 1024 * 1024
INSTANT = re.compile("[0-9]{1,12}")


class CallbackSaid(OrderSaid):
    """`timestamp` is the one of the header, so that a body cannot be moved under a newer signature's time."""

    downstream_order_no: Annotated[str, Field(min_length=1)]
    timestamp: int


def authentic(key: str, secret: str, headers: Mapping[str, str], body: bytes, now: datetime) -> SupplierNoticeFact:
    """Raises RefusedSupplierNoticeError.

    The signature names the notice: a supplier's retry is signed anew, so the same signature again is a replay.
    """
    told_key, stamp, told = (
        headers.get(name.lower(), "")
        for name in (signing.KEY_HEADER, signing.TIMESTAMP_HEADER, signing.SIGNATURE_HEADER)
    )
    if not (told_key and told and INSTANT.fullmatch(stamp)) or len(body) > LARGEST_BYTES:
        raise RefusedSupplierNoticeError("malformed", "without its headers, or larger than any callback")
    if told_key != key:
        raise RefusedSupplierNoticeError("bad_signature", "for another key")
    if not signing.signed(secret, "POST", signing.CALLBACK_PATH, int(stamp), body, told):
        raise RefusedSupplierNoticeError("bad_signature", "the signature does not match")
    if abs(now.timestamp() - int(stamp)) > signing.CLOCKS_DIFFER_S:
        raise RefusedSupplierNoticeError("stale", f"of {stamp}")
    try:
        said = CallbackSaid.model_validate(json.loads(body, parse_float=Decimal))
        if said.timestamp != int(stamp):
            raise ValueError("the body is of another time than its signature")
        return SupplierNoticeFact("purchase", event_id=told.lower(), purchase=said.fact(said.downstream_order_no))
    except ValueError as error:
        raise RefusedSupplierNoticeError("malformed", str(error).partition("\n")[0]) from error
