"""The trades in the gateways' book, and the connection that the whole book shares. One object serves all threads."""

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from mingsuan import clock
from simulation.gateways.book_tables import SCHEMA, insert, select, stored
from simulation.gateways.entries import BookedRefund, BookedShare, BookedTrade, BookError, FeeTerms, Method


class Trades:
    """What was asked for, paid and closed; and what of a payment was refunded or shared since."""

    def __init__(
        self,
        path: Path | str = ":memory:",
        fees: Mapping[Method, FeeTerms] | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self.fees, self.now = dict(fees or {}), now
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One writer at a time; nested uses join the outer one."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def open_trade(
        self,
        method: Method,
        out_trade_no: str,
        amount_fen: int,
        *,
        title: str = "",
        way: str = "",
        payer: str | None = None,
        expires_at: datetime | None = None,
        notify_url: str = "",
        return_url: str = "",
        shares_profit: bool = False,
    ) -> BookedTrade:
        """A new trade, or the one there is when it asks for the same. BookError: reused, paid, closed."""
        with self.transaction() as connection:
            known = self.trade(method, out_trade_no)
            if known is not None:
                if known.state != "waiting":
                    raise BookError(known.state, out_trade_no)
                if known.amount_fen != amount_fen or known.title != title:
                    raise BookError("reused", out_trade_no)
                return known
            # fmt: off
            trade = BookedTrade(
                method, out_trade_no, self._number(), amount_fen, "waiting", title, way, payer, expires_at,
                notify_url, return_url, shares_profit, self.now(),
            )
            # fmt: on
            insert(connection, "trade", trade)
            return trade

    def trade(self, method: Method, out_trade_no: str) -> BookedTrade | None:
        """The trade, closed if its time is over."""
        with self._lock:
            found = select(
                self._connection, BookedTrade, "trade", "method = ? and out_trade_no = ?", method, out_trade_no
            )
        return self._aged(found[0]) if found else None

    def trade_by_number(self, method: Method, gateway_trade_no: str) -> BookedTrade | None:
        with self._lock:
            found = select(
                self._connection, BookedTrade, "trade", "method = ? and gateway_trade_no = ?", method, gateway_trade_no
            )
        return self._aged(found[0]) if found else None

    def _aged(self, trade: BookedTrade) -> BookedTrade:
        if trade.state == "waiting" and trade.expires_at is not None and trade.expires_at <= self.now():
            return replace(trade, state="closed", closed_at=trade.expires_at)
        return trade

    def trades(self, method: Method) -> list[BookedTrade]:
        with self._lock:
            return [self._aged(t) for t in select(self._connection, BookedTrade, "trade", "method = ?", method)]

    def pay(self, method: Method, out_trade_no: str, *, paid_fen: int | None = None, late: bool = False) -> BookedTrade:
        """The payer pays: all that was asked, or `paid_fen`. `late`: although the trade is closed or over.

        BookError: not_found, paid, closed.
        """
        with self.transaction() as connection:
            trade = self._known(method, out_trade_no)
            if trade.state == "paid" or (trade.state == "closed" and not late):
                raise BookError(trade.state, out_trade_no)
            paid = trade.amount_fen if paid_fen is None else paid_fen
            fee = self.terms(method).of(paid)
            connection.execute(
                "update trade set state = 'paid', paid_fen = ?, fee_fen = ?, paid_at = ?"
                " where method = ? and out_trade_no = ?",
                (paid, fee, stored(self.now()), method, out_trade_no),
            )
            return self._known(method, out_trade_no)

    def close_trade(self, method: Method, out_trade_no: str) -> BookedTrade:
        """BookError: not_found, paid. Closing a closed trade changes nothing."""
        with self.transaction() as connection:
            trade = self._known(method, out_trade_no)
            if trade.state == "paid":
                raise BookError("paid", out_trade_no)
            connection.execute(
                "update trade set state = 'closed', closed_at = coalesce(closed_at, ?)"
                " where method = ? and out_trade_no = ?",
                (stored(self.now()), method, out_trade_no),
            )
            return self._known(method, out_trade_no)

    def set_return_url(self, method: Method, out_trade_no: str, return_url: str) -> None:
        """Where the payer's browser goes afterwards, when it is learnt after the order."""
        with self.transaction() as connection:
            connection.execute(
                "update trade set return_url = ? where method = ? and out_trade_no = ?",
                (return_url, method, out_trade_no),
            )

    def _known(self, method: Method, out_trade_no: str) -> BookedTrade:
        trade = self.trade(method, out_trade_no)
        if trade is None:
            raise BookError("not_found", out_trade_no)
        return trade

    def refunds(self, method: Method, out_trade_no: str) -> list[BookedRefund]:
        """All refunds of a trade, failed ones too, oldest first."""
        with self._lock:
            return select(
                self._connection, BookedRefund, "refund", "method = ? and out_trade_no = ?", method, out_trade_no
            )

    def shares(self, method: Method, out_trade_no: str) -> list[BookedShare]:
        with self._lock:
            return select(
                self._connection, BookedShare, "share", "method = ? and out_trade_no = ?", method, out_trade_no
            )

    def _refunded(self, trade: BookedTrade) -> int:
        """Fen given back or being given back."""
        return sum(r.amount_fen for r in self.refunds(trade.method, trade.out_trade_no) if r.state != "failed")

    def shared_fen(self, trade: BookedTrade) -> int:
        """Fen that went to partners, or are on the way, less what has come back."""
        booked = [s for s in self.shares(trade.method, trade.out_trade_no) if s.state != "failed"]
        out = sum(s.amount_fen for s in booked if s.kind == "share")
        return out - sum(s.amount_fen for s in booked if s.kind == "return" and s.state == "succeeded")

    def unshared_fen(self, trade: BookedTrade) -> int:
        """What is left of a payment after refunds and shares."""
        return (trade.paid_fen or 0) - self._refunded(trade) - self.shared_fen(trade)

    def terms(self, method: Method) -> FeeTerms:
        return self.fees.get(method, FeeTerms())

    def _number(self) -> str:
        """28 digits, as the gateways number."""
        return f"{self.now():%Y%m%d}" + "".join(str(secrets.randbelow(10)) for _ in range(20))
