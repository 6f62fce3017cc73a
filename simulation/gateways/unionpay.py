"""A simulated UnionPay-style gateway: the front's form, the back's queries and refunds, the day's file."""

import base64
import csv
import io
import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from simulation.gateways import outages
from simulation.gateways.entries import BillEntry, BookError
from simulation.gateways.keys import UNIONPAY_MERCHANT_ID
from simulation.gateways.misbehaviour import AnswerFault
from simulation.gateways.state import State
from simulation.gateways.unionpay_notices import BEIJING, TIME, UnionpayAnnouncer
from simulation.gateways.unionpay_signing import is_signed_by

Fields = Mapping[str, str]
ACCEPTED = {"respCode": "00", "respMsg": "成功[0000000]"}
COLUMNS = ("txnType", "orderId", "queryId", "origOrderId", "origQryId", "txnAmt", "fee", "txnTime", "merId")
CODES = {
    "not_found": ("34", "查无此交易"),
    "not_paid": ("34", "查无此交易"),
    "reused": ("12", "重复交易"),
    "paid": ("12", "重复交易"),
    "closed": ("39", "交易不在受理时间范围内"),
    "not_enough": ("61", "交易金额超限"),
    "shared_out": ("61", "交易金额超限"),
}


class _RefusedError(Exception):
    """`respCode` and `respMsg` of a refusal."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.answer = {"respCode": code, "respMsg": reason}


def router(state: State) -> APIRouter:
    """Routes under `/unionpay`; announces UnionPay's payments from now on."""
    unionpay = _Unionpay(state)
    routes = APIRouter(prefix="/unionpay/gateway/api", include_in_schema=False)

    async def fields(request: Request) -> Fields:
        return {name: str(value) for name, value in (await request.form()).items()}

    @routes.post("/frontTransReq.do")
    def front(form: Annotated[Fields, Depends(fields)]) -> Response:
        return unionpay.front(form)

    @routes.post("/{operation}.do")
    def back(operation: str, message: Annotated[Fields, Depends(fields)]) -> Response:
        return unionpay.back(operation, message)

    return routes


class _Unionpay:
    def __init__(self, state: State) -> None:
        self._state = state
        self._announcer = UnionpayAnnouncer(state)
        state.announcers["unionpay"] = self._announcer
        self._operations: dict[str, tuple[str, Callable[[Fields], dict[str, str]]]] = {
            "queryTrans": ("query", self._query),
            "backTransReq": ("refund", self._refund),
            "fileTransReq": ("bill", self._bill),
        }

    def front(self, form: Fields) -> Response:
        """Where the shopper's browser posts the shop's form: on to the cashier."""
        try:
            self._check(form)
            trade = self._state.book.open_trade(
                "unionpay",
                form["orderId"],
                _fen(form),
                title=form.get("orderDesc", ""),
                way="form",
                expires_at=_instant(form["payTimeout"]) if "payTimeout" in form else None,
                notify_url=form.get("backUrl", ""),
                return_url=form.get("frontUrl", ""),
            )
        except _RefusedError as refused:
            return HTMLResponse(f"<h1>{refused.answer['respCode']} {refused.answer['respMsg']}</h1>", 400)
        except BookError as error:
            return HTMLResponse(f"<h1>{' '.join(CODES[error.code])}</h1>", 400)
        self._announcer.sent[trade.out_trade_no] = form["txnTime"]
        return RedirectResponse(self._state.cashier_url("unionpay", trade.out_trade_no), 303)

    def back(self, path: str, message: Fields) -> Response:
        operation, work = self._operations.get(path, ("unknown", None))

        def done(fault: AnswerFault | None) -> Response:
            echo = {name: message[name] for name in ("orderId", "txnTime", "txnType") if name in message}
            try:
                self._check(message)
                if work is None:
                    raise _RefusedError("10", "报文格式错误")
                told = {**ACCEPTED, **work(message)}
            except _RefusedError as refused:
                told = refused.answer
            except BookError as error:
                told = dict(zip(("respCode", "respMsg"), CODES[error.code], strict=True))
            body = self._announcer.answer(echo | told, unsigned=fault == "unsigned", spoilt=fault == "bad_signature")
            return Response(body, media_type="text/html; charset=utf-8")

        return outages.answer(self._state, "unionpay", operation, done)

    def _check(self, message: Fields) -> None:
        if message.get("merId") != UNIONPAY_MERCHANT_ID or message.get("version") != "5.1.0":
            raise _RefusedError("10", "报文格式错误")
        keys = self._state.keys
        known = message.get("certId") == keys.unionpay_cert_id
        if not known or not is_signed_by(message, keys.unionpay_shop.public):
            raise _RefusedError("11", "验证签名失败")
        if not message.get("orderId", "").isalnum() or len(message.get("txnTime", "")) != 14:
            raise _RefusedError("10", "报文格式错误")

    def _query(self, message: Fields) -> dict[str, str]:
        """The trade or refund of that number and time; code 34 for one that was never posted, or ended unpaid."""
        book, number = self._state.book, message["orderId"]
        if self._announcer.sent.get(number, message["txnTime"]) != message["txnTime"]:
            raise _RefusedError(*CODES["not_found"])
        if (refund := book.refund("unionpay", number)) is not None:
            codes = {"processing": ("05", "交易已受理"), "succeeded": ("00", "成功[0000000]"), "failed": ("01", "失败")}
            return self._announcer.of_refund(refund) | _original(codes[refund.state])
        trade = book.trade("unionpay", number)
        if trade is None or trade.state == "closed":
            raise _RefusedError(*CODES["not_found"])
        code = ("00", "成功[0000000]") if trade.state == "paid" else ("05", "交易已受理")
        return self._announcer.of_trade(trade) | _original(code)

    def _refund(self, message: Fields) -> dict[str, str]:
        """Accepted at once, done a little later; the same number again is a repetition (12)."""
        number, book = message["orderId"], self._state.book
        if message.get("txnType") != "04":
            raise _RefusedError("10", "报文格式错误")
        if book.refund("unionpay", number) is not None:
            raise _RefusedError(*CODES["reused"])
        trade = book.trade_by_number("unionpay", message.get("origQryId", ""))
        if trade is None:
            raise _RefusedError(*CODES["not_found"])
        refund = book.open_refund(
            "unionpay", trade.out_trade_no, number, _fen(message), notify_url=message.get("backUrl", "")
        )
        self._announcer.sent[number] = message["txnTime"]
        self._state.refund_begun(refund)
        return {"queryId": refund.gateway_refund_no, "origQryId": refund.gateway_trade_no}

    def _bill(self, message: Fields) -> dict[str, str]:
        """A day's file exists once the day is over in Beijing."""
        day = _instant(message.get("settleDate", "") + "000000").date()
        if day >= self._state.now().astimezone(BEIJING).date():
            raise _RefusedError("98", "文件不存在")
        entries = self._state.book.bill("unionpay", day, BEIJING)
        packed = zlib.compress(_file(entries).encode())
        return {"settleDate": f"{day:%Y%m%d}", "fileContent": base64.b64encode(packed).decode("ascii")}


def _file(entries: Sequence[BillEntry]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for entry in entries:
        trade, refund = entry.trade, entry.refund
        names = (
            ("04", refund.out_refund_no, refund.gateway_refund_no, trade.out_trade_no, trade.gateway_trade_no)
            if refund
            else ("01", trade.out_trade_no, trade.gateway_trade_no, "", "")
        )
        at = entry.happened_at.astimezone(BEIJING).strftime(TIME)
        writer.writerow((*names, entry.amount_fen, entry.fee_fen, at, UNIONPAY_MERCHANT_ID))
    total = sum(e.amount_fen if e.kind == "payment" else -e.amount_fen for e in entries)
    writer.writerow(("TOTAL", len(entries), total, sum(e.fee_fen for e in entries)))
    return buffer.getvalue()


def _original(code: tuple[str, str]) -> dict[str, str]:
    return {"origRespCode": code[0], "origRespMsg": code[1]}


def _fen(message: Fields) -> int:
    text = message.get("txnAmt", "")
    if not (text.isascii() and text.isdigit() and int(text) > 0) or message.get("currencyCode") != "156":
        raise _RefusedError("10", "报文格式错误")
    return int(text)


def _instant(text: str) -> datetime:
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=BEIJING)
    except ValueError:
        raise _RefusedError("10", "报文格式错误") from None
