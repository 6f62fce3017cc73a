"""Trades and refunds as simulated Alipay keeps them, method by method. Signatures and HTTP belong to alipay.py."""

from collections.abc import Mapping
from typing import Any

from simulation.gateways import alipay_words as words
from simulation.gateways.alipay_words import Refused
from simulation.gateways.entries import BookedRefund, BookedTrade, BookError
from simulation.gateways.state import State

Biz = dict[str, Any]
"""A request's `biz_content`."""


class AlipayTrades:
    """`seen`: trades that a buyer has opened; before that Alipay knows them only as a code."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.seen: set[str] = set()

    def opened(self, biz: Biz, parameters: Mapping[str, str], way: str) -> BookedTrade:
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

    def precreate(self, biz: Biz, parameters: Mapping[str, str]) -> dict[str, Any]:
        trade = self.opened(biz, parameters, "precreate")
        code = f"{self._state.base_url}/alipay/qr/{trade.out_trade_no}"
        return {"out_trade_no": trade.out_trade_no, "qr_code": code}

    def known(self, biz: Biz) -> BookedTrade:
        """Raises Refused for a trade that nobody has opened yet, as Alipay does."""
        trade = (
            self._state.book.trade_by_number("alipay", str(biz["trade_no"]))
            if biz.get("trade_no")
            else self._state.book.trade("alipay", str(biz.get("out_trade_no", "")))
        )
        if trade is None or (trade.state != "paid" and trade.out_trade_no not in self.seen):
            raise Refused(*words.REFUSALS["not_found"])
        return trade

    def query(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        trade = self.known(biz)
        told = named(trade) | {
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

    def close(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        trade = self.known(biz)
        if trade.state != "waiting":
            raise Refused(*words.REFUSALS["not_paid"])
        return named(self._state.book.close_trade("alipay", trade.out_trade_no))

    def refund(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        trade = self.known(biz)
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
        told = named(trade) | {
            "buyer_logon_id": "138****0000",
            "fund_change": "Y" if moved else "N",
            "refund_fee": words.yuan(sum(r.amount_fen for r in done)),
        }
        return told | ({"gmt_refund_pay": words.written(refund.succeeded_at)} if refund.succeeded_at else {})

    def query_refund(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        """Nothing but success when there is no such refund, or it failed."""
        trade, refund = self.known(biz), self._state.book.refund("alipay", str(biz.get("out_request_no", "")))
        if refund is None or refund.out_trade_no != trade.out_trade_no or refund.state == "failed":
            return {}
        told = named(trade) | {
            "out_request_no": refund.out_refund_no,
            "total_amount": words.yuan(trade.paid_fen or 0),
            "refund_amount": words.yuan(refund.amount_fen),
            "refund_status": "REFUND_SUCCESS" if refund.state == "succeeded" else "REFUND_PROCESSING",
        }
        wants_time = "gmt_refund_pay" in biz.get("query_options", ())
        return told | ({"gmt_refund_pay": words.written(refund.succeeded_at)} if wants_time else {})


def named(trade: BookedTrade) -> dict[str, Any]:
    return {"out_trade_no": trade.out_trade_no, "trade_no": trade.gateway_trade_no}
