"""The notices that simulated Alipay writes, and the signed parameters with which it sends browsers back."""

import hashlib
from datetime import timedelta
from urllib.parse import urlencode

import httpx

from simulation.gateways import alipay_words as words
from simulation.gateways.alipay_signing import content, sign
from simulation.gateways.deliveries import Letter, Message
from simulation.gateways.entries import BookedRefund, BookedTrade
from simulation.gateways.keys import ALIPAY_APP_ID, ALIPAY_SELLER_ID
from simulation.gateways.misbehaviour import Tampering
from simulation.gateways.state import State

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


class AlipayAnnouncer:
    """A refund is announced at the payment's address too: as TRADE_SUCCESS when partial, TRADE_CLOSED when whole."""

    def __init__(self, state: State) -> None:
        self._state = state

    def paid(self, trade: BookedTrade) -> Letter:
        name = f"paid:{trade.out_trade_no}"
        return self._letter(name, trade, {"trade_status": "TRADE_SUCCESS"})

    def refunded(self, refund: BookedRefund) -> Letter | None:
        """None for a refund that failed: Alipay announces only money that moved."""
        trade = self._state.book.trade("alipay", refund.out_trade_no)
        if trade is None or refund.state != "succeeded" or refund.succeeded_at is None:
            return None
        refunded = sum(r.amount_fen for r in self._state.book.refunds("alipay", trade.out_trade_no) if r.succeeded_at)
        whole = refunded == trade.paid_fen
        refunded_at = f"{words.written(refund.succeeded_at)}.{refund.succeeded_at:%f}"[:-3]
        news = {
            "trade_status": "TRADE_CLOSED" if whole else "TRADE_SUCCESS",
            "gmt_refund": refunded_at,
            "refund_fee": words.yuan(refunded),
            "out_biz_no": refund.out_refund_no,
        }
        if whole:
            news["gmt_close"] = words.written(refund.succeeded_at)
        return self._letter(f"refunded:{refund.out_refund_no}", trade, news)

    def return_address(self, trade: BookedTrade) -> str:
        if not trade.return_url:
            return ""
        told = {
            "charset": "utf-8",
            "method": f"alipay.trade.{trade.way}.pay.return",
            "version": "1.0",
            "app_id": ALIPAY_APP_ID,
            "auth_app_id": ALIPAY_APP_ID,
            "seller_id": ALIPAY_SELLER_ID,
            "out_trade_no": trade.out_trade_no,
            "trade_no": trade.gateway_trade_no,
            "total_amount": words.yuan(trade.paid_fen or trade.amount_fen),
            "timestamp": words.written(self._state.now()),
        }
        told["sign"] = sign(content(told, ()), self._state.keys.alipay_gateway.private)
        joint = "&" if "?" in trade.return_url else "?"
        return f"{trade.return_url}{joint}{urlencode(told | {'sign_type': 'RSA2'})}"

    def _letter(self, name: str, trade: BookedTrade, news: dict[str, str]) -> Letter:
        def write(tampering: Tampering) -> Message:
            return self._written(self._told(name, trade) | news, tampering)

        return Letter("alipay", name, trade.notify_url, write, _is_accepted)

    def _told(self, name: str, trade: BookedTrade) -> dict[str, str]:
        paid = words.yuan(trade.paid_fen or 0)
        return {
            "notify_type": "trade_status_sync",
            "notify_id": hashlib.sha256(name.encode()).hexdigest()[:34],
            "charset": "utf-8",
            "version": "1.0",
            "app_id": ALIPAY_APP_ID,
            "auth_app_id": ALIPAY_APP_ID,
            "seller_id": ALIPAY_SELLER_ID,
            "buyer_id": "2088102122524333",
            "out_trade_no": trade.out_trade_no,
            "trade_no": trade.gateway_trade_no,
            "subject": trade.title,
            "total_amount": paid,
            "receipt_amount": paid,
            "buyer_pay_amount": paid,
            "invoice_amount": paid,
            "point_amount": "0.00",
            "fund_bill_list": f'[{{"amount":"{paid}","fundChannel":"ALIPAYACCOUNT"}}]',
            "gmt_create": words.written(trade.created_at),
            "gmt_payment": words.written(trade.paid_at),
        }

    def _written(self, told: dict[str, str], tampering: Tampering) -> Message:
        if tampering == "unreadable":
            return Message(FORM, b"\xff notify_id & =")
        sent_at = self._state.now() - (timedelta(days=2) if tampering == "stale" else timedelta())
        told = told | {"notify_time": words.written(sent_at)}
        if tampering == "wrong_amount":
            told["total_amount"] = words.yuan(self._paid_fen(told["out_trade_no"]) + 1)
        if tampering == "wrong_merchant":
            told["seller_id"] = "2088999999999999"
        keys = self._state.keys
        key = keys.wechat_gateway if tampering == "unknown_serial" else keys.alipay_gateway  # no serials: another key
        signature = sign(content(told, ()), key.private)
        if tampering == "bad_signature":
            told["buyer_pay_amount"] = "0.01"
        return Message(FORM, urlencode(told | {"sign": signature, "sign_type": "RSA2"}).encode("ascii"))

    def _paid_fen(self, out_trade_no: str) -> int:
        trade = self._state.book.trade("alipay", out_trade_no)
        return (trade.paid_fen if trade else None) or 0


def _is_accepted(answer: httpx.Response) -> bool:
    """Only these seven letters, nothing around them."""
    return answer.status_code == httpx.codes.OK and answer.text == "success"
