"""Profit sharing (分账) of the simulated WeChat Pay: share, query, return, release what is still frozen.

Shares end some seconds after they were asked for, as the real ones do; whoever looks finds them ended.
"""

from datetime import timedelta

from fastapi import APIRouter, Request, Response

from simulation.gateways.entries import BookedShare, BookedTrade, ShareKind
from simulation.gateways.keys import WECHAT_MCHID
from simulation.gateways.state import State
from simulation.gateways.wechat_desk import Answer, Desk, WechatError, form
from simulation.gateways.wechat_words import ReturnForm, ShareForm, UnfreezeForm, return_json, share_json

SHAREABLE_AFTER_S = 60
PROCESSING_S = 3
MOST_PERCENT = 30


def router(state: State, desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/v3/profitsharing")
    actions = Shares(state)

    @routes.post("/orders")
    async def share(request: Request) -> Response:
        return await desk.serve(request, "share", actions.share)

    @routes.post("/orders/unfreeze")
    async def unfreeze(request: Request) -> Response:
        return await desk.serve(request, "release_share", actions.unfreeze)

    @routes.get("/orders/{out_order_no}")
    async def query(request: Request, out_order_no: str, transaction_id: str) -> Response:
        return await desk.serve(request, "query_share", lambda _: actions.query(out_order_no, transaction_id))

    @routes.post("/return-orders")
    async def give_back(request: Request) -> Response:
        return await desk.serve(request, "return_share", actions.give_back)

    @routes.get("/return-orders/{out_return_no}")
    async def query_return(request: Request, out_return_no: str, out_order_no: str) -> Response:
        return await desk.serve(request, "query_return", lambda _: actions.query_return(out_return_no, out_order_no))

    return routes


class Shares:
    """What the routes do once a request is authentic."""

    def __init__(self, state: State) -> None:
        self._state, self._book = state, state.book

    def share(self, body: bytes) -> Answer:
        asked = form(ShareForm, body)
        receiver = asked.receivers[0]
        with self._book.transaction():
            trade = self._shareable(asked.transaction_id)
            known = self._book.share("wechat", asked.out_order_no)
            if known is None:
                self._check_ceiling(trade, receiver.amount)
            booked = self._book.open_share(
                trade,
                asked.out_order_no,
                "share",
                receiver.amount,
                receiver=receiver.account,
                description=receiver.description,
            )
            if known is None and asked.unfreeze_unsplit:
                self._release(trade, f"{asked.out_order_no}-rest", "")
        return share_json(self._aged(booked))

    def unfreeze(self, body: bytes) -> Answer:
        asked = form(UnfreezeForm, body)
        with self._book.transaction():
            known = self._book.share("wechat", asked.out_order_no)
            if known is None:
                known = self._release(self._shareable(asked.transaction_id), asked.out_order_no, asked.description)
        return share_json(self._aged(known))

    def query(self, out_order_no: str, transaction_id: str) -> Answer:
        found = self._known(out_order_no, "share", "release")
        if found.gateway_trade_no != transaction_id:
            raise WechatError(404, "RESOURCE_NOT_EXISTS", "分账单不存在")
        return share_json(found)

    def give_back(self, body: bytes) -> Answer:
        asked = form(ReturnForm, body)
        with self._book.transaction():
            original = self._known(asked.out_order_no, "share")
            trade = self._book.trade("wechat", original.out_trade_no)
            if trade is None or original.state != "succeeded" or original.receiver != asked.return_mchid:
                raise WechatError(400, "INVALID_REQUEST", "原分账单不可回退")
            known = self._book.share("wechat", asked.out_return_no)
            if known is None and asked.amount > self._returnable_fen(original):
                raise WechatError(403, "NOT_ENOUGH", "回退金额超过可回退金额")
            booked = self._book.open_share(
                trade,
                asked.out_return_no,
                "return",
                asked.amount,
                receiver=asked.return_mchid,
                description=asked.description,
                original=original.out_order_no,
            )
        return return_json(self._aged(booked))

    def query_return(self, out_return_no: str, out_order_no: str) -> Answer:
        found = self._known(out_return_no, "return")
        if found.original != out_order_no:
            raise WechatError(404, "RESOURCE_NOT_EXISTS", "分账回退单不存在")
        return return_json(found)

    def _shareable(self, transaction_id: str) -> BookedTrade:
        trade = self._book.trade_by_number("wechat", transaction_id)
        if trade is None or trade.paid_at is None:
            raise WechatError(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        if not trade.shares_profit:
            raise WechatError(400, "INVALID_REQUEST", "非分账订单不支持分账")
        if self._state.now() - trade.paid_at < timedelta(seconds=SHAREABLE_AFTER_S * self._state.time_scale):
            raise WechatError(400, "INVALID_REQUEST", "订单处理中，暂时无法分账，请稍后再试")
        return trade

    def _check_ceiling(self, trade: BookedTrade, amount_fen: int) -> None:
        if any(share.kind == "release" for share in self._book.shares("wechat", trade.out_trade_no)):
            raise WechatError(400, "INVALID_REQUEST", "分账订单已完结")
        if (self._book.shared_fen(trade) + amount_fen) * 100 > (trade.paid_fen or 0) * MOST_PERCENT:
            raise WechatError(403, "RULE_LIMIT", "分账金额超过最大分账比例")

    def _release(self, trade: BookedTrade, out_order_no: str, description: str) -> BookedShare:
        rest = self._book.unshared_fen(trade)
        return self._book.open_share(
            trade, out_order_no, "release", rest, receiver=WECHAT_MCHID, description=description
        )

    def _returnable_fen(self, original: BookedShare) -> int:
        booked = self._book.shares("wechat", original.out_trade_no)
        gone = sum(s.amount_fen for s in booked if s.original == original.out_order_no and s.state != "failed")
        return original.amount_fen - gone

    def _known(self, number: str, *kinds: ShareKind) -> BookedShare:
        found = self._book.share("wechat", number)
        if found is None or found.kind not in kinds:
            raise WechatError(404, "RESOURCE_NOT_EXISTS", "分账单不存在")
        return self._aged(found)

    def _aged(self, share: BookedShare) -> BookedShare:
        if share.state != "processing":
            return share
        if self._state.now() - share.created_at < timedelta(seconds=PROCESSING_S * self._state.time_scale):
            return share
        failed = share.out_order_no in self._state.shares_fail
        reason = "ACCOUNT_ABNORMAL" if failed else ""
        return self._book.end_share("wechat", share.out_order_no, succeeded=not failed, reason=reason)
