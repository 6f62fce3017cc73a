"""A gift card supplier of the Reloadly kind: OAuth2, JSON, one account in a foreign currency (docs/suppliers.md).

The wire belongs to reloadly_client.py, words and goods to reloadly_words.py and reloadly_goods.py. Orders are placed
once: the supplier's check of `customIdentifier` is no replay, and does not hold against two that arrive together.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Self
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter, ValidationError

from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols import reloadly_goods as goods
from transactional.suppliers.protocols import reloadly_notice
from transactional.suppliers.protocols import reloadly_words as words
from transactional.suppliers.protocols.calling import Caller, NotSentError, file_name, refused_as_not_sent, within
from transactional.suppliers.protocols.configured import ConfigurationError, address, whole_number
from transactional.suppliers.protocols.interface import (
    Acknowledgement,
    BalanceFact,
    OfferFact,
    StatementFile,
    StatementNotReadyError,
    SuppliedCode,
    SupplierNoticeFact,
    SupplierRefusedError,
    SupplyAsk,
    SupplyFact,
)
from transactional.suppliers.protocols.reloadly_client import ReloadlyClient, done, error_of, read
from transactional.suppliers.protocols.reloadly_token import Tokens

AUTH_URL = "https://auth.reloadly.com/oauth/token"
ACCEPT_CARDS = "application/com.reloadly.giftcards-v2+json"
"""The second version tells a card's number and its address apart."""
SENDER = "Mingsuan"
NOT_FOUND_FINAL_S = 600
"""Orders are carried out as they come in, behind a gateway that gives up within a minute; ten leave room."""
CERTAIN = frozenset(
    {
        "INSUFFICIENT_BALANCE",
        "INVALID_TOKEN",
        "TOKEN_EXPIRED",
        "INVALID_PRICE",
        "INVALID_AMOUNT",
        "INVALID_INPUT_PROVIDED",
        "PRICE_CHANGED",
        "PRODUCT_NOT_FOUND",
        "PRODUCT_UNAVAILABLE",
        "OUT_OF_STOCK",
    }
)
"""Refusals that prove that nothing was bought, with a status of 400, 401 or 404. CUSTOM_IDENTIFIER_ALREADY_USED proves
the contrary, and an error without a code is what the supplier says of its own troubles."""
CERTAIN_STATUSES = frozenset({400, 401, 404})
CARDS_SECONDS = 4
"""An order's price, answer and cards together take the channel's patience and this, whatever hangs."""
CARDS: TypeAdapter[tuple[words.CardSaid, ...]] = TypeAdapter(tuple[words.CardSaid, ...])


class ReloadlySupply:
    """`base_url` is the API's address; `audience` names it to the authority at `auth_url`."""

    protocol: str = "reloadly"
    may_resubmit: bool = False

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        webhook_secret: str,
        patience_s: int,
        *,
        auth_url: str = AUTH_URL,
        audience: str = "",
        sender_name: str = SENDER,
        range_values: Sequence[Decimal] = (),
        not_found_final_s: int = NOT_FOUND_FINAL_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.not_found_is_final_after_s: int | None = not_found_final_s
        self._webhook_secret, self._sender_name = webhook_secret, sender_name
        self._range_values = tuple(range_values)
        self._patience_s = patience_s
        url = base_url.rstrip("/")
        self._caller = Caller(patience_s, transport)
        tokens = Tokens(self._caller, auth_url, client_id, client_secret, audience or url)
        self._client = ReloadlyClient(self._caller, url, tokens)

    @classmethod
    def from_channel(
        cls, base_url: str, credentials: Mapping[str, str], options: Mapping[str, object], patience_s: int
    ) -> Self:
        """Raises ConfigurationError for an option that cannot be."""
        return cls(
            base_url,
            credentials["client_id"].strip(),
            credentials["client_secret"].strip(),
            credentials["webhook_secret"].strip(),
            patience_s,
            auth_url=address(options, "auth_url", AUTH_URL),
            audience=str(options.get("audience") or ""),
            sender_name=str(options.get("sender_name") or SENDER),
            range_values=_faces(options),
            not_found_final_s=whole_number(options, "not_found_final_s", NOT_FOUND_FINAL_S, 1, 86400),
        )

    async def offers(self, supplier_skus: Sequence[str] | None = None) -> tuple[OfferFact, ...]:
        """All of it: of ranged products, the face values of `range_values`, or the ends of the range."""
        found: list[OfferFact] = []
        if supplier_skus is None:
            async for row in self._client.rows("/products"):
                product = read(goods.ProductSaid, row)
                found += product.offers(self._range_values or product.ends())
            return tuple(found)
        for product_id, wanted in goods.wanted(supplier_skus).items():
            named = await self._product(product_id)
            found += named.named_offers(wanted) if named else ()
        return tuple(found)

    async def balance(self) -> BalanceFact | None:
        said = read(words.PurseSaid, await self._client.get("/accounts/balance"))
        return BalanceFact(said.balance, said.currency)

    async def submit(self, ask: SupplyAsk) -> SupplyFact:
        """Not every supplier knows `maxSenderAmount`, so the price is looked at first: until the order itself is sent,
        whatever goes wrong is a refusal."""
        try:
            product_id, face = goods.numbers_of(ask.supplier_sku)
        except ValueError as error:
            raise SupplierRefusedError("bad_sku", str(error)) from error
        await self._check_price(ask, product_id, face)
        order = _order(ask, product_id, face, self._sender_name)
        try:
            reply = await within(self._patience_s * 2 / 3, self._client.call("POST", "/orders", body=order))
        except NotSentError as error:
            raise refused_as_not_sent(error) from error
        if reply.status == httpx.codes.OK:
            return await self._with_codes(read(words.TransactionSaid, reply.told()), ask.request_no)
        said = error_of(reply)
        if reply.status in CERTAIN_STATUSES and said.code in CERTAIN:
            raise SupplierRefusedError(str(said.code), said.message or "", reply.status)
        raise UnknownOutcomeError(f"{reply.status} {said.code} {said.message}", reply.status)

    async def query(self, request_no: str, supplier_ref: str | None) -> SupplyFact:
        """By the supplier's number when it is known: that it does not know that one proves nothing."""
        if supplier_ref is not None:
            told = await self._client.get(f"/reports/transactions/{quote(supplier_ref, safe='')}")
            said = read(words.TransactionSaid, told)
            if str(said.transaction_id) != supplier_ref:
                raise UnknownOutcomeError(f"asked for {supplier_ref}, answered about {said.transaction_id}")
            return await self._with_codes(said, request_no)
        rows = self._client.rows("/reports/transactions", {"customIdentifier": request_no})
        listed = [read(words.TransactionSaid, row) async for row in rows]
        found = [said for said in listed if said.custom_identifier == request_no]
        if len(found) > 1:
            raise UnknownOutcomeError(f"{len(found)} orders under one number")
        return await self._with_codes(found[0], request_no) if found else SupplyFact("not_found", request_no)

    async def statement(self, day: date) -> StatementFile:
        """Of a day of the account's, UTC+8."""
        reply = await self._client.call("GET", "/reports/transactions/export", query={"date": day.isoformat()})
        if reply.status == httpx.codes.NOT_FOUND and error_of(reply).code == "STATEMENT_NOT_READY":
            raise StatementNotReadyError(str(day))
        if reply.status != httpx.codes.OK:
            raise UnknownOutcomeError(f"statement of {day}: {reply.status}", reply.status)
        return StatementFile(file_name("reloadly", day, reply.body), reply.body, day, day)

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
        """A callback never carries the code, so a success is asked for; when that cannot be done now it counts as being
        processed."""
        notice = reloadly_notice.authentic(self._webhook_secret, headers, body, now)
        told = notice.purchase
        if told is None or told.state != "succeeded":
            return notice
        try:
            fact = await self.query(told.request_no, told.supplier_ref)
        except UnknownOutcomeError as error:
            fact = dataclasses.replace(told, state="processing", reason=error.reason)
        return dataclasses.replace(notice, purchase=fact)

    def acknowledge(self, accepted: bool) -> Acknowledgement:
        return Acknowledgement(200 if accepted else 400, "application/json", json.dumps({"received": accepted}))

    async def aclose(self) -> None:
        await self._caller.aclose()

    async def _product(self, product_id: int) -> goods.ProductSaid | None:
        reply = await self._client.call("GET", f"/products/{product_id}")
        if reply.status == httpx.codes.NOT_FOUND and error_of(reply).code == "PRODUCT_NOT_FOUND":
            return None
        return read(goods.ProductSaid, done(reply))

    async def _check_price(self, ask: SupplyAsk, product_id: int, face: Decimal) -> None:
        """Raises SupplierRefusedError when the good costs more than it may, is gone, or cannot be looked at."""
        try:
            product = await within(self._patience_s / 3, self._product(product_id))
        except UnknownOutcomeError as error:
            raise refused_as_not_sent(error) from error
        offer = next(iter(product.named_offers({face: ask.supplier_sku})), None) if product else None
        if offer is None or not offer.on_sale:
            raise SupplierRefusedError("not_on_sale", ask.supplier_sku)
        if offer.unit_cost is None or offer.currency != ask.currency:
            raise SupplierRefusedError("price_not_told", f"{ask.supplier_sku} in {ask.currency}")
        if offer.unit_cost > ask.max_unit_cost:
            raise SupplierRefusedError("price_changed", f"{offer.unit_cost} {offer.currency}")

    async def _with_codes(self, said: words.TransactionSaid, request_no: str) -> SupplyFact:
        """A successful order is one that was bought; until its cards can be had it counts as being processed."""
        try:
            fact = said.fact(request_no)
        except ValueError as error:
            raise UnknownOutcomeError(str(error)) from error
        if fact.state != "succeeded":
            return fact
        try:
            codes = await within(CARDS_SECONDS, self._cards(said.transaction_id))
        except UnknownOutcomeError as error:
            return dataclasses.replace(fact, state="processing", reason=f"no cards yet: {error.reason}")
        if len(codes) < (said.product.quantity or 1):
            return dataclasses.replace(fact, state="processing", reason="no cards yet")
        return dataclasses.replace(fact, codes=codes, good_quantity=len(codes))

    async def _cards(self, transaction_id: int) -> tuple[SuppliedCode, ...]:
        told = await self._client.get(f"/orders/transactions/{transaction_id}/cards", accept=ACCEPT_CARDS)
        try:
            cards = CARDS.validate_python(told if isinstance(told, list) else [told])
        except ValidationError:
            raise UnknownOutcomeError("cards that cannot be read") from None
        return tuple(code for card in cards if (code := card.code()) is not None)


def _order(ask: SupplyAsk, product_id: int, face: Decimal, sender_name: str) -> bytes:
    order: dict[str, Any] = {
        "productId": product_id,
        "quantity": ask.quantity,
        "unitPrice": float(face),
        "customIdentifier": ask.request_no,
        "senderName": sender_name,
        "preOrder": False,
        "maxSenderAmount": f"{ask.max_unit_cost * ask.quantity:f}",
    }
    if user_id := ask.fields.get("userId") or ask.fields.get("account"):
        order["productAdditionalRequirements"] = {"userId": user_id}
    return json.dumps(order).encode()


def _faces(options: Mapping[str, object]) -> tuple[Decimal, ...]:
    try:
        return goods.faces(str(options.get("range_values") or ""))
    except ValueError:
        raise ConfigurationError("range_values", "must be positive numbers with commas between them") from None
