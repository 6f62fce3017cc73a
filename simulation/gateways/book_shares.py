"""Profit shares (分账) in the gateways' book: paid to partners, given back, released."""

from simulation.gateways.book_refunds import Refunds
from simulation.gateways.book_tables import insert, select, stored
from simulation.gateways.entries import BookedShare, BookedTrade, BookError, Method, ShareKind


class Shares(Refunds):
    """What the gateway allows beyond that there is money for it (time, ratio, flag) is the protocol's to check."""

    def open_share(
        self,
        trade: BookedTrade,
        out_order_no: str,
        kind: ShareKind,
        amount_fen: int,
        *,
        receiver: str = "",
        description: str = "",
        original: str | None = None,
    ) -> BookedShare:
        """A share, its return or the release, in processing; or the one there is. BookError: reused, not_enough."""
        with self.transaction() as connection:
            known = self.share(trade.method, out_order_no)
            if known is not None:
                if (known.out_trade_no, known.kind, known.amount_fen) != (trade.out_trade_no, kind, amount_fen):
                    raise BookError("reused", out_order_no)
                return known
            left = self.unshared_fen(trade)
            if kind == "share" and amount_fen > left:
                raise BookError("not_enough", f"{left} fen are left of {trade.out_trade_no}")
            # fmt: off
            share = BookedShare(
                trade.method, out_order_no, self._number(), trade.out_trade_no, trade.gateway_trade_no, kind, receiver,
                amount_fen, description, original, "processing", "", self.now(),
            )
            # fmt: on
            insert(connection, "share", share)
            return share

    def share(self, method: Method, out_order_no: str) -> BookedShare | None:
        with self._lock:
            found = select(
                self._connection, BookedShare, "share", "method = ? and out_order_no = ?", method, out_order_no
            )
        return found[0] if found else None

    def end_share(self, method: Method, out_order_no: str, *, succeeded: bool = True, reason: str = "") -> BookedShare:
        """BookError: not_found."""
        with self.transaction() as connection:
            connection.execute(
                "update share set state = ?, reason = ?, ended_at = ?"
                " where method = ? and out_order_no = ? and state = 'processing'",
                ("succeeded" if succeeded else "failed", reason, stored(self.now()), method, out_order_no),
            )
            share = self.share(method, out_order_no)
            if share is None:
                raise BookError("not_found", out_order_no)
            return share
