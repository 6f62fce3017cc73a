"""Orders and refunds of the simulated WeChat Pay: place, query, close, refund, query a refund."""

from collections.abc import Callable
from hashlib import sha256
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from simulation.gateways.entries import BookedTrade
from simulation.gateways.keys import WECHAT_APPID
from simulation.gateways.state import State
from simulation.gateways.wechat_desk import Answer, Desk, WechatError, check_merchant, form
from simulation.gateways.wechat_words import CloseForm, PayForm, RefundForm, refund_json, trade_json

Way = Literal["native", "h5", "jsapi"]


def router(state: State, desk: Desk) -> APIRouter:
    routes = APIRouter()
    actions = Trades(state)

    @routes.post("/v3/pay/transactions/{way}")
    async def create(request: Request, way: Way) -> Response:
        return await desk.serve(request, "create", lambda body: actions.create(way, body))

    @routes.get("/v3/pay/transactions/out-trade-no/{out_trade_no}")
    async def query(request: Request, out_trade_no: str, mchid: str = "") -> Response:
        return await desk.serve(request, "query", lambda _: actions.query(out_trade_no, mchid))

    @routes.post("/v3/pay/transactions/out-trade-no/{out_trade_no}/close")
    async def close(request: Request, out_trade_no: str) -> Response:
        return await desk.serve(request, "close", lambda body: actions.close(out_trade_no, body))

    @routes.post("/v3/refund/domestic/refunds")
    async def refund(request: Request) -> Response:
        begun: list[Callable[[], object]] = []
        answer = await desk.serve(request, "refund", lambda body: actions.refund(body, begun))
        for end in begun:
            end()
        return answer

    @routes.get("/v3/refund/domestic/refunds/{out_refund_no}")
    async def query_refund(request: Request, out_refund_no: str) -> Response:
        return await desk.serve(request, "query_refund", lambda _: actions.query_refund(out_refund_no))

    @routes.get("/h5/{out_trade_no}")
    def h5(out_trade_no: str, redirect_url: str = "") -> Response:
        """What an h5_url opens: remembers where the payer wants to come back to, and shows the cashier."""
        if redirect_url.startswith(("http://", "https://")):
            state.book.set_return_url("wechat", out_trade_no, redirect_url)
        return RedirectResponse(state.cashier_url("wechat", out_trade_no), 303)

    return routes


class Trades:
    """What the routes do once a request is authentic."""

    def __init__(self, state: State) -> None:
        self._state, self._book = state, state.book

    def create(self, way: Way, body: bytes) -> Answer:
        asked = form(PayForm, body)
        check_merchant(asked.mchid)
        if asked.appid != WECHAT_APPID:
            raise WechatError(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配")
        if way == "jsapi" and asked.payer is None:
            raise WechatError(400, "PARAM_ERROR", "payer.openid: missing")
        if way == "h5" and asked.scene_info is None:
            raise WechatError(400, "PARAM_ERROR", "scene_info: missing")
        if asked.time_expire is not None and asked.time_expire <= self._state.now():
            raise WechatError(400, "PARAM_ERROR", "time_expire: 已过期")
        trade = self._book.open_trade(
            "wechat",
            asked.out_trade_no,
            asked.amount.total,
            title=asked.description,
            way=way,
            payer=asked.payer.openid if asked.payer else None,
            expires_at=asked.time_expire,
            notify_url=asked.notify_url,
            shares_profit=asked.settle_info.profit_sharing,
        )
        return self._link(way, trade)

    def _link(self, way: Way, trade: BookedTrade) -> Answer:
        if way == "native":
            return {"code_url": self._state.cashier_url("wechat", trade.out_trade_no)}
        prepay_id = "wx" + sha256(trade.gateway_trade_no.encode()).hexdigest()[:34]
        if way == "jsapi":
            return {"prepay_id": prepay_id}
        return {"h5_url": f"{self._state.base_url}/wechat/h5/{trade.out_trade_no}?prepay_id={prepay_id}"}

    def query(self, out_trade_no: str, mchid: str) -> Answer:
        check_merchant(mchid)
        trade = self._book.trade("wechat", out_trade_no)
        if trade is None:
            raise WechatError(404, "ORDER_NOT_EXIST", "订单不存在")
        refunds = self._book.refunds("wechat", out_trade_no)
        return trade_json(trade, refunded=any(refund.state != "failed" for refund in refunds))

    def close(self, out_trade_no: str, body: bytes) -> Answer:
        check_merchant(form(CloseForm, body).mchid)
        if self._book.trade("wechat", out_trade_no) is None:
            raise WechatError(404, "ORDER_NOT_EXIST", "订单不存在")
        self._book.close_trade("wechat", out_trade_no)
        return None

    def refund(self, body: bytes, begun: list[Callable[[], object]]) -> Answer:
        """Accepted at once, in processing; `begun` gets what ends it once the answer is made."""
        asked = form(RefundForm, body)
        trade = self._trade_of(asked)
        if trade.paid_fen != asked.amount.total:
            raise WechatError(400, "INVALID_REQUEST", "订单金额不一致")
        refund = self._book.open_refund(
            "wechat",
            trade.out_trade_no,
            asked.out_refund_no,
            asked.amount.refund,
            reason=asked.reason,
            notify_url=asked.notify_url or "",
        )
        begun.append(lambda: self._state.refund_begun(refund))
        return refund_json(refund, trade)

    def _trade_of(self, asked: RefundForm) -> BookedTrade:
        if asked.transaction_id:
            trade = self._book.trade_by_number("wechat", asked.transaction_id)
        else:
            trade = self._book.trade("wechat", asked.out_trade_no or "")
        if trade is None:
            raise WechatError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        return trade

    def query_refund(self, out_refund_no: str) -> Answer:
        refund = self._book.refund("wechat", out_refund_no)
        trade = self._book.trade("wechat", refund.out_trade_no) if refund else None
        if refund is None or trade is None:
            raise WechatError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return refund_json(refund, trade)
