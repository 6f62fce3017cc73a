"""Profit sharing (分账) as simulated Alipay does it: settle, its query, and the end of sharing."""

from collections.abc import Mapping
from typing import Any

from simulation.gateways import alipay_words as words
from simulation.gateways.alipay_trades import AlipayTrades, Biz, named
from simulation.gateways.alipay_words import Refused
from simulation.gateways.entries import BookedShare, BookedTrade, BookError
from simulation.gateways.keys import ALIPAY_SELLER_ID
from simulation.gateways.state import State


class AlipayShares:
    """Shares of the trades of `trades`, done at once and told by query."""

    def __init__(self, state: State, trades: AlipayTrades) -> None:
        self._state, self._trades = state, trades

    def settle(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        trade, number = self._trades.known(biz), str(biz.get("out_request_no", ""))
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

    def give_back(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        """alipay.trade.refund of a share alone: nothing goes to the buyer, so `fund_change` is N."""
        trade, number, parts = (
            self._trades.known(biz),
            str(biz.get("out_request_no", "")),
            biz["refund_royalty_parameters"],
        )
        book = self._state.book
        if len(parts) != 1 or biz.get("refund_amount") != "0.00":
            raise Refused("ACQ.INVALID_PARAMETER", "参数无效")
        partner, amount = str(parts[0].get("trans_out", "")), words.fen(parts[0].get("amount"))
        if book.share("alipay", number) is None and amount > self._with(trade, partner):
            raise Refused("ACQ.REFUND_ROYALTY_ERROR", "退分账金额超限")
        share = book.open_share(trade, number, "return", amount, receiver=partner)
        book.end_share("alipay", share.out_order_no)
        refunded = sum(r.amount_fen for r in book.refunds("alipay", trade.out_trade_no) if r.state == "succeeded")
        return named(trade) | {"fund_change": "N", "refund_fee": words.yuan(refunded)}

    def _with(self, trade: BookedTrade, partner: str) -> int:
        """Fen of a trade that a partner has."""
        theirs = [s for s in self._state.book.shares("alipay", trade.out_trade_no) if s.receiver == partner]
        done = [s for s in theirs if s.state == "succeeded"]
        return sum(s.amount_fen if s.kind == "share" else -s.amount_fen for s in done)

    def query(self, biz: Biz, _: Mapping[str, str]) -> dict[str, Any]:
        trade, share = self._trades.known(biz), self._state.book.share("alipay", str(biz.get("out_request_no", "")))
        if share is None or share.out_trade_no != trade.out_trade_no:
            raise Refused("ACQ.SETTLE_NOT_EXIST", "分账请求不存在")
        states = {"processing": "PROCESSING", "succeeded": "SUCCESS", "failed": "FAIL"}
        part = {
            "operation_type": {"share": "transfer", "return": "transfer_refund", "release": "unfreeze"}[share.kind],
            "execute_dt": words.written(share.ended_at),
            "trans_out": share.receiver if share.kind == "return" else ALIPAY_SELLER_ID,
            "trans_in": ALIPAY_SELLER_ID if share.kind == "return" else share.receiver,
            "amount": words.yuan(share.amount_fen),
            "state": states[share.state],
            "detail_id": share.gateway_share_no,
        }
        return {
            "out_request_no": share.out_order_no,
            "operation_dt": words.written(share.created_at),
            "royalty_detail_list": [part],
        }
