"""Refunds in the gateways' book, and the part of the fee that they give back."""

from simulation.gateways.book_tables import insert, select, stored
from simulation.gateways.book_trades import Trades
from simulation.gateways.entries import BookedRefund, BookError, Method


class Refunds(Trades):
    """Money that goes back to payers."""

    def open_refund(
        self,
        method: Method,
        out_trade_no: str,
        out_refund_no: str,
        amount_fen: int,
        *,
        reason: str = "",
        notify_url: str = "",
        from_own_money: bool = False,
    ) -> BookedRefund:
        """A refund in processing, or the one there is under that number.

        BookError: not_found, not_paid, reused (same number, other refund), not_enough (more than is left),
        shared_out (a share must be returned first, unless the gateway takes refunds out of the shop's own money).
        """
        with self.transaction() as connection:
            known = self.refund(method, out_refund_no)
            if known is not None:
                if (known.out_trade_no, known.amount_fen) != (out_trade_no, amount_fen):
                    raise BookError("reused", out_refund_no)
                return known
            trade = self._known(method, out_trade_no)
            if trade.paid_fen is None:
                raise BookError("not_paid", out_trade_no)
            left = trade.paid_fen - self._refunded(trade)
            if not 0 < amount_fen <= left:
                raise BookError("not_enough", f"{left} fen are left of {out_trade_no}")
            if not from_own_money and amount_fen > left - self.shared_fen(trade):
                raise BookError("shared_out", out_trade_no)
            # fmt: off
            refund = BookedRefund(
                method, out_refund_no, self._number(), out_trade_no, trade.gateway_trade_no, amount_fen, "processing",
                reason, notify_url, self.now(),
            )
            # fmt: on
            insert(connection, "refund", refund)
            return refund

    def refund(self, method: Method, out_refund_no: str) -> BookedRefund | None:
        with self._lock:
            found = select(
                self._connection, BookedRefund, "refund", "method = ? and out_refund_no = ?", method, out_refund_no
            )
        return found[0] if found else None

    def end_refund(self, method: Method, out_refund_no: str, *, succeeded: bool = True) -> BookedRefund:
        """The money went back, with its part of the fee where the terms say so; or it could not.

        BookError: not_found.
        """
        with self.transaction() as connection:
            refund = self.refund(method, out_refund_no)
            if refund is None:
                raise BookError("not_found", out_refund_no)
            if refund.state != "processing":
                return refund
            fee = self._fee_returned(refund) if succeeded else 0
            connection.execute(
                "update refund set state = ?, fee_returned_fen = ?, succeeded_at = ?"
                " where method = ? and out_refund_no = ?",
                ("succeeded" if succeeded else "failed", fee, stored(self.now()), method, out_refund_no),
            )
            return self.refund(method, out_refund_no) or refund

    def _fee_returned(self, refund: BookedRefund) -> int:
        """What the fee falls by when it is reckoned on what is left: repeated refunds return exactly the whole fee."""
        terms, trade = self.terms(refund.method), self._known(refund.method, refund.out_trade_no)
        if not terms.returned_on_refund:
            return 0
        done = [r for r in self.refunds(refund.method, refund.out_trade_no) if r.state == "succeeded"]
        left = (trade.paid_fen or 0) - sum(r.amount_fen for r in done) - refund.amount_fen
        return trade.fee_fen - sum(r.fee_returned_fen for r in done) - terms.of(left)
