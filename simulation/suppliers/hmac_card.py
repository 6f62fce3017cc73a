"""SIMULATED HMAC card supplier: a shop that sells to other shops. Sells nothing.

An order number is answered with the order it has made, for ever. See docs/suppliers.md; callbacks are
hmac_card_notices.py's.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import APIRouter, Request, Response

from mingsuan import clock
from simulation.suppliers import faulty, statements
from simulation.suppliers import hmac_card_words as words
from simulation.suppliers.account import Account
from simulation.suppliers.entries import BookError, Good
from simulation.suppliers.hmac_card_notices import HmacCardAnnouncer

ROOT = "/api/v1/upstream"
CLOCKS_DIFFER_S = 60
Answer = Callable[[], Response]


class RefusedError(Exception):
    """Answered with `ok: false`."""

    def __init__(self, status: int, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail


def router(account: Account) -> APIRouter:
    """ValueError when a good of the account is not called `<product>-<sku>`."""
    desk = Desk(account)
    account.announcer = HmacCardAnnouncer(account)
    routes = APIRouter(prefix=ROOT)

    @routes.post("/ping")
    async def ping(request: Request) -> Response:
        return await desk.serve(request, desk.ping)

    @routes.get("/products")
    async def products(request: Request, page: int = 1, page_size: int = 50) -> Response:
        return await desk.serve(request, lambda: desk.products(page, min(page_size, 50)))

    @routes.get("/products/{product_id}")
    async def product(request: Request, product_id: int) -> Response:
        return await desk.serve(request, lambda: desk.product(product_id))

    @routes.post("/orders")
    async def create(request: Request) -> Response:
        return await desk.create(request)

    @routes.get("/orders")
    async def find(request: Request, downstream_order_no: str = "") -> Response:
        return await desk.serve(request, lambda: desk.find(downstream_order_no))

    @routes.get("/orders/{order_ref}")
    async def look(request: Request, order_ref: str) -> Response:
        return await desk.serve(request, lambda: desk.look(order_ref))

    @routes.get("/statements")
    async def statement(request: Request) -> Response:
        return await desk.serve(request, lambda: desk.statement(request.query_params.get("date", "")))

    return routes


class Desk:
    """What the routes do once a request is authentic."""

    def __init__(self, account: Account) -> None:
        self._account = account
        for good in account.goods():
            words.numbers_of(good)

    async def serve(self, request: Request, work: Callable[[], Response]) -> Response:
        body = await request.body()
        return await faulty.answered(self._account, lambda: _said(lambda: self._authentic(request, body, work)))

    async def create(self, request: Request) -> Response:
        body = await request.body()
        try:
            self._check(request, body)
            told = _object(body)
        except RefusedError as refused:
            error = refused
            return await faulty.answered(self._account, lambda: _refused(error))
        request_no = str(told.get("downstream_order_no") or "")
        return await faulty.submitted(self._account, request_no, lambda: _said(lambda: self._take(request_no, told)))

    def ping(self) -> Response:
        balance = words.money(self._account.book.balance())
        told = {"site_name": f"{self._account.name} (simulated)", "protocol_version": "1.0", "balance": balance}
        return _ok(told | {"currency": self._account.currency})

    def products(self, page: int, size: int) -> Response:
        by_product = self._by_product()
        shown = sorted(by_product)[(page - 1) * size : page * size]
        items = [words.product(self._account, each, by_product[each]) for each in shown]
        return _ok({"items": items, "total": len(by_product), "page": page, "page_size": size})

    def product(self, product_id: int) -> Response:
        goods = self._by_product().get(product_id)
        if not goods:
            raise RefusedError(404, "product_not_found")
        return _ok({"product": words.product(self._account, product_id, goods)})

    def find(self, request_no: str) -> Response:
        order = self._account.order(request_no)
        if order is None:
            raise RefusedError(404, "order_not_found")
        return self.look(order.order_ref)

    def look(self, order_ref: str) -> Response:
        self._account.advance()
        order = self._account.book.by_ref(order_ref)
        state = self._account.shown_state(order)
        if state == "not_found":
            raise RefusedError(404, "order_not_found")
        return _ok(words.order(self._account, order, state))

    def statement(self, day: str) -> Response:
        """Of a day that has begun in the supplier's zone; of today, as far as it goes."""
        try:
            asked = date.fromisoformat(day)
        except ValueError:
            raise RefusedError(400, "bad_request", "date") from None
        if asked > clock.business_date(self._account.now(), statements.ZONE):
            raise RefusedError(404, "statement_not_ready")
        return Response(self._account.statement(asked).content, media_type="application/octet-stream")

    def _take(self, request_no: str, told: Mapping[str, Any]) -> Response:
        """The order of this number, made now or before; whoever cannot pay is told so in one of two ways."""
        if not request_no:
            raise RefusedError(400, "bad_request", "downstream_order_no")
        account = self._account
        known = account.order(request_no)
        if known is not None:
            return _ok(words.order(account, known, known.state))
        try:
            placed = account.place(
                request_no,
                self._good(told),
                _whole(told, "quantity"),
                max_unit_cost=_price(told),
                told=json.dumps(told.get("manual_form_data") or {}, ensure_ascii=False),
                callback_url=str(told.get("callback_url") or ""),
            )
        except BookError as error:
            if error.code == "balance" and account.misbehaviour.rng("refusal", request_no).random() < 0.5:
                return _refused(RefusedError(200, "payment_failed"), status="canceled")
            raise
        if account.misbehaviour.strikes("duplicate_number", request_no):
            raise BookError("exists", request_no)
        order = account.order(request_no) or placed
        return _ok(words.order(account, order, order.state))

    def _good(self, told: Mapping[str, Any]) -> str:
        """The good's name in the book, its form filled in; a name that nobody sells when there is no such SKU."""
        wanted = _whole(told, "sku_id")
        good = next((good for good in self._account.goods() if words.numbers_of(good)[1] == wanted), None)
        form = told.get("manual_form_data") or {}
        if good is not None and any(not form.get(field.name) for field in good.fields):
            raise RefusedError(400, "bad_request", "manual_form_data")
        return good.supplier_sku if good else ""

    def _by_product(self) -> dict[int, list[Good]]:
        found: dict[int, list[Good]] = {}
        for good in self._account.goods():
            found.setdefault(words.numbers_of(good)[0], []).append(good)
        return found

    def _authentic(self, request: Request, body: bytes, work: Callable[[], Response]) -> Response:
        self._check(request, body)
        return work()

    def _check(self, request: Request, body: bytes) -> None:
        stamp = request.headers.get("Dujiao-Next-Timestamp", "")
        if request.headers.get("Dujiao-Next-Api-Key") != self._account.credentials["key_id"]:
            raise RefusedError(401, "unauthorized")
        if not stamp.isdigit() or abs(self._account.now().timestamp() - int(stamp)) > CLOCKS_DIFFER_S:
            raise RefusedError(401, "timestamp_expired")
        made = words.signature(self._account.credentials["secret"], request.method, request.url.path, stamp, body)
        if not hmac.compare_digest(made.encode(), request.headers.get("Dujiao-Next-Signature", "").encode()):
            raise RefusedError(401, "invalid_signature")


def _said(work: Callable[[], Response]) -> Response:
    try:
        return work()
    except RefusedError as error:
        return _refused(error)
    except BookError as error:
        return _refused(RefusedError(*words.REFUSALS[error.code]))


def _ok(told: Mapping[str, object]) -> Response:
    return Response(json.dumps({"ok": True, **told}, ensure_ascii=False), media_type="application/json")


def _refused(error: RefusedError, **more: object) -> Response:
    told = {"ok": False, "error_code": error.code, "error_message": error.detail or error.code, **more}
    return Response(json.dumps(told, ensure_ascii=False), error.status, media_type="application/json")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise RefusedError(400, "bad_request", "body")
    return told


def _whole(told: Mapping[str, Any], name: str) -> int:
    value = told.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise RefusedError(400, "bad_request", name)
    return value


def _price(told: Mapping[str, Any]) -> Decimal | None:
    """The most that one may cost, when the buyer says."""
    try:
        return Decimal(str(told["max_unit_price"])) if told.get("max_unit_price") is not None else None
    except InvalidOperation:
        raise RefusedError(400, "bad_request", "max_unit_price") from None
