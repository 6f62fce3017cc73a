"""SIMULATED Fulu gateway: one address for everything, orders that are accepted and end later. Sells nothing.

A request says what it wants by `method` and `biz_content`; see docs/suppliers.md. Callbacks are fulu_notices.py's.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request, Response

from simulation.suppliers import faulty
from simulation.suppliers import fulu_words as words
from simulation.suppliers.account import Account
from simulation.suppliers.entries import BookedOrder, BookError, Good
from simulation.suppliers.fulu_notices import FuluAnnouncer
from simulation.suppliers.fulu_signing import sign, sign_text

CLOCKS_DIFFER = timedelta(minutes=10)
SAME_AGAIN = timedelta(seconds=60)
KEPT_TO_ITSELF = frozenset({"customer_order_no", "product_id", "buy_num", "customer_price", "notify_url"})
Code = tuple[int, str]


class CodeError(Exception):
    """Answered with a code other than 0."""

    def __init__(self, code: Code) -> None:
        super().__init__(code[1])
        self.code = code


def router(account: Account) -> APIRouter:
    """The gateway's address and its statement files."""
    gateway = Gateway(account)
    account.announcer = announcer = FuluAnnouncer(account)
    routes = APIRouter()

    @routes.post("")
    async def ask(request: Request) -> Response:
        return await gateway.answer(await request.body())

    @routes.get("/files/{name}")
    async def file(name: str) -> Response:
        content = announcer.files.get(name)
        return Response("no such file", 404) if content is None else Response(content)

    return routes


class Gateway:
    """One account's. Codes are words.py's; whatever an order is answered, the book says what became of it."""

    def __init__(self, account: Account) -> None:
        self.account, self._secret = account, account.credentials["app_secret"]
        self._methods: dict[str, Callable[[Mapping[str, Any]], object]] = {
            "fulu.goods.list.get": self._goods,
            "fulu.goods.info.get": self._good,
            "fulu.goods.template.get": self._template,
            "fulu.user.info.get": self._user,
            "fulu.order.info.get": self._info,
            "fulu.card.defect.add": self._defect,
        }
        self._orders: dict[str, Callable[[Mapping[str, Any]], Good]] = {
            "fulu.order.card.add": self._ordered,
            "fulu.order.direct.add": self._ordered,
            "fulu.order.mobile.add": self._phone_credit,
        }

    async def answer(self, body: bytes) -> Response:
        try:
            method, biz = self._checked(body)
        except CodeError as error:
            refusal = self._signed(error.code)
            return await faulty.answered(self.account, lambda: refusal)
        if method in self._orders:
            request_no = str(biz.get("customer_order_no", ""))
            return await faulty.submitted(
                self.account, request_no, lambda: self._said(lambda: self._take(method, request_no, biz))
            )
        return await faulty.answered(self.account, lambda: self._said(lambda: self._methods[method](biz)))

    def _checked(self, body: bytes) -> tuple[str, Mapping[str, Any]]:
        """Method and content of a request that is well signed and of now. CodeError."""
        try:
            told = json.loads(body)
            sent_at = datetime.strptime(told["timestamp"], words.WRITTEN).replace(tzinfo=words.ZONE)
            biz, method = json.loads(told["biz_content"]), told["method"]
        except (KeyError, TypeError, ValueError):
            raise CodeError(words.PARAMETERS) from None
        if told.get("app_key") != self.account.credentials["app_key"]:
            raise CodeError(words.APP_KEY)
        if told.get("sign") != sign(told, self._secret):
            raise CodeError(words.SIGNATURE)
        if abs(self.account.now() - sent_at) > CLOCKS_DIFFER:
            raise CodeError(words.CLOCK)
        if not isinstance(biz, dict) or method not in {**self._methods, **self._orders}:
            raise CodeError(words.PARAMETERS)
        return method, biz

    def _said(self, work: Callable[[], object]) -> Response:
        try:
            return self._signed((words.OK, "接口调用成功"), work())
        except CodeError as error:
            return self._signed(error.code)
        except BookError as error:
            return self._signed(words.CODES[error.code])

    def _signed(self, code: Code, result: object | None = None) -> Response:
        """`result` is a JSON text, and all that the signature covers."""
        text = "" if result is None else json.dumps(result, ensure_ascii=False, separators=(",", ":"))
        told = {"code": code[0], "message": code[1], "result": text, "sign": sign_text(text, self._secret)}
        return Response(json.dumps(told, ensure_ascii=False), media_type="application/json")

    def _take(self, method: str, request_no: str, biz: Mapping[str, Any]) -> object:
        """An order. The same number again within a minute or while it is open is refused, after a failure it is new."""
        account = self.account
        known = account.order(request_no)
        if known is not None and (known.state == "processing" or account.now() - known.asked_at < SAME_AGAIN):
            raise CodeError(words.DUPLICATE)
        good = self._orders[method](biz)
        order = account.place(
            request_no,
            good.supplier_sku,
            _whole(biz.get("buy_num", 1)),
            max_unit_cost=_amount(biz.get("customer_price")),
            told=json.dumps({name: biz[name] for name in biz if name not in KEPT_TO_ITSELF}, ensure_ascii=False),
            callback_url=str(biz.get("notify_url") or ""),
        )
        chance = account.misbehaviour.rng("code", request_no)
        if account.misbehaviour.strikes("duplicate_number", request_no):
            raise CodeError(chance.choice((words.DUPLICATE, words.CODES["exists"])))
        if account.misbehaviour.strikes("unknown_state", request_no):
            late = (words.CARDS_LATE, words.CARDS_WRONG) if order.kind == "card" else (words.BUSY, words.UNKNOWN)
            raise CodeError(chance.choice(late))
        return words.accepted(order)

    def _ordered(self, biz: Mapping[str, Any]) -> Good:
        good = self.account.good(str(biz.get("product_id", "")))
        needed = {words.ORDER_FIELDS[each.name] for each in good.fields}
        if good.kind == "mobile" or any(not biz.get(name) for name in needed):
            raise CodeError(words.PARAMETERS)
        return good

    def _phone_credit(self, biz: Mapping[str, Any]) -> Good:
        value = _amount(biz.get("charge_value"))
        if not biz.get("charge_phone") or value is None:
            raise CodeError(words.PARAMETERS)
        for good in self.account.goods():
            if good.kind == "mobile" and good.face_value == value:
                return good
        raise BookError("no_such_good", str(value))

    def _goods(self, _: Mapping[str, Any]) -> object:
        return [words.good(self.account, each) for each in self.account.goods()]

    def _good(self, biz: Mapping[str, Any]) -> object:
        return words.good(self.account, self.account.good(str(biz.get("product_id", ""))))

    def _template(self, biz: Mapping[str, Any]) -> object:
        for good in self.account.goods():
            if good.kind == "direct" and words.template_id(good) == biz.get("template_id"):
                return words.template(good)
        raise BookError("no_such_good", str(biz.get("template_id")))

    def _user(self, _: Mapping[str, Any]) -> object:
        return {"name": "模拟商户", "balance": words.number(self.account.book.balance()), "is_open": 1}

    def _info(self, biz: Mapping[str, Any]) -> object:
        order = self._known(biz)
        state = self.account.shown_state(order)
        if state == "not_found":
            raise BookError("not_found", order.request_no)
        if state == "unknown":
            raise CodeError(words.UNKNOWN)
        return words.order_info(self.account, order, self._secret)

    def _defect(self, biz: Mapping[str, Any]) -> object:
        order = self._known(biz)
        self.account.defects.setdefault(order.request_no, str(biz.get("reason", "")))
        return {"report_no": f"D{order.order_ref}"}

    def _known(self, biz: Mapping[str, Any]) -> BookedOrder:
        order = self.account.order(str(biz.get("customer_order_no", "")))
        if order is None:
            raise BookError("not_found", "")
        return order


def _whole(told: object) -> int:
    try:
        return int(str(told))
    except ValueError:
        raise CodeError(words.PARAMETERS) from None


def _amount(told: object) -> Decimal | None:
    if told in (None, ""):
        return None
    try:
        return Decimal(str(told))
    except ArithmeticError:
        raise CodeError(words.PARAMETERS) from None
