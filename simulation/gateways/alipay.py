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
from simulation.gateways.alipay_signing import is_signed_by, signed_answer
from simulation.gateways.alipay_words import SUCCESS, Refused
from simulation.gateways.entries import BookedRefund, BookedShare, BookedTrade, BookError
from simulation.gateways.keys import ALIPAY_APP_ID, ALIPAY_SELLER_ID
from simulation.gateways.misbehaviour import AnswerFault
from simulation.gateways.state import State

Biz = dict[str, Any]
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
    """`_seen`: trades that a buyer has opened; before that Alipay knows them only as a code."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._seen: set[str] = set()
        self._tickets: dict[str, date] = {}
        self._methods: dict[str, tuple[str, Callable[[Biz, Mapping[str, str]], dict[str, Any]]]] = {
            "alipay.trade.precreate": ("create", self._precreate),
            "alipay.trade.query": ("query", self._query),
            "alipay.trade.close": ("close", self._close),
            "alipay.trade.refund": ("refund", self._refund),
            "alipay.trade.fastpay.refund.query": ("query_refund", self._query_refund),
            "alipay.trade.order.settle": ("share", self._settle),
            "alipay.trade.order.settle.query": ("query_share", self._query_settle),
            "alipay.data.dataservice.bill.downloadurl.query": ("bill", self._bill),
        }

    def called(self, parameters: Mapping[str, str]) -> Response:
        method = parameters.get("method", "")
        if method in PAGES:
            return self._page(PAGES[method], parameters)
        operation, work = self._methods.get(method, ("unknown", None))

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
        self._seen.add(out_trade_no)
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
            trade = self._opened(self._checked(parameters), parameters, way)
        except Refused as refused:
            return HTMLResponse(f"<h1>{refused.answer['sub_code']}</h1>", 400)
        except BookError as error:
            return HTMLResponse(f"<h1>{words.REFUSALS[error.code][0]}</h1>", 400)
        self._seen.add(trade.out_trade_no)
        return RedirectResponse(self._state.cashier_url("alipay", trade.out_trade_no), 303)

    def _opened(self, biz: Biz, parameters: Mapping[str, str], way: str) -> BookedTrade:
        return self._state.book.open_trade(
            "alipay",
            str(biz.get("out_trade_no", "")),
            words.fen(biz.get("total_amount")),
            title=str(biz.get("subject", "")),
            way=way,
            expires_at=words.instant(str(biz["time_expire"])) if "time_expire" in biz else None,
            notify_url=parameters.get("notify_url", ""),
            return_url=parameters.get("return_url", ""),
            shares_profit=(biz.get("extend_params") or {}).get("royalty_freeze") == "true",
        )

    def _precreate(self, biz: Biz, parameters: Mapping[str, str]) -> dict[str, Any]:
        trade = self._opened(biz, parameters, "precreate")
        code = f"{self._state.base_url}/alipay/qr/{trade.out_trade_no}"
        return {"out_trade_no": trade.out_trade_no, "qr_code": code}

    def _known(self, biz: Biz) -> BookedTrade:
        """Raises Refused for a trade that nobody has opened yet, as Alipay does."""
        trade = (
            self._state.book.trade_by_number("alipay", str(biz["trade_no"]))
            if biz.get("trade_no")
            else self._state.book.trade("alipay", str(biz.get("out_trade_no", "")))
        )
        if trade is None or (trade.state != "paid" and trade.out_trade_no not in self._seen):
            raise Refused(*words.REFUSALS["not_found"])
        return trade

    def _query(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        trade = self._known(biz)
        told = _names(trade) | {
            "trade_status": self._status(trade),
            "total_amount": words.yuan(trade.amount_fen if trade.paid_fen is None else trade.paid_fen),
            "buyer_logon_id": "138****0000",
            "buyer_user_id": "2088102122524333",
        }
        return told | ({"send_pay_date": words.written(trade.paid_at)} if trade.paid_at else {})

    def _status(self, trade: BookedTrade) -> str:
        if trade.state == "paid":
            back = self._state.book.refunds("alipay", trade.out_trade_no)
            whole = sum(r.amount_fen for r in back if r.state == "succeeded") == trade.paid_fen
            return "TRADE_CLOSED" if whole else "TRADE_SUCCESS"
        return "WAIT_BUYER_PAY" if trade.state == "waiting" else "TRADE_CLOSED"

    def _close(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        trade = self._known(biz)
        if trade.state != "waiting":
            raise Refused(*words.REFUSALS["not_paid"])
        return _names(self._state.book.close_trade("alipay", trade.out_trade_no))

    def _refund(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        trade = self._known(biz)
        number, amount = str(biz.get("out_request_no", "")), words.fen(biz.get("refund_amount"))
        was_done = (known := self._state.book.refund("alipay", number)) is not None and known.state == "succeeded"
        try:
            refund = self._state.book.open_refund(
                "alipay",
                trade.out_trade_no,
                number,
                amount,
                reason=str(biz.get("refund_reason", "")),
                from_own_money=True,
            )
        except BookError as error:
            if error.code == "reused":
                raise Refused("ACQ.DISCORDANT_REPEAT_REQUEST", "同一笔退款金额不一致") from None
            raise
        refund = self._state.refund_begun(refund)
        if refund.state == "failed":
            raise Refused(*words.REFUSALS["shared_out"])
        return self._refund_told(trade, refund, moved=refund.state == "succeeded" and not was_done)

    def _refund_told(self, trade: BookedTrade, refund: BookedRefund, moved: bool) -> dict[str, Any]:
        """`refund_fee` is the sum of all refunds of the trade; the money has moved in this call only with Y."""
        done = [r for r in self._state.book.refunds("alipay", trade.out_trade_no) if r.state == "succeeded"]
        told = _names(trade) | {
            "buyer_logon_id": "138****0000",
            "fund_change": "Y" if moved else "N",
            "refund_fee": words.yuan(sum(r.amount_fen for r in done)),
        }
        return told | ({"gmt_refund_pay": words.written(refund.succeeded_at)} if refund.succeeded_at else {})

    def _query_refund(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        """Nothing but success when there is no such refund, or it failed."""
        trade, refund = self._known(biz), self._state.book.refund("alipay", str(biz.get("out_request_no", "")))
        if refund is None or refund.out_trade_no != trade.out_trade_no or refund.state == "failed":
            return {}
        told = _names(trade) | {
            "out_request_no": refund.out_refund_no,
            "total_amount": words.yuan(trade.paid_fen or 0),
            "refund_amount": words.yuan(refund.amount_fen),
            "refund_status": "REFUND_SUCCESS" if refund.state == "succeeded" else "REFUND_PROCESSING",
        }
        wants_time = "gmt_refund_pay" in biz.get("query_options", ())
        return told | ({"gmt_refund_pay": words.written(refund.succeeded_at)} if wants_time else {})

    def _settle(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        trade, number = self._known(biz), str(biz.get("out_request_no", ""))
        if trade.paid_fen is None:
            raise Refused(*words.REFUSALS["not_paid"])
        ends = (biz.get("extend_params") or {}).get("royalty_finish") == "true"
        known = self._state.book.share("alipay", number)
        earlier = self._state.book.shares("alipay", trade.out_trade_no)
        if known is None and any(s.kind == "release" for s in earlier):
            raise Refused("ACQ.TRADE_SETTLE_FINISHED", "分账已完结")
        parts = list(biz.get("royalty_parameters") or [])
        if len(parts) > 1 or not (parts or ends):
            raise Refused("ACQ.INVALID_PARAMETER", "参数无效")
        share = self._shared(trade, number, parts[0] if parts else None)
        self._state.book.end_share("alipay", share.out_order_no)
        return {"trade_no": trade.gateway_trade_no, "settle_no": share.gateway_share_no}

    def _shared(self, trade: BookedTrade, number: str, part: Biz | None) -> BookedShare:
        book = self._state.book
        try:
            if part is None:
                return book.open_share(trade, number, "release", 0)
            receiver, description = str(part.get("trans_in", "")), str(part.get("desc", ""))
            amount = words.fen(part.get("amount"))
            return book.open_share(trade, number, "share", amount, receiver=receiver, description=description)
        except BookError as error:
            if error.code == "not_enough":
                raise Refused("ACQ.ALLOC_AMOUNT_VALIDATE_ERROR", "分账金额超限") from None
            raise

    def _query_settle(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        trade, share = self._known(biz), self._state.book.share("alipay", str(biz.get("out_request_no", "")))
        if share is None or share.out_trade_no != trade.out_trade_no:
            raise Refused("ACQ.SETTLE_NOT_EXIST", "分账请求不存在")
        states = {"processing": "PROCESSING", "succeeded": "SUCCESS", "failed": "FAIL"}
        part = {
            "operation_type": "transfer" if share.kind == "share" else "unfreeze",
            "execute_dt": words.written(share.ended_at),
            "trans_out": ALIPAY_SELLER_ID,
            "trans_in": share.receiver,
            "amount": words.yuan(share.amount_fen),
            "state": states[share.state],
            "detail_id": share.gateway_share_no,
        }
        return {
            "out_request_no": share.out_order_no,
            "operation_dt": words.written(share.created_at),
            "royalty_detail_list": [part],
        }

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


def _names(trade: BookedTrade) -> dict[str, Any]:
    return {"out_trade_no": trade.out_trade_no, "trade_no": trade.gateway_trade_no}
