"""The simulated cashier: the page that a QR code or a redirect opens, where a person presses pay or cancel."""

from html import escape
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, status
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from mingsuan import money
from simulation.gateways.entries import BookedTrade, BookError, Method
from simulation.gateways.state import State

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: Canvas; color: CanvasText; }
main { width: min(24rem, calc(100vw - 2rem)); text-align: center; }
h1 { font-size: 1.4rem; margin: 1rem 0 .5rem; }
.notice { padding: .5rem; text-wrap: balance; border: 2px dashed #b45309; border-radius: .5rem; font-weight: 600; }
.amount { font-size: 2.5rem; font-weight: 700; margin: .5rem 0 0; font-variant-numeric: tabular-nums; }
.number { font-size: .8rem; opacity: .75; overflow-wrap: anywhere; }
.title { overflow-wrap: anywhere; }
button { width: 100%; padding: .8rem; margin-top: .75rem; font: inherit; border-radius: .5rem; cursor: pointer;
  border: 1px solid currentColor; background: none; color: inherit; }
button.pay { background: #0a7d33; border-color: #0a7d33; color: #fff; font-weight: 600; }
button:focus-visible { outline: 3px solid #2563eb; outline-offset: 2px; }
"""
NAMES: dict[Method, str] = {
    "wechat": "微信支付 / WeChat Pay",
    "alipay": "支付宝 / Alipay",
    "unionpay": "银联 / UnionPay",
}
STATES = {"waiting": "待支付 / Waiting", "paid": "已支付 / Paid", "closed": "已关闭 / Closed"}
TradeNo = Annotated[str, Path(max_length=64)]


def router(state: State) -> APIRouter:
    """Pages of `/cashier/<method>/<out_trade_no>`."""
    routes = APIRouter(prefix="/cashier", include_in_schema=False)

    def known(method: Method, out_trade_no: str) -> BookedTrade:
        trade = state.book.trade(method, out_trade_no)
        if trade is None:
            raise HTTPException(status.HTTP_404_NOT_FOUND, "no such trade")
        return trade

    def leave(trade: BookedTrade) -> Response:
        address = state.announcers[trade.method].return_address(trade) or state.cashier_url(
            trade.method, trade.out_trade_no
        )
        return RedirectResponse(address, status.HTTP_303_SEE_OTHER)

    @routes.get("/{method}/{out_trade_no}")
    def show(method: Method, out_trade_no: TradeNo) -> HTMLResponse:
        return HTMLResponse(_page(known(method, out_trade_no), state.shop_url))

    @routes.post("/{method}/{out_trade_no}/pay")
    def pay(method: Method, out_trade_no: TradeNo) -> Response:
        """Pressed twice, or too late, it only shows how things stand."""
        known(method, out_trade_no)
        try:
            return leave(state.pay(method, out_trade_no))
        except BookError:
            return RedirectResponse(state.cashier_url(method, out_trade_no), status.HTTP_303_SEE_OTHER)

    @routes.post("/{method}/{out_trade_no}/cancel")
    def cancel(method: Method, out_trade_no: TradeNo) -> Response:
        return leave(known(method, out_trade_no))

    return routes


def _page(trade: BookedTrade, shop_url: str) -> str:
    amount = money.text(trade.amount_fen if trade.paid_fen is None else trade.paid_fen, "CNY")
    here = f"/cashier/{trade.method}/{escape(trade.out_trade_no)}"
    buttons = f"""
      <form method="post" action="{here}/pay"><button class="pay">确认支付 / Pay {amount}</button></form>
      <form method="post" action="{here}/cancel"><button>取消 / Cancel</button></form>"""
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width"><title>模拟收银台 / Simulated cashier</title>
    <style>{STYLE}</style></head><body><main>
    <p class="notice">模拟收银台，不涉及真实资金<br>Simulated cashier – no real money</p>
    <h1>{NAMES[trade.method]}</h1><p class="title">{escape(trade.title)}</p>
    <p class="amount">{amount}</p><p>{STATES[trade.state]}</p><p class="number">{escape(trade.out_trade_no)}</p>
    {buttons if trade.state == "waiting" else ""}
    <p><a href="{escape(shop_url)}">返回商店 / Back to the shop</a></p></main></body></html>"""
