"""UnionPay's notices to the back end: the checks in order, and what an authentic one says. Makes no outgoing call."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from transactional.payments.gateways import unionpay_words as words
from transactional.payments.gateways.interface import Notice, RefusedNoticeError
from transactional.payments.gateways.unionpay_signing import UnknownKeyError, is_signed

OLDEST = timedelta(days=30)
"""A notice does not say when it was sent, only when its trade was begun; a bank may take days for a refund. Replays
inside that span change nothing, because applying a notice is idempotent."""
CLOCKS_DIFFER = timedelta(minutes=5)
FIELDS_AT_MOST = 100
NEEDED = (
    "version",
    "signMethod",
    "signature",
    "signPubKeyCert",
    "merId",
    "orderId",
    "txnTime",
    "txnType",
    "respCode",
    "queryId",
    "txnAmt",
)


def authentic(key: RSAPublicKey, merchant_id: str, body: bytes, now: datetime) -> Notice:
    """Raises RefusedNoticeError."""
    told = _parsed(body)
    if told["merId"] != merchant_id:
        raise RefusedNoticeError("wrong_merchant", f"for merchant {told['merId']!r}")
    try:
        if not is_signed(told, key):
            raise RefusedNoticeError("bad_signature", "not signed by UnionPay")
    except UnknownKeyError as error:
        raise RefusedNoticeError("unknown_serial", "signPubKeyCert is not UnionPay's") from error
    try:
        begun_at = words.instant(told["txnTime"])
        notice = _read(told)
    except (ValueError, KeyError) as error:
        raise RefusedNoticeError("malformed", str(error)) from error
    if not now - OLDEST <= begun_at <= now + CLOCKS_DIFFER:
        raise RefusedNoticeError("stale", f"txnTime {told['txnTime']}")
    return notice


def _parsed(body: bytes) -> dict[str, str]:
    try:
        text = body.decode("ascii")
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=FIELDS_AT_MOST
        )
    except ValueError as error:
        raise RefusedNoticeError("malformed", str(error)) from error
    told = dict(pairs)
    if len(told) != len(pairs):
        raise RefusedNoticeError("malformed", "a field comes twice")
    if missing := [name for name in NEEDED if not told.get(name)]:
        raise RefusedNoticeError("malformed", f"without {', '.join(missing)}")
    return told


def _read(told: Mapping[str, str]) -> Notice:
    event_id = f"{told['txnType']}-{told['queryId']}-{told['respCode']}"
    if told["txnType"] == words.PAY:
        return Notice(event_id, trade=words.trade(told, told["respCode"]))
    if told["txnType"] == words.REFUND:
        return Notice(event_id, refund=words.refund(told, told["respCode"], told.get("respMsg", "")))
    raise ValueError(f"unknown txnType {told['txnType']!r}")
