"""A card supplier of the HMAC kind, as shops that sell to each other speak it (docs/suppliers.md).

The wire belongs to calling.py, the words to hmac_card_words.py. What it answers is not signed: it is as true as the
connection.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from mingsuan import clock
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols import hmac_card_notice
from transactional.suppliers.protocols import hmac_card_signing as signing
from transactional.suppliers.protocols import hmac_card_words as words
from transactional.suppliers.protocols.calling import Caller, NotSentError, Reply, file_name, refused_as_not_sent
from transactional.suppliers.protocols.configured import currency, whole_number
from transactional.suppliers.protocols.interface import (
    Acknowledgement,
    BalanceFact,
    OfferFact,
    StatementFile,
    StatementNotReadyError,
    SupplierNoticeFact,
    SupplierRefusedError,
    SupplyAsk,
    SupplyFact,
)

ROOT = "/api/v1/upstream"
PAGE = 50
PAGES_AT_MOST = 400
NOT_FOUND_FINAL_S = 180
"""A signed order is refused once its time is more than 60 s off: with clocks that differ by as much, an order that is
still unknown three minutes after it was sent can never be taken any more."""
CERTAIN = {
    402: frozenset({"insufficient_balance"}),
    409: frozenset({"insufficient_stock", "order_canceled", "price_changed"}),
    400: frozenset({"sku_unavailable", "product_unavailable", "bad_request", "invalid_callback_url"}),
    200: frozenset({"insufficient_balance", "insufficient_stock", "payment_failed", "price_changed"}),
}
"""Refusals that prove that nothing was bought, by status: they are said after the order number was looked up, or would
be said of the same order always. Keys (401), allowances (429) and everything else are looked at before, so they say
nothing about an order that was sent before under the same number."""
Form = TypeVar("Form", bound=BaseModel)


class HmacCardSupply:
    """`base_url` is the supplier's address without `/api`; `currency` is the account's, where an answer names none."""

    protocol: str = "hmac_card"
    may_resubmit: bool = True

    def __init__(
        self,
        base_url: str,
        key: str,
        secret: str,
        patience_s: int,
        *,
        currency: str = "CNY",
        not_found_final_s: int = NOT_FOUND_FINAL_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.not_found_is_final_after_s: int | None = not_found_final_s
        self._url = base_url.rstrip("/")
        self._path = httpx.URL(self._url).path.rstrip("/")
        self._key, self._secret = key, secret
        self._currency = currency
        self._caller = Caller(patience_s, transport)

    @classmethod
    def from_channel(
        cls, base_url: str, credentials: Mapping[str, str], options: Mapping[str, object], patience_s: int
    ) -> Self:
        """Raises ConfigurationError for an option that cannot be."""
        return cls(
            base_url,
            credentials["key_id"].strip(),
            credentials["secret"].strip(),
            patience_s,
            currency=currency(options, "CNY"),
            not_found_final_s=whole_number(options, "not_found_final_s", NOT_FOUND_FINAL_S, 1, 86400),
        )

    async def offers(self, supplier_skus: Sequence[str] | None = None) -> tuple[OfferFact, ...]:
        if supplier_skus is None:
            return await self._catalogue()
        wanted = frozenset(supplier_skus)
        found: list[OfferFact] = []
        for product_id in sorted({product_id for sku in wanted if (product_id := _product_of(sku)) is not None}):
            found += await self._product(product_id)
        return tuple(offer for offer in found if offer.supplier_sku in wanted)

    async def balance(self) -> BalanceFact | None:
        said = _read(words.PurseSaid, self._done(await self._call("POST", "/ping")))
        return BalanceFact(said.balance, said.currency)

    async def submit(self, ask: SupplyAsk) -> SupplyFact:
        """The same number again is answered with the order that it has made, in whatever state.

        `max_unit_price` is not every supplier's: one that does not know it takes the order at any price.
        """
        try:
            body = _order(ask)
        except ValueError as error:
            raise SupplierRefusedError("bad_sku", str(error)) from error
        try:
            reply = await self._call("POST", "/orders", body=body)
        except NotSentError as error:
            raise refused_as_not_sent(error) from error
        told = _told(reply)
        if told.get("ok") is True and reply.status == httpx.codes.OK:
            return _fact(told, ask.request_no)
        code, reason = str(told.get("error_code") or ""), str(told.get("error_message") or "")
        if told.get("ok") is False and _proven(reply.status, code, told):
            raise SupplierRefusedError(code, reason, reply.status)
        raise UnknownOutcomeError(f"{reply.status} {code} {reason}".strip(), reply.status)

    async def query(self, request_no: str, supplier_ref: str | None) -> SupplyFact:
        """By the supplier's number when it is known: that it does not know that one proves nothing."""
        if supplier_ref is not None:
            fact = _fact(self._done(await self._call("GET", f"/orders/{quote(supplier_ref, safe='')}")), request_no)
            if fact.supplier_ref != supplier_ref:
                raise UnknownOutcomeError(f"asked for {supplier_ref}, answered about {fact.supplier_ref}")
            return fact
        reply = await self._call("GET", "/orders", query={"downstream_order_no": request_no})
        if reply.status == httpx.codes.NOT_FOUND and _refusal(reply) == "order_not_found":
            return SupplyFact("not_found", request_no, code="order_not_found")
        return _fact(self._done(reply), request_no)

    async def statement(self, day: date) -> StatementFile:
        """Of a day of the supplier's, UTC+8."""
        reply = await self._call("GET", "/statements", query={"date": day.isoformat()})
        if reply.status == httpx.codes.NOT_FOUND and _refusal(reply) == "statement_not_ready":
            raise StatementNotReadyError(str(day))
        if reply.status != httpx.codes.OK:
            raise UnknownOutcomeError(f"statement of {day}: {reply.status}", reply.status)
        return StatementFile(file_name("hmac_card", day, reply.body), reply.body, day, day)

    async def report_defect(self, request_no: str, supplier_ref: str | None, reason: str) -> str | None:  # noqa: ARG002
        """The protocol has no such thing: claims go to the supplier's people."""
        return None

    async def authenticate(
        self,
        headers: Mapping[str, str],
        query: Mapping[str, str],  # noqa: ARG002  (everything is in the headers)
        body: bytes,
        now: datetime,
    ) -> SupplierNoticeFact:
        return hmac_card_notice.authentic(self._key, self._secret, headers, body, now)

    def acknowledge(self, accepted: bool) -> Acknowledgement:
        body = {"ok": accepted, "message": "received" if accepted else "refused"}
        return Acknowledgement(200, "application/json", json.dumps(body))

    async def aclose(self) -> None:
        await self._caller.aclose()

    async def _catalogue(self) -> tuple[OfferFact, ...]:
        found: list[OfferFact] = []
        seen = 0
        for page in range(1, PAGES_AT_MOST + 1):
            query = {"page": str(page), "page_size": str(PAGE), "include_inactive": "true"}
            said = _read(words.PageSaid, self._done(await self._call("GET", "/products", query=query)))
            found += [offer for product in said.items for offer in product.offers(self._currency)]
            seen += len(said.items)
            if seen >= said.total or not said.items:
                return tuple(found)
        raise UnknownOutcomeError(f"a catalogue of more than {PAGES_AT_MOST} pages")

    async def _product(self, product_id: int) -> tuple[OfferFact, ...]:
        reply = await self._call("GET", f"/products/{product_id}")
        if reply.status == httpx.codes.NOT_FOUND and _refusal(reply) == "product_not_found":
            return ()
        return _read(words.ProductSaid, self._done(reply).get("product")).offers(self._currency)

    async def _call(
        self, method: str, place: str, *, query: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        stamp = int(clock.now().timestamp())
        signed = signing.headers(self._key, self._secret, method, f"{self._path}{ROOT}{place}", stamp, body)
        headers = {**signed, "Content-Type": "application/json"}
        return await self._caller.call(method, f"{self._url}{ROOT}{place}", query=query, headers=headers, body=body)

    @staticmethod
    def _done(reply: Reply) -> dict[str, Any]:
        told = _told(reply)
        if reply.status != httpx.codes.OK or told.get("ok") is not True:
            reason = f"{reply.status} {told.get('error_code', '')} {told.get('error_message', '')}"
            raise UnknownOutcomeError(reason.strip(), reply.status)
        return told


def _order(ask: SupplyAsk) -> bytes:
    """ValueError when the SKU is not written as this supplier's are."""
    _, sku_id = words.numbers_of(ask.supplier_sku)
    order: dict[str, object] = {
        "sku_id": sku_id,
        "quantity": ask.quantity,
        "downstream_order_no": ask.request_no,
        "trace_id": ask.request_no,
        "max_unit_price": f"{ask.max_unit_cost:f}",
    }
    if ask.fields:
        order["manual_form_data"] = dict(ask.fields)
    if ask.callback_url:
        order["callback_url"] = ask.callback_url
    return json.dumps(order, ensure_ascii=False).encode()


def _proven(status: int, code: str, told: Mapping[str, Any]) -> bool:
    """An order that could not be paid stands until the supplier has cancelled it."""
    if code == "payment_failed" and told.get("status") not in words.FAILED:
        return False
    return code in CERTAIN.get(status, ())


def _product_of(sku: str) -> int | None:
    try:
        return words.numbers_of(sku)[0]
    except ValueError:
        return None


def _told(reply: Reply) -> dict[str, Any]:
    told = reply.told()
    if not isinstance(told, dict):
        raise UnknownOutcomeError(f"{reply.status}, an answer that is no object", reply.status)
    return told


def _refusal(reply: Reply) -> str:
    told = _told(reply)
    return str(told.get("error_code") or "") if told.get("ok") is False else ""


def _fact(told: Mapping[str, Any], request_no: str) -> SupplyFact:
    try:
        return _read(words.OrderSaid, told).fact(request_no)
    except ValueError as error:
        raise UnknownOutcomeError(str(error)) from error


def _read(kind: type[Form], told: object) -> Form:
    """Without the values that pydantic quotes: a code may be among them."""
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        places = ", ".join(".".join(str(part) for part in problem["loc"]) for problem in error.errors()[:3])
        raise UnknownOutcomeError(f"an answer that cannot be read: {places}") from None
