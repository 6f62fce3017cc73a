"""Daily trade bills of the simulated WeChat Pay: asked for, then downloaded as CSV, plain or gzip.

Layout of bill type ALL: a header, a line a payment or refund, a header of sums, the sums; every cell of a line of
values begins with a back quote. A refund stands on the day on which it was accepted, with its state as of now.
"""

import gzip
import hashlib
import secrets
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from mingsuan import money
from simulation.gateways.entries import BillEntry
from simulation.gateways.keys import WECHAT_APPID, WECHAT_MCHID
from simulation.gateways.state import State
from simulation.gateways.wechat_desk import Answer, Desk, WechatError
from simulation.gateways.wechat_words import REFUND_STATES, TRADE_TYPES, ZONE

COLUMNS = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,"
    "费率,订单金额,申请退款金额,费率备注"
)
SUMS = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
Day = Annotated[date, Query()]


def router(state: State, desk: Desk) -> APIRouter:
    routes = APIRouter(prefix="/v3")
    files: dict[str, bytes] = {}

    @routes.get("/bill/tradebill")
    async def ask(request: Request, bill_date: Day, tar_type: Literal["GZIP"] | None = None) -> Response:
        def work(_: bytes) -> Answer:
            content = _bill(state, bill_date)
            token = secrets.token_urlsafe(24)
            files[token] = gzip.compress(content) if tar_type else content
            return {
                "hash_type": "SHA1",
                "hash_value": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
                "download_url": f"{state.base_url}/wechat/v3/billdownload/file?token={token}",
            }

        return await desk.serve(request, "bill", work)

    @routes.get("/billdownload/file")
    async def download(request: Request, token: str) -> Response:
        """The request is signed as any other; the answer is not, its hash was told before."""
        answer = await desk.serve(request, "download_bill", lambda _: {})
        if answer.status_code != 200:
            return answer
        content = files.get(token)
        return Response(status_code=404) if content is None else Response(content, media_type="text/plain")

    return routes


def _bill(state: State, day: date) -> bytes:
    if day >= state.now().astimezone(ZONE).date() and not state.bills_at_once:
        raise WechatError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    entries = state.book.bill("wechat", day, ZONE, refunds_by="created_at")
    if not entries:
        raise WechatError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    per_myriad = state.book.terms("wechat").per_myriad
    lines = [COLUMNS, *(_line(entry, per_myriad) for entry in entries), SUMS, _sums(entries)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _line(entry: BillEntry, per_myriad: int) -> str:
    trade, refund = entry.trade, entry.refund
    paid = _yuan(entry.amount_fen if refund is None else 0)
    back = _yuan(entry.amount_fen if refund is not None else 0)
    return _cells(
        f"{entry.happened_at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}",
        WECHAT_APPID,
        WECHAT_MCHID,
        "0",
        "",
        trade.gateway_trade_no,
        trade.out_trade_no,
        trade.payer or "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
        TRADE_TYPES.get(trade.way, "NATIVE"),
        "SUCCESS" if refund is None else "REFUND",
        "OTHERS",
        "CNY",
        paid,
        "0.00",
        refund.gateway_refund_no if refund else "0",
        refund.out_refund_no if refund else "0",
        back,
        "0.00",
        "ORIGINAL" if refund else "",
        REFUND_STATES[refund.state] if refund else "",
        trade.title,
        "",
        f"{_yuan(entry.fee_fen)}000",
        f"{per_myriad // 100}.{per_myriad % 100:02d}%",
        paid,
        back,
        "",
    )


def _sums(entries: Sequence[BillEntry]) -> str:
    paid = sum(entry.amount_fen for entry in entries if entry.refund is None)
    back = sum(entry.amount_fen for entry in entries if entry.refund is not None)
    fees = sum(entry.fee_fen for entry in entries)
    return _cells(str(len(entries)), _yuan(paid), _yuan(back), "0.00", f"{_yuan(fees)}000", _yuan(paid), _yuan(back))


def _cells(*values: str) -> str:
    return ",".join(f"`{value.replace(',', ' ')}" for value in values)


def _yuan(fen: int) -> str:
    return money.plain(fen, "CNY")
