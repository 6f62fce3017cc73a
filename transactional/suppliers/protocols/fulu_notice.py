"""Callbacks of a Fulu gateway: is it from the supplier, is it of now, and what does it say. Nothing is fetched here."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols import fulu_signing as signing
from transactional.suppliers.protocols import fulu_words as words
from transactional.suppliers.protocols.configured import LOOPBACK
from transactional.suppliers.protocols.interface import RefusedSupplierNoticeError, StatementFile

FRESH = timedelta(minutes=5)
ENDED_AGO = timedelta(days=1)
"""An order's callback bears no time but the order's own end; the gateway tries for some minutes only."""
LIMIT = 1024 * 1024
UNSIGNED = frozenset({"sign", "cards"})


@dataclass(frozen=True, slots=True)
class NamedFile:
    url: str
    md5: str
    day: date


@dataclass(frozen=True, slots=True)
class Heard:
    """An authentic callback: an order that ended, goods whose price changed, or a statement's file.

    A reason to ask, no more: sorted characters are signed, so what was heard once can be rearranged (digits of an order
    number, of a price) and still bears its signature.
    """

    event_id: str
    request_no: str = ""
    supplier_ref: str = ""
    supplier_skus: tuple[str, ...] = ()
    file: NamedFile | None = None


def heard(body: bytes, app_key: str, secret: str, now: datetime) -> Heard:
    """Raises RefusedSupplierNoticeError."""
    told = _signed(body, app_key, secret)
    try:
        _check_time(told, now)
        kind = told.get("notify_type", "order")
        if kind == "order":
            return _order(told)
        if kind == "price":
            skus = tuple(words.supplier_sku(each) for each in json.loads(told["goods"]))
            if not skus:
                raise ValueError("prices of nothing")
            return Heard(f"price:{_digest(told['goods'])}", supplier_skus=skus)
        if kind == "reconciliation":
            file = NamedFile(told["file_url"], told["file_md5"].lower(), date.fromisoformat(told["bill_date"]))
            return Heard(f"statement:{file.day}:{file.md5}", file=file)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise RefusedSupplierNoticeError("malformed", f"cannot be read: {type(error).__name__}") from error
    raise RefusedSupplierNoticeError("malformed", "of no known kind")


def check_address(file: NamedFile, hosts: Set[str]) -> None:
    """The file lies with the supplier, or where the channel's settings say. Raises RefusedSupplierNoticeError."""
    try:
        parts = urlsplit(file.url)
    except ValueError:
        parts = urlsplit("")
    own = parts.scheme == "http" and parts.hostname in LOOPBACK
    if parts.hostname not in hosts or not (parts.scheme == "https" or own) or parts.username is not None:
        raise RefusedSupplierNoticeError("malformed", "the file lies elsewhere")


def statement(file: NamedFile, content: bytes) -> StatementFile:
    """Raises UnknownOutcomeError when the file is not the one that the callback named: it may be later."""
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(digest, file.md5):
        raise UnknownOutcomeError("the statement's file has another hash")
    name = urlsplit(file.url).path.rsplit("/", 1)[-1] or f"{file.day}.csv"
    return StatementFile(name, content, file.day, file.day)


def _signed(body: bytes, app_key: str, secret: str) -> Mapping[str, str]:
    """The parameters that the signature covers: cards are not among them and are dropped unread."""
    if len(body) > LIMIT:
        raise RefusedSupplierNoticeError("malformed", "larger than any")
    try:
        told: Any = json.loads(body)
    except ValueError:
        raise RefusedSupplierNoticeError("malformed", "not JSON") from None
    if not isinstance(told, dict):
        raise RefusedSupplierNoticeError("malformed", "no object")
    covered = {name: value for name, value in told.items() if name not in UNSIGNED}
    if not signing.same(told.get("sign"), signing.of_parameters(covered, secret)):
        raise RefusedSupplierNoticeError("bad_signature", "not signed with the secret of this channel")
    if not all(isinstance(value, str) for value in covered.values()):
        raise RefusedSupplierNoticeError("malformed", "parameters that are no texts")
    if covered.get("app_key", app_key) != app_key:
        raise RefusedSupplierNoticeError("malformed", "of another account")
    return covered


def _check_time(told: Mapping[str, str], now: datetime) -> None:
    sent_at = words.read_time(told.get("timestamp"))
    ended_at = words.read_time(told.get("charge_finish_time"))
    at, age = (sent_at, FRESH) if sent_at is not None else (ended_at, ENDED_AGO)
    if at is None:
        raise RefusedSupplierNoticeError("malformed", "bears no time")
    if not -FRESH <= now - at <= age:
        raise RefusedSupplierNoticeError("stale", "of another time")


def _order(told: Mapping[str, str]) -> Heard:
    request_no, ref = told["customer_order_no"], told["order_id"]
    if not request_no or not ref:
        raise ValueError("an order without its numbers")
    return Heard(f"order:{ref}:{told['order_status']}", request_no, ref)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
