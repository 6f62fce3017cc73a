"""A UnionPay-style gateway (银联在线网关支付): the shopper's browser posts a signed form, the back end queries.

Sources: open.unionpay.com, products 000201, and its development kit. Only the day's file differs: real UnionPay
serves fixed-width files at an address of their own. Fields and codes belong to unionpay_words.py.
"""

from collections.abc import Mapping
from datetime import date, datetime

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways import unionpay_bill, unionpay_notice
from transactional.payments.gateways import unionpay_words as words
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
from transactional.payments.gateways.unionpay_signing import RSA, VERSION, UnknownKeyError, is_signed, read, signed

CALL_SECONDS = 10
DESCRIPTION_LENGTH = 32
Told = dict[str, str]


class UnionpayGateway:
    """`cert_id` names the merchant's certificate, whose private key is `key`; `unionpay_key` is UnionPay's."""

    method: str = "unionpay"
    ways: tuple[str, ...] = ("form",)

    def __init__(
        self,
        merchant_id: str,
        cert_id: str,
        key: RSAPrivateKey,
        unionpay_key: RSAPublicKey,
        url: str,
        fee_per_myriad: int,
        seconds: float = CALL_SECONDS,
    ) -> None:
        self.fee_per_myriad = fee_per_myriad
        self._merchant_id, self._cert_id, self._key, self._unionpay_key = merchant_id, cert_id, key, unionpay_key
        self._url = url.rstrip("/")
        self._client = httpx.AsyncClient(timeout=seconds, follow_redirects=False)

    async def create(self, ask: PaymentAsk) -> PayLink:
        """A form for the shopper's browser; nothing is sent, so UnionPay knows no such trade until it is posted."""
        form = self._message(words.PAY, "01", ask.out_trade_no) | {
            "bizType": "000201",
            "txnAmt": str(ask.amount_fen),
            "currencyCode": words.YUAN,
            "frontUrl": ask.return_url,
            "backUrl": ask.notify_url,
            "payTimeout": words.written(ask.expires_at),
            "orderDesc": ask.title[:DESCRIPTION_LENGTH],
        }
        return PayLink("form", f"{self._url}/gateway/api/frontTransReq.do", signed(form, self._key))

    async def query(self, out_trade_no: str) -> Trade:
        told = await self._query(words.PAY, out_trade_no)
        if told is None:
            return Trade("not_found", out_trade_no)
        try:
            return words.trade(told, told["origRespCode"])
        except (ValueError, KeyError) as error:
            raise UnknownOutcomeError(f"query: {error}") from error

    async def close(self, out_trade_no: str) -> None:
        """UnionPay has no closing: `payTimeout` ends an unpaid trade."""
        raise GatewayRefusedError("unsupported", f"UnionPay cannot close {out_trade_no}; it ends by its time")

    async def refund(self, ask: RefundAsk) -> RefundFact:
        """Accepted is not done: `processing` until a notice or a query says more."""
        payment = ask.gateway_trade_no or (await self.query(ask.out_trade_no)).gateway_trade_no
        if payment is None:
            raise GatewayRefusedError(words.NO_SUCH_TRADE, f"{ask.out_trade_no} was never paid")
        message = self._message(words.REFUND, "00", ask.out_refund_no) | {
            "bizType": "000000",
            "origQryId": payment,
            "txnAmt": str(ask.amount_fen),
            "currencyCode": words.YUAN,
            "backUrl": ask.notify_url,
        }
        told = await self._call("backTransReq", message)
        if told.get("respCode") == words.REPEATED:
            return RefundFact("processing", ask.out_refund_no)
        self._check_done(told)
        return RefundFact("processing", ask.out_refund_no, told.get("queryId"), ask.amount_fen)

    async def query_refund(self, out_trade_no: str, out_refund_no: str) -> RefundFact:
        told = await self._query(words.REFUND, out_refund_no)
        if told is None:
            return RefundFact("not_found", out_refund_no)
        try:
            return words.refund(told, told["origRespCode"], told.get("origRespMsg", ""))
        except (ValueError, KeyError) as error:
            raise UnknownOutcomeError(f"query of a refund of {out_trade_no}: {error}") from error

    async def share(self, ask: ShareAsk) -> ShareFact:
        raise _unsupported(ask.out_order_no)

    async def query_share(self, gateway_trade_no: str, out_order_no: str) -> ShareFact:  # noqa: ARG002
        raise _unsupported(out_order_no)

    async def return_share(self, ask: ShareAsk, original: str) -> ShareFact:  # noqa: ARG002
        raise _unsupported(ask.out_order_no)

    async def release_share(self, gateway_trade_no: str, out_order_no: str) -> ShareFact:  # noqa: ARG002
        raise _unsupported(out_order_no)

    async def bill(self, day: date) -> Bill:
        message = self._message(words.FILE, "01", f"B{day:%Y%m%d}") | {
            "bizType": "000000",
            "settleDate": f"{day:%Y%m%d}",
            "fileType": "00",
        }
        told = await self._call("fileTransReq", message)
        if told.get("respCode") == words.NO_SUCH_FILE:
            raise BillNotReadyError(str(day))
        self._check_done(told)
        try:
            if told["settleDate"] != f"{day:%Y%m%d}":
                raise ValueError(f"settleDate {told['settleDate']!r}")
            return unionpay_bill.read(told["fileContent"], self._merchant_id, day)
        except (ValueError, LookupError) as error:
            raise UnknownOutcomeError(f"the bill of {day}: {error}") from error

    async def authenticate(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:  # noqa: ARG002
        return unionpay_notice.authentic(self._unionpay_key, self._merchant_id, body, now)

    def acknowledge(self, accepted: bool) -> Acknowledgement:
        """UnionPay looks at the status alone."""
        return Acknowledgement(200 if accepted else 400, "text/plain", "ok" if accepted else "refused")

    async def aclose(self) -> None:
        await self._client.aclose()

    def _message(self, kind: str, sub_kind: str, number: str) -> Told:
        return {
            "version": VERSION,
            "encoding": "UTF-8",
            "signMethod": RSA,
            "certId": self._cert_id,
            "txnType": kind,
            "txnSubType": sub_kind,
            "channelType": "07",
            "accessType": "0",
            "merId": self._merchant_id,
            "orderId": number,
            "txnTime": words.sent_at(number),
        }

    async def _query(self, kind: str, number: str) -> Told | None:
        """What UnionPay knows of a trade, its outcome in `origRespCode`; None when it knows none."""
        message = self._message("00", "00", number) | {"bizType": "000000"}
        told = await self._call("queryTrans", message)
        if told.get("respCode") == words.NO_SUCH_TRADE:
            return None
        self._check_done(told)
        if told.get("txnType") != kind:
            raise UnknownOutcomeError(f"the answer is about txnType {told.get('txnType')!r}, asked was {kind!r}")
        return told

    def _check_done(self, told: Told) -> None:
        code, reason = told.get("respCode", ""), told.get("respMsg", "")
        if code in words.UNDECIDED or code in ("", words.BAD_SIGNATURE):
            raise UnknownOutcomeError(f"respCode {code!r} {reason}")
        if code not in words.DONE:
            raise GatewayRefusedError(code, reason)

    async def _call(self, operation: str, message: Told) -> Told:
        """The signed answer to this message. Raises UnknownOutcomeError for any other."""
        try:
            response = await self._client.post(
                f"{self._url}/gateway/api/{operation}.do", data=signed(message, self._key)
            )
        except httpx.HTTPError as error:
            raise UnknownOutcomeError(f"{operation}: no answer: {error!r}") from error
        if response.status_code != httpx.codes.OK:
            raise UnknownOutcomeError(f"{operation}: HTTP {response.status_code}", response.status_code)
        try:
            told = read(response.content.decode("utf-8"))
            if not is_signed(told, self._unionpay_key):
                raise UnknownOutcomeError(f"{operation}: the answer is not signed by UnionPay")
        except (ValueError, UnknownKeyError) as error:
            raise UnknownOutcomeError(f"{operation}: the answer cannot be trusted: {error!r}") from error
        about = ("merId", "orderId", "txnTime")
        if any(told.get(name) != message[name] for name in about):
            raise UnknownOutcomeError(f"{operation}: the answer is about another trade")
        return told


def _unsupported(number: str) -> GatewayRefusedError:
    return GatewayRefusedError("unsupported", f"UnionPay shares no profit ({number})")
