"""Simulated Alipay: the open platform's one address for all methods, the QR code's landing, the bill's download."""

import json
import secrets
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from simulation.gateways import alipay_bills, outages
from simulation.gateways import alipay_words as words
from simulation.gateways.alipay_notices import AlipayAnnouncer
from simulation.gateways.alipay_shares import AlipayShares
from simulation.gateways.alipay_signing import is_signed_by, signed_answer
from simulation.gateways.alipay_trades import AlipayTrades, Biz
from simulation.gateways.alipay_words import SUCCESS, Refused
from simulation.gateways.entries import BookError
from simulation.gateways.keys import ALIPAY_APP_ID
from simulation.gateways.misbehaviour import AnswerFault
from simulation.gateways.state import State

CLOCKS_DIFFER = timedelta(minutes=15)
PAGES = {"alipay.trade.page.pay": "page", "alipay.trade.wap.pay": "wap"}


def router(state: State) -> APIRouter:
    """Routes under `/alipay`; announces Alipay's payments from now on."""
    alipay = _Alipay(state)
    state.announcers["alipay"] = AlipayAnnouncer(state)
    routes = APIRouter(prefix="/alipay", include_in_schema=False)

    async def parameters(request: Request) -> dict[str, str]:
        form = {name: str(value) for name, value in (await request.form()).items()}
        return dict(request.query_params) | form

    @routes.api_route("/gateway.do", methods=["GET", "POST"])
    def call(sent: Annotated[dict[str, str], Depends(parameters)]) -> Response:
        return alipay.called(sent)

    @routes.get("/qr/{out_trade_no}")
    def scan(out_trade_no: str) -> Response:
        return alipay.scanned(out_trade_no)

    @routes.get("/bill/{ticket}")
    def download(ticket: str) -> Response:
        return alipay.downloaded(ticket)

    return routes


class _Alipay:
    """`_tickets`: the addresses under which bills can be fetched."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._trades = trades = AlipayTrades(state)
        shares = AlipayShares(state, trades)
        self._tickets: dict[str, date] = {}
        self._methods: dict[str, tuple[str, Callable[[Biz, Mapping[str, str]], dict[str, Any]]]] = {
            "alipay.trade.precreate": ("create", trades.precreate),
            "alipay.trade.query": ("query", trades.query),
            "alipay.trade.close": ("close", trades.close),
            "alipay.trade.refund": ("refund", trades.refund),
            "alipay.trade.refund of a share": ("return_share", shares.give_back),
            "alipay.trade.fastpay.refund.query": ("query_refund", trades.query_refund),
            "alipay.trade.order.settle": ("share", shares.settle),
            "alipay.trade.order.settle.query": ("query_share", shares.query),
            "alipay.data.dataservice.bill.downloadurl.query": ("bill", self._bill),
        }

    def called(self, parameters: Mapping[str, str]) -> Response:
        method = parameters.get("method", "")
        if method in PAGES:
            return self._page(PAGES[method], parameters)
        of_share = " of a share" if "refund_royalty_parameters" in parameters.get("biz_content", "") else ""
        operation, work = self._methods.get(method + of_share, ("unknown", None))

        def done(fault: AnswerFault | None) -> Response:
            try:
                biz = self._checked(parameters)
                if work is None:
                    raise Refused("isv.invalid-method", "不存在的方法名", "40002")
                answer = {**SUCCESS, **work(biz, parameters)}
            except Refused as refused:
                answer = refused.answer
            except BookError as error:
                answer = Refused(*words.REFUSALS[error.code]).answer
            body = signed_answer(method, answer, self._state.keys.alipay_gateway.private, fault)
            return Response(body, media_type="application/json")

        return outages.answer(self._state, "alipay", operation, done)

    def scanned(self, out_trade_no: str) -> Response:
        if self._state.book.trade("alipay", out_trade_no) is None:
            raise HTTPException(404, "no such code")
        self._trades.seen.add(out_trade_no)
        return RedirectResponse(self._state.cashier_url("alipay", out_trade_no), 303)

    def downloaded(self, ticket: str) -> Response:
        day = self._tickets.get(ticket)
        if day is None:
            raise HTTPException(403, "no such ticket")
        entries = self._state.book.bill("alipay", day, words.BEIJING)
        return Response(alipay_bills.packed(entries, day, self._state.now()), media_type="application/zip")

    def _checked(self, parameters: Mapping[str, str]) -> Biz:
        """The shop's request, its signature and time looked at. Alipay takes `timestamp` for Beijing's."""
        if parameters.get("app_id") != ALIPAY_APP_ID:
            raise Refused("isv.invalid-app-id", "无效的AppID参数", "40002")
        key = self._state.keys.alipay_shop.public
        if parameters.get("sign_type") != "RSA2" or not is_signed_by(parameters, key):
            raise Refused("isv.invalid-signature", "验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配", "40002")
        if abs(self._state.now() - words.instant(parameters.get("timestamp", ""))) > CLOCKS_DIFFER:
            raise Refused("isv.invalid-timestamp", "非法的时间戳参数", "40002")
        try:
            biz = json.loads(parameters.get("biz_content", ""))
        except ValueError:
            raise Refused("isv.invalid-parameter", "参数无效", "40002") from None
        return dict(biz)

    def _page(self, way: str, parameters: Mapping[str, str]) -> Response:
        try:
            trade = self._trades.opened(self._checked(parameters), parameters, way)
        except Refused as refused:
            return HTMLResponse(f"<h1>{refused.answer['sub_code']}</h1>", 400)
        except BookError as error:
            return HTMLResponse(f"<h1>{words.REFUSALS[error.code][0]}</h1>", 400)
        self._trades.seen.add(trade.out_trade_no)
        return RedirectResponse(self._state.cashier_url("alipay", trade.out_trade_no), 303)

    def _bill(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        """A day's bill exists once the day is over in Beijing."""
        try:
            day = date.fromisoformat(str(biz.get("bill_date", "")))
        except ValueError:
            raise Refused("isp.bill_date_error", "账单日期无效") from None
        if biz.get("bill_type") != "trade" or day >= self._state.now().astimezone(words.BEIJING).date():
            raise Refused("isp.bill_not_exist", "账单不存在")
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = day
        return {"bill_download_url": f"{self._state.base_url}/alipay/bill/{ticket}"}
