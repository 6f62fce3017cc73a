"""Alipay (支付宝) as a payment gateway: QR codes, pages on computer and phone, refunds, profit sharing, bills.

Sources: opendocs.alipay.com, the pages of the methods named below. The wire belongs to alipay_client.py.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways import alipay_bill, alipay_notice
from transactional.payments.gateways import alipay_words as words
from transactional.payments.gateways.alipay_answers import refund, same, share, time
from transactional.payments.gateways.alipay_client import AlipayClient
from transactional.payments.gateways.interface import (
    Acknowledgement,
    Bill,
    BillNotReadyError,
    GatewayRefusedError,
    Notice,
    PayLink,
    PaymentAsk,
    RefundAsk,
    RefundFact,
    ShareAsk,
    ShareFact,
    Trade,
)

PAGES = {
    "page": ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
    "wap": ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
}
NO_SUCH = frozenset({"ACQ.TRADE_NOT_EXIST", "TRADE_NOT_EXIST", "ACQ.SETTLE_NOT_EXIST"})
NO_BILL = frozenset({"isp.bill_not_exist", "BILL_NOT_EXIST"})
BILL_BYTES_AT_MOST = 64 * 1024 * 1024
BILL_SECONDS = 30


class AlipayGateway:
    """`seller_id` is the merchant's user id (2088…), which every notice must name."""

    method: str = "alipay"
    ways: tuple[str, ...] = ("precreate", "page", "wap")

    def __init__(self, client: AlipayClient, seller_id: str, fee_per_myriad: int) -> None:
        self.fee_per_myriad = fee_per_myriad
        self._client, self._seller_id = client, seller_id
        self._downloads = httpx.AsyncClient(timeout=BILL_SECONDS, follow_redirects=False)

    async def create(self, ask: PaymentAsk) -> PayLink:
        """Until the buyer scans or opens it Alipay knows no such trade, so `query` says not_found though it can be
        paid until `expires_at`."""
        biz: dict[str, object] = {
            "out_trade_no": ask.out_trade_no,
            "total_amount": words.yuan(ask.amount_fen),
            "subject": words.subject(ask.title),
            "time_expire": words.written(ask.expires_at),
        }
        if ask.shares_profit:
            biz["extend_params"] = {"royalty_freeze": "true"}
        if ask.way == "precreate":
            answer = await self._client.call("alipay.trade.precreate", biz, ask.notify_url)
            same(answer, out_trade_no=ask.out_trade_no)
            return PayLink("qr", str(answer["qr_code"]))
        if ask.way not in PAGES:
            raise ValueError(f"Alipay knows no way {ask.way!r}")
        method, biz["product_code"] = PAGES[ask.way]
        if ask.way == "wap":
            biz["quit_url"] = ask.return_url
        return PayLink("redirect", await self._client.page_url(method, biz, ask.notify_url, ask.return_url))

    async def query(self, out_trade_no: str) -> Trade:
        try:
            answer = await self._client.call("alipay.trade.query", {"out_trade_no": out_trade_no})
        except GatewayRefusedError as refused:
            if refused.code in NO_SUCH:
                return Trade("not_found", out_trade_no)
            raise
        same(answer, out_trade_no=out_trade_no)
        try:
            return words.trade(answer, "send_pay_date")
        except (ValueError, KeyError) as error:
            raise UnknownOutcomeError(f"alipay.trade.query: {error}") from error

    async def close(self, out_trade_no: str) -> None:
        """Refused (ACQ.TRADE_NOT_EXIST) while the buyer has not opened it: it ends by its own time then."""
        same(await self._client.call("alipay.trade.close", {"out_trade_no": out_trade_no}), out_trade_no=out_trade_no)

    async def refund(self, ask: RefundAsk) -> RefundFact:
        """Code 10000 means only that the request was taken. `fund_change` Y means that this call moved the money;
        otherwise it is `processing` and a query tells. Alipay wants 3 s between two refunds of a trade: the callers'
        to keep."""
        biz = {
            "out_trade_no": ask.out_trade_no,
            "out_request_no": ask.out_refund_no,
            "refund_amount": words.yuan(ask.amount_fen),
            "refund_reason": ask.reason[: words.SUBJECT_LENGTH],
        }
        answer = await self._client.call("alipay.trade.refund", biz)
        same(answer, out_trade_no=ask.out_trade_no)
        if answer.get("fund_change") != "Y":
            return RefundFact("processing", ask.out_refund_no)
        return RefundFact("succeeded", ask.out_refund_no, None, ask.amount_fen, time(answer, "gmt_refund_pay"))

    async def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundFact:
        """Ask 10 s after the refund at the earliest. An answer without a status means that there is none, or that it
        failed; the same refund may then be asked for again."""
        biz = {
            "out_trade_no": out_trade_no,
            "out_request_no": out_refund_no,
            "query_options": ["gmt_refund_pay"],
        }
        try:
            answer = await self._client.call("alipay.trade.fastpay.refund.query", biz)
        except GatewayRefusedError as refused:
            if refused.code in NO_SUCH:
                return RefundFact("not_found", out_refund_no)
            raise
        if not answer.get("refund_status"):
            return RefundFact("not_found", out_refund_no)
        same(answer, out_trade_no=out_trade_no, out_request_no=out_refund_no)
        return refund(answer, out_refund_no)

    async def share(self, ask: ShareAsk) -> ShareFact:
        """alipay.trade.order.settle in its asynchronous mode: accepted is not done, `query_share` tells."""
        to_partner = {
            "royalty_type": "transfer",
            "trans_in_type": "userId",
            "trans_in": ask.receiver_account,
            "amount": words.yuan(ask.amount_fen),
            "desc": ask.description[: words.SUBJECT_LENGTH],
        }
        answer = await self._settle(ask.gateway_trade_no, ask.out_order_no, [to_partner])
        return ShareFact("processing", ask.out_order_no, str(answer.get("settle_no", "")) or None, ask.amount_fen)

    async def query_share(self, gateway_trade_no: str, out_order_no: str) -> ShareFact:
        biz = {"trade_no": gateway_trade_no, "out_request_no": out_order_no}
        try:
            answer = await self._client.call("alipay.trade.order.settle.query", biz)
        except GatewayRefusedError as refused:
            if refused.code in NO_SUCH:
                return ShareFact("not_found", out_order_no)
            raise
        same(answer, out_request_no=out_order_no)
        return share(answer, out_order_no)

    async def return_share(self, ask: ShareAsk, original: str) -> ShareFact:  # noqa: ARG002
        """A refund (alipay.trade.refund) of the share alone: the partner pays back, the buyer gets nothing.

        Alipay knows it by the partner's account, not by the share's number; `query_share` tells its end. Alipay
        refuses it for trades of `precreate`, whose refunds it splits over merchant and partners by itself.
        """
        from_partner = {
            "royalty_type": "transfer",
            "trans_out_type": "userId",
            "trans_out": ask.receiver_account,
            "amount": words.yuan(ask.amount_fen),
            "desc": ask.description[: words.SUBJECT_LENGTH],
        }
        biz = {
            "trade_no": ask.gateway_trade_no,
            "out_request_no": ask.out_order_no,
            "refund_amount": words.yuan(0),
            "refund_royalty_parameters": [from_partner],
        }
        same(await self._client.call("alipay.trade.refund", biz), trade_no=ask.gateway_trade_no)
        return ShareFact("processing", ask.out_order_no, None, ask.amount_fen)

    async def release_share(self, gateway_trade_no: str, out_order_no: str) -> ShareFact:
        """`royalty_finish`: nothing more will be shared, the rest is unfrozen."""
        answer = await self._settle(gateway_trade_no, out_order_no, [], finish=True)
        return ShareFact("succeeded", out_order_no, str(answer.get("settle_no", "")) or None, 0)

    async def bill(self, day: date) -> Bill:
        biz = {"bill_type": "trade", "bill_date": day.isoformat()}
        try:
            answer = await self._client.call("alipay.data.dataservice.bill.downloadurl.query", biz)
        except GatewayRefusedError as refused:
            if refused.code in NO_BILL:
                raise BillNotReadyError(str(day)) from refused
            raise
        try:
            return alipay_bill.read(await self._download(str(answer["bill_download_url"])), self._seller_id, day)
        except (ValueError, LookupError) as error:
            raise UnknownOutcomeError(f"the bill of {day}: {error}") from error

    async def authenticate(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:  # noqa: ARG002
        return alipay_notice.authentic(self._client, self._seller_id, body, now)

    def acknowledge(self, accepted: bool) -> Acknowledgement:
        return Acknowledgement(200, "text/plain", "success" if accepted else "failure")

    async def aclose(self) -> None:
        await self._downloads.aclose()

    async def _settle(
        self, trade_no: str, out_order_no: str, parts: list[dict[str, str]], finish: bool = False
    ) -> dict[str, Any]:
        biz: dict[str, object] = {
            "out_request_no": out_order_no,
            "trade_no": trade_no,
            "royalty_parameters": parts,
            "royalty_mode": "async",
        }
        if finish:
            biz["extend_params"] = {"royalty_finish": "true"}
        answer = await self._client.call("alipay.trade.order.settle", biz)
        same(answer, trade_no=trade_no)
        return answer

    async def _download(self, url: str) -> bytes:
        """The address is signed, its content is not: over https whenever Alipay itself is."""
        if urlsplit(self._client.url).scheme == "https":
            url = urlsplit(url)._replace(scheme="https").geturl()
        content = bytearray()
        try:
            async with self._downloads.stream("GET", url) as response:
                if response.status_code != httpx.codes.OK:
                    raise UnknownOutcomeError("the bill cannot be fetched", response.status_code)
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > BILL_BYTES_AT_MOST:
                        raise UnknownOutcomeError("the bill is too large")
        except httpx.HTTPError as error:
            raise UnknownOutcomeError(f"the bill cannot be fetched: {error}") from error
        return bytes(content)
