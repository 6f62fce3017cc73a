"""Alipay's asynchronous notices: the checks in order, and what an authentic one says. Makes no outgoing call."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qsl

from transactional.payments.gateways import alipay_words as words
from transactional.payments.gateways.alipay_client import AlipayClient
from transactional.payments.gateways.interface import Notice, RefundFact, RefusedNoticeError

RETRIES_END = timedelta(hours=26)
"""Alipay tries 8 times within 25 hours under one notify_id, so older is no retry of Alipay's. Whether a retry carries
the first or its own notify_time is not written down; both pass. Replays inside that span change nothing, because
applying a notice is idempotent."""
CLOCKS_DIFFER = timedelta(minutes=5)
FIELDS_AT_MOST = 100
NEEDED = (
    "notify_id",
    "notify_time",
    "app_id",
    "seller_id",
    "sign",
    "sign_type",
    "out_trade_no",
    "trade_no",
    "trade_status",
    "total_amount",
)


def authentic(client: AlipayClient, seller_id: str, body: bytes, now: datetime) -> Notice:
    """Raises RefusedNoticeError."""
    told = _parsed(body)
    if told["app_id"] != client.app_id or told["seller_id"] != seller_id:
        raise RefusedNoticeError("wrong_merchant", f"for app {told['app_id']!r} and seller {told['seller_id']!r}")
    if told["sign_type"] != "RSA2":
        raise RefusedNoticeError("bad_signature", f"sign_type is {told['sign_type']!r}")
    signed = {name: value for name, value in told.items() if name not in ("sign", "sign_type")}
    if not client.signed_by_alipay(signed, told["sign"]):
        raise RefusedNoticeError("bad_signature", "not signed by Alipay")
    _check_fresh(told["notify_time"], now)
    try:
        return _read(told)
    except (ValueError, KeyError) as error:
        raise RefusedNoticeError("malformed", str(error)) from error


def _parsed(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=FIELDS_AT_MOST,
        )
    except ValueError as error:
        raise RefusedNoticeError("malformed", str(error)) from error
    told = dict(pairs)
    if len(told) != len(pairs):
        raise RefusedNoticeError("malformed", "a field comes twice")
    if missing := [name for name in NEEDED if not told.get(name)]:
        raise RefusedNoticeError("malformed", f"without {', '.join(missing)}")
    return told


def _check_fresh(notify_time: str, now: datetime) -> None:
    try:
        sent_at = words.instant(notify_time)
    except ValueError as error:
        raise RefusedNoticeError("malformed", str(error)) from error
    if not now - RETRIES_END <= sent_at <= now + CLOCKS_DIFFER:
        raise RefusedNoticeError("stale", f"notify_time {notify_time}")


def _read(told: Mapping[str, str]) -> Notice:
    """A refund is told as its trade's state (TRADE_SUCCESS when partial, TRADE_CLOSED when whole) with gmt_refund and
    the refund's number in out_biz_no. `refund_fee` is the sum of all refunds so far, so it is no refund's amount."""
    if told.get("gmt_refund") and told.get("out_biz_no"):
        refund = RefundFact("succeeded", told["out_biz_no"], refunded_at=_to_the_second(told["gmt_refund"]))
        return Notice(told["notify_id"], refund=refund)
    return Notice(told["notify_id"], trade=words.trade(told, "gmt_payment"))


def _to_the_second(text: str) -> datetime:
    """Refund times come with milliseconds."""
    return words.instant(text.partition(".")[0])
