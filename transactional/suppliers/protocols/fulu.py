"""A Fulu gateway as a supplier: goods, top-ups by template, cards, phone credit; acceptance is never success.

Sources: the open platform's pages of the methods named below. The wire belongs to fulu_client.py, callbacks to
fulu_notice.py.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import httpx

from mingsuan import clock
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols import fulu_notice, fulu_orders
from transactional.suppliers.protocols import fulu_words as words
from transactional.suppliers.protocols.calling import NotSentError, refused_as_not_sent
from transactional.suppliers.protocols.configured import ConfigurationError, currency, whole_number
from transactional.suppliers.protocols.fulu_client import FuluClient, FuluCodeError
from transactional.suppliers.protocols.fulu_signing import SECRET_BYTES
from transactional.suppliers.protocols.interface import (
    Acknowledgement,
    BalanceFact,
    FieldSpec,
    OfferFact,
    StatementFile,
    StatementNotReadyError,
    SupplierNoticeFact,
    SupplierRefusedError,
    SupplyAsk,
    SupplyFact,
)

FEW = 5
"""So many goods are asked for one by one; more come with the whole list."""
NOT_FOUND_FINAL_S = 60
TEMPLATE_LASTS = timedelta(hours=1)
Read = TypeVar("Read")
UNREADABLE = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


class FuluSupply:
    """The same number again is refused while the first is open, and bought anew after it failed: never ask twice."""

    protocol: str = "fulu"
    may_resubmit: bool = False

    def __init__(
        self,
        client: FuluClient,
        secret: str,
        currency: str = "CNY",
        not_found_is_final_after_s: int = NOT_FOUND_FINAL_S,
        file_host: str = "",
    ) -> None:
        self.not_found_is_final_after_s: int | None = not_found_is_final_after_s
        self._client, self._secret, self._currency = client, secret, currency
        self._file_hosts = {httpx.URL(client.url).host, file_host} - {""}
        self._templates: dict[str, tuple[datetime, tuple[FieldSpec, ...]]] = {}

    @classmethod
    def from_channel(
        cls,
        base_url: str,
        credentials: Mapping[str, str],
        options: Mapping[str, object],
        patience_s: int,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> "FuluSupply":
        """Raises ConfigurationError."""
        secret = credentials["app_secret"].strip()
        if len(secret.encode()) != SECRET_BYTES:
            raise ConfigurationError("app_secret", f"must have {SECRET_BYTES} characters")
        final_s = whole_number(options, "not_found_final_s", NOT_FOUND_FINAL_S, 1, 86_400)
        client = FuluClient(base_url, credentials["app_key"].strip(), secret, patience_s, transport)
        return cls(client, secret, currency(options, "CNY"), final_s, str(options.get("file_host") or ""))

    async def offers(self, supplier_skus: Sequence[str] | None = None) -> tuple[OfferFact, ...]:
        """fulu.goods.list.get, or fulu.goods.info.get for each of a few; a top-up's fields come from its template."""
        if supplier_skus is not None and len(supplier_skus) <= FEW and not _any_mobile(supplier_skus):
            told = [await self._good(each) for each in supplier_skus]
        else:
            wanted = None if supplier_skus is None else set(supplier_skus)
            listed = _list_of(await self._asked("fulu.goods.list.get", {}))
            told = [each for each in listed if wanted is None or _read(words.supplier_sku, each) in wanted]
        return tuple([await self._offer(each) for each in told if each is not None])

    async def balance(self) -> BalanceFact | None:
        told = await self._asked("fulu.user.info.get", {})
        return BalanceFact(_read(lambda: Decimal(str(told["balance"]))), self._currency)

    async def submit(self, ask: SupplyAsk) -> SupplyFact:
        """fulu.order.card.add, .direct.add or .mobile.add. Code 0 says that the order was taken, no more.

        `customer_price` is the most that may be paid: the gateway refuses what would be a loss (5008).
        """
        method, biz = fulu_orders.order(ask)
        try:
            told = await self._client.call(method, biz)
        except NotSentError as error:
            raise refused_as_not_sent(error) from error
        except FuluCodeError as error:
            raise _refusal(method, error) from error
        if str(told.get("customer_order_no", "")) != ask.request_no or not told.get("order_id"):
            raise UnknownOutcomeError(f"{method}: the answer is of another order")
        return SupplyFact("processing", ask.request_no, str(told["order_id"]))

    async def query(self, request_no: str, supplier_ref: str | None) -> SupplyFact:
        """fulu.order.info.get: the only thing that proves success, and that brings cards."""
        try:
            told = await self._client.call("fulu.order.info.get", {"customer_order_no": request_no})
        except FuluCodeError as error:
            if error.code == words.NO_SUCH_ORDER:
                return SupplyFact("not_found", request_no)
            raise UnknownOutcomeError(f"fulu.order.info.get: {error}") from error
        fact = _read(lambda: words.fact(told, self._currency, self._secret))
        if fact.request_no != request_no or (supplier_ref and fact.supplier_ref != supplier_ref):
            raise UnknownOutcomeError("fulu.order.info.get: the answer is of another order")
        return fact

    async def statement(self, day: date) -> StatementFile:
        """There is none to ask for: it comes as a callback."""
        raise StatementNotReadyError(f"the statement of {day} comes by itself")

    async def report_defect(self, request_no: str, supplier_ref: str | None, reason: str) -> str | None:  # noqa: ARG002
        """fulu.card.defect.add; reported again it has the number it had."""
        biz = {"customer_order_no": request_no, "reason": reason[:200]}
        told = await self._asked("fulu.card.defect.add", biz)
        return str(told.get("report_no", "")) or None

    async def authenticate(
        self,
        headers: Mapping[str, str],  # noqa: ARG002
        query: Mapping[str, str],  # noqa: ARG002
        body: bytes,
        now: datetime,
    ) -> SupplierNoticeFact:
        """What an authentic callback tells of is asked for: its signature covers neither cards nor the order of
        characters (see fulu_notice.py)."""
        heard = fulu_notice.heard(body, self._client.app_key, self._secret, now)
        if heard.file is not None:
            fulu_notice.check_address(heard.file, self._file_hosts)
            content = await self._client.file(heard.file.url)
            return SupplierNoticeFact("statement", heard.event_id, statement=fulu_notice.statement(heard.file, content))
        if heard.supplier_skus:
            return SupplierNoticeFact("offers", heard.event_id, offers=await self._told_of(heard.supplier_skus))
        fact = await self.query(heard.request_no, heard.supplier_ref)
        if fact.state == "not_found":
            raise UnknownOutcomeError("the gateway told of an order that it says it does not know")
        return SupplierNoticeFact("purchase", heard.event_id, purchase=fact)

    def acknowledge(self, accepted: bool) -> Acknowledgement:
        """The gateway reads the body, and tries again 3 times when it is not this word."""
        return Acknowledgement(200 if accepted else 400, "text/plain", "success" if accepted else "fail")

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _asked(self, method: str, biz: Mapping[str, object]) -> Any:
        """What is no order. Raises SupplierRefusedError, UnknownOutcomeError."""
        try:
            return await self._client.call(method, biz)
        except FuluCodeError as error:
            raise _refusal(method, error) from error

    async def _told_of(self, supplier_skus: Sequence[str]) -> tuple[OfferFact, ...]:
        """Goods that a callback told of. Raises UnknownOutcomeError, so that it comes again."""
        try:
            return await self.offers(supplier_skus)
        except SupplierRefusedError as error:
            raise UnknownOutcomeError(f"the goods that it told of: {error}") from error

    async def _good(self, product_id: str) -> Mapping[str, Any] | None:
        try:
            told: Mapping[str, Any] = await self._client.call("fulu.goods.info.get", {"product_id": product_id})
        except FuluCodeError as error:
            if error.code == words.NO_SUCH_GOOD:
                return None
            raise _refusal("fulu.goods.info.get", error) from error
        return told

    async def _offer(self, told: Mapping[str, Any]) -> OfferFact:
        template = str(told.get("template_id") or "")
        fields = await self._fields(template) if template else ()
        return _read(lambda: words.offer(told, self._currency, fields))

    async def _fields(self, template: str) -> tuple[FieldSpec, ...]:
        """Many goods share a template, and few templates change: each is asked for once an hour."""
        asked_at, known = self._templates.get(template, (None, ()))
        if asked_at is None or clock.now() - asked_at > TEMPLATE_LASTS:
            shown = await self._asked("fulu.goods.template.get", {"template_id": template})
            known = _read(words.template_fields, shown)
            self._templates[template] = (clock.now(), known)
        return known


def _refusal(method: str, error: FuluCodeError) -> Exception:
    if error.code in words.NOTHING_BOUGHT:
        return SupplierRefusedError(str(error.code), error.message)
    return UnknownOutcomeError(f"{method}: {error}")


def _any_mobile(supplier_skus: Sequence[str]) -> bool:
    return any(each.startswith(words.MOBILE) for each in supplier_skus)


def _list_of(told: object) -> list[Mapping[str, Any]]:
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise UnknownOutcomeError("fulu.goods.list.get: no list of goods")
    return told


def _read(read: Callable[..., Read], *told: object) -> Read:
    """What is read from an answer. UnknownOutcomeError when it cannot be."""
    try:
        return read(*told)
    except UNREADABLE as error:
        raise UnknownOutcomeError(f"the answer cannot be read: {error}"[:300]) from error
