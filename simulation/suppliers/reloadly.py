"""SIMULATED Reloadly-like supplier of gift cards: OAuth2, JSON, foreign money. Sells nothing.

A `customIdentifier` that was used is refused, whatever became of its order. See docs/suppliers.md; callbacks are
reloadly_notices.py's, tokens reloadly_authority.py's.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import APIRouter, Request, Response

from mingsuan import clock
from simulation.suppliers import faulty, statements
from simulation.suppliers import reloadly_words as words
from simulation.suppliers.account import Account, ShownState
from simulation.suppliers.entries import BookedOrder, BookError, Good
from simulation.suppliers.reloadly_authority import Authority
from simulation.suppliers.reloadly_notices import ReloadlyAnnouncer

MEDIA = "application/com.reloadly.giftcards-v1+json"
INVALID_TOKEN = (401, "INVALID_TOKEN", "Full authentication is required to access this resource")
INVALID_CREDENTIALS = (401, "INVALID_CREDENTIALS", "Access Denied")
INVALID_INPUT = (400, "INVALID_INPUT_PROVIDED", "Invalid request")
INVALID_PRICE = (400, "INVALID_PRICE", "Invalid price. Please ensure you selected the right price.")
NOT_READY = (404, "STATEMENT_NOT_READY", "The statement of this day is not ready")


class RefusedError(Exception):
    """Answered with an error."""

    def __init__(self, error: words.Error) -> None:
        super().__init__(error[1])
        self.error = error


def router(account: Account) -> APIRouter:
    """ValueError when a good of the account is not called `<product>:<face value>`."""
    authority = Authority(account)
    desk = Desk(account, authority)
    account.announcer = ReloadlyAnnouncer(account, authority)
    routes = APIRouter()

    @routes.post("/oauth/token")
    async def token(request: Request) -> Response:
        return await desk.token(await request.body())

    @routes.get("/products")
    async def products(request: Request, page: int = 1, size: int = 200) -> Response:
        return await desk.serve(request, lambda: desk.products(page, size))

    @routes.get("/products/{product_id}")
    async def product(request: Request, product_id: int) -> Response:
        return await desk.serve(request, lambda: desk.product(product_id))

    @routes.post("/orders")
    async def order(request: Request) -> Response:
        return await desk.order(request)

    @routes.get("/orders/transactions/{transaction_id}/cards")
    async def cards(request: Request, transaction_id: str) -> Response:
        return await desk.serve(request, lambda: desk.cards(transaction_id))

    @routes.get("/reports/transactions")
    async def found(request: Request, customIdentifier: str = "", page: int = 1, size: int = 200) -> Response:  # noqa: N803
        return await desk.serve(request, lambda: desk.transactions(customIdentifier, page, size))

    @routes.get("/reports/transactions/export")
    async def export(request: Request) -> Response:
        return await desk.serve(request, lambda: desk.export(request.query_params.get("date", "")))

    @routes.get("/reports/transactions/{transaction_id}")
    async def transaction(request: Request, transaction_id: str) -> Response:
        return await desk.serve(request, lambda: desk.transaction(transaction_id))

    @routes.get("/accounts/balance")
    async def balance(request: Request) -> Response:
        return await desk.serve(request, desk.balance)

    return routes


class Desk:
    """What the routes do, for whoever has a token."""

    def __init__(self, account: Account, authority: Authority) -> None:
        self._account, self._authority = account, authority
        for good in account.goods():
            words.numbers_of(good)

    async def serve(self, request: Request, work: Callable[[], Response]) -> Response:
        return await faulty.answered(self._account, lambda: _said(lambda: self._authentic(request, work)))

    async def token(self, body: bytes) -> Response:
        def give() -> Response:
            token = self._authority.give(_object(body))
            return _failed(INVALID_CREDENTIALS) if token is None else _json(token)

        return await faulty.answered(self._account, lambda: _said(give))

    async def order(self, request: Request) -> Response:
        body = await request.body()
        try:
            self._check(request)
            told = _object(body)
        except RefusedError as refused:
            error = refused.error
            return await faulty.answered(self._account, lambda: _failed(error))
        request_no = str(told.get("customIdentifier") or "")
        return await faulty.submitted(self._account, request_no, lambda: _said(lambda: self._take(request_no, told)))

    def products(self, page: int, size: int) -> Response:
        by_product = self._by_product()
        shown = sorted(by_product)[(page - 1) * size : page * size]
        told = [words.product(self._account, each, by_product[each]) for each in shown]
        return _page(told, page * size >= len(by_product))

    def product(self, product_id: int) -> Response:
        goods = self._by_product().get(product_id)
        if not goods:
            raise BookError("no_such_good", str(product_id))
        return _json(words.product(self._account, product_id, goods))

    def transactions(self, identifier: str, page: int, size: int) -> Response:
        """Those of an identifier, in whatever case it is written; all when none is named."""
        self._account.advance()
        where = ("lower(request_no) = lower(?)", identifier) if identifier else ("true",)
        orders = [order for order in self._account.book.orders(*where) if self._shown(order) != "not_found"]
        told = [self._told(order) for order in orders[(page - 1) * size : page * size]]
        return _page(told, page * size >= len(orders))

    def transaction(self, transaction_id: str) -> Response:
        return _json(self._told(self._known(transaction_id)))

    def cards(self, transaction_id: str) -> Response:
        """Some come a while after their order."""
        order = self._known(transaction_id)
        age_s = (self._account.now() - (order.ended_at or order.asked_at)).total_seconds() / self._account.time_scale
        late = age_s < self._account.tempo.not_found_s and self._account.misbehaviour.strikes(
            "late_not_found", f"cards:{order.request_no}"
        )
        if order.state != "succeeded" or late:
            raise RefusedError(words.TROUBLE)
        return _json(words.cards(self._account, order))

    def balance(self) -> Response:
        return _json({"balance": float(self._account.book.balance()), "currencyCode": self._account.currency})

    def export(self, day: str) -> Response:
        """The statement of a day that has begun, UTC+8; of today, as far as it goes."""
        try:
            asked = date.fromisoformat(day)
        except ValueError:
            raise RefusedError(INVALID_INPUT) from None
        if asked > clock.business_date(self._account.now(), statements.ZONE):
            raise RefusedError(NOT_READY)
        return Response(self._account.statement(asked).content, media_type="application/octet-stream")

    def _take(self, request_no: str, told: Mapping[str, Any]) -> Response:
        if not request_no:
            raise RefusedError(INVALID_INPUT)
        account = self._account
        if account.order(request_no) is not None:
            raise BookError("exists", request_no)
        quantity = told.get("quantity")
        if not isinstance(quantity, int):
            raise RefusedError(INVALID_INPUT)
        placed = account.place(
            request_no,
            self._sku(told),
            quantity,
            max_unit_cost=_most(told, quantity),
            told=json.dumps(told.get("productAdditionalRequirements") or {}),
            callback_url=account.push_url,
        )
        if account.misbehaviour.strikes("duplicate_number", request_no):
            raise BookError("exists", request_no)
        return _json(self._told(account.order(request_no) or placed, truly=True))

    def _sku(self, told: Mapping[str, Any]) -> str:
        """The good's name in the book."""
        goods = self._by_product().get(int(_number(told, "productId")))
        if not goods:
            raise BookError("no_such_good", str(told.get("productId")))
        face = _number(told, "unitPrice")
        named = next((good for good in goods if words.numbers_of(good)[1] == face), None)
        if named is None:
            raise RefusedError(INVALID_PRICE)
        needed = told.get("productAdditionalRequirements") or {}
        if any(not needed.get(field.name) for field in named.fields):
            raise RefusedError(INVALID_INPUT)
        return named.supplier_sku

    def _told(self, order: BookedOrder, *, truly: bool = False) -> dict[str, object]:
        return words.transaction(self._account, order, order.state if truly else self._shown(order))

    def _shown(self, order: BookedOrder) -> ShownState:
        return self._account.shown_state(order)

    def _known(self, transaction_id: str) -> BookedOrder:
        self._account.advance()
        order = self._account.book.by_ref(transaction_id)
        if self._shown(order) == "not_found":
            raise BookError("not_found", transaction_id)
        return order

    def _by_product(self) -> dict[int, list[Good]]:
        found: dict[int, list[Good]] = {}
        for good in self._account.goods():
            found.setdefault(words.numbers_of(good)[0], []).append(good)
        return found

    def _authentic(self, request: Request, work: Callable[[], Response]) -> Response:
        self._check(request)
        return work()

    def _check(self, request: Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not self._authority.knows(token):
            raise RefusedError(INVALID_TOKEN)


def _said(work: Callable[[], Response]) -> Response:
    try:
        return work()
    except RefusedError as error:
        return _failed(error.error)
    except BookError as error:
        return _failed(words.ERRORS[error.code])


def _json(told: object) -> Response:
    return Response(json.dumps(told), media_type=MEDIA)


def _page(rows: Sequence[object], last: bool) -> Response:
    return _json({"content": rows, "last": last})


def _failed(error: words.Error) -> Response:
    status, code, message = error
    told: dict[str, object] = {"message": message, "errorCode": code, "infoLink": None, "details": []}
    return Response(json.dumps(told), status, media_type=MEDIA)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told: Any = json.loads(body, parse_float=Decimal)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise RefusedError(INVALID_INPUT)
    return told


def _number(told: Mapping[str, Any], name: str) -> Decimal:
    try:
        return Decimal(str(told[name]))
    except (KeyError, InvalidOperation):
        raise RefusedError(INVALID_INPUT) from None


def _most(told: Mapping[str, Any], quantity: int) -> Decimal | None:
    """The most that one may cost, when the buyer says."""
    return _number(told, "maxSenderAmount") / max(quantity, 1) if "maxSenderAmount" in told else None
