"""The notices that simulated UnionPay writes, of payments and of refunds that have ended."""

from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx

from simulation.gateways.deliveries import Letter, Message
from simulation.gateways.entries import BookedRefund, BookedTrade
from simulation.gateways.keys import UNIONPAY_MERCHANT_ID
from simulation.gateways.misbehaviour import Tampering
from simulation.gateways.state import State
from simulation.gateways.unionpay_signing import certificate, signed

BEIJING = ZoneInfo("Asia/Shanghai")
TIME = "%Y%m%d%H%M%S"
FORM = {"content-type": "application/x-www-form-urlencoded;charset=utf-8"}
OK, REFUSED_BY_BANK = ("00", "成功[0000000]"), ("01", "交易失败，详情请咨询95516")


class UnionpayAnnouncer:
    """`sent` holds the `txnTime` under which the shop sent each trade or refund, by its number."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._key, self._stranger = state.keys.unionpay_gateway.private, state.keys.wechat_gateway.private
        self._certificate, self._strange = certificate(self._key), certificate(self._stranger)
        self.sent: dict[str, str] = {}

    def paid(self, trade: BookedTrade) -> Letter:
        return self._letter(f"paid:{trade.out_trade_no}", trade.notify_url, self.of_trade(trade) | _outcome(OK))

    def refunded(self, refund: BookedRefund) -> Letter | None:
        outcome = OK if refund.state == "succeeded" else REFUSED_BY_BANK
        told = self.of_refund(refund) | _outcome(outcome)
        return self._letter(f"refunded:{refund.out_refund_no}", refund.notify_url, told)

    def return_address(self, trade: BookedTrade) -> str:
        """Real UnionPay posts a form there; the shop shows its order, whatever comes along."""
        return trade.return_url

    def answer(self, told: dict[str, str], *, unsigned: bool = False, spoilt: bool = False) -> str:
        """The body of an answer: k=v&k=v, nothing encoded."""
        whole = signed({"merId": UNIONPAY_MERCHANT_ID, **told}, self._key, self._certificate)
        if unsigned:
            del whole["signature"]
        if spoilt:
            whole["respMsg"] = whole.get("respMsg", "") + "!"
        return "&".join(f"{name}={value}" for name, value in whole.items())

    def of_trade(self, trade: BookedTrade) -> dict[str, str]:
        amount = trade.amount_fen if trade.paid_fen is None else trade.paid_fen
        told = self._of("01", "000201", trade.out_trade_no, amount, trade.created_at, trade.paid_at)
        return told | {"queryId": trade.gateway_trade_no}

    def of_refund(self, refund: BookedRefund) -> dict[str, str]:
        ended_at, number = refund.succeeded_at, refund.out_refund_no
        told = self._of("04", "000000", number, refund.amount_fen, refund.created_at, ended_at)
        return told | {"queryId": refund.gateway_refund_no, "origQryId": refund.gateway_trade_no}

    def _of(
        self, kind: str, biz: str, number: str, amount_fen: int, created_at: datetime, ended_at: datetime | None
    ) -> dict[str, str]:
        return {
            "txnType": kind,
            "txnSubType": "01" if kind == "01" else "00",
            "bizType": biz,
            "merId": UNIONPAY_MERCHANT_ID,
            "orderId": number,
            "txnTime": self.sent.get(number) or created_at.astimezone(BEIJING).strftime(TIME),
            "txnAmt": str(amount_fen),
            "currencyCode": "156",
            "settleAmt": str(amount_fen),
            "settleCurrencyCode": "156",
            "traceNo": number[-6:],
            "traceTime": (ended_at or created_at).astimezone(BEIJING).strftime("%m%d%H%M%S"),
        }

    def _letter(self, name: str, url: str, told: dict[str, str]) -> Letter:
        return Letter("unionpay", name, url, lambda tampering: self._written(told, tampering), _is_accepted)

    def _written(self, told: dict[str, str], tampering: Tampering) -> Message:
        if tampering == "unreadable":
            return Message(FORM, b"\xff merId & =")
        lies = {}
        if tampering == "stale":
            lies["txnTime"] = (self._state.now().astimezone(BEIJING) - timedelta(days=60)).strftime(TIME)
        elif tampering == "wrong_amount":
            lies["txnAmt"] = str(int(told["txnAmt"]) + 1)
        elif tampering == "wrong_merchant":
            lies["merId"] = "777999999999999"
        strange = tampering == "unknown_serial"
        key, pem = (self._stranger, self._strange) if strange else (self._key, self._certificate)
        whole = signed(told | lies, key, pem)
        if tampering == "bad_signature":
            whole["settleAmt"] = "1"
        return Message(FORM, urlencode(whole).encode("ascii"))


def _outcome(code: tuple[str, str]) -> dict[str, str]:
    return {"respCode": code[0], "respMsg": code[1]}


def _is_accepted(answer: httpx.Response) -> bool:
    return answer.status_code == httpx.codes.OK
