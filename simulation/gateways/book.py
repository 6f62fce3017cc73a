"""The simulated gateways' own books, kept apart from the shop's so that the shop's can be held against them.

Knows money and states only: no protocol, no HTTP, no notices. One object serves all threads of the process.
"""

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Literal

from mingsuan import clock
from simulation.gateways.book_tables import SCHEMA, insert, select, stored
from simulation.gateways.entries import (
    BillEntry,
    BookedRefund,
    BookedShare,
    BookedTrade,
    BookError,
    FeeTerms,
    Method,
    Settlement,
    ShareKind,
)


class Book:
    """All trades, refunds, shares and settlements of the gateways, in a SQLite file or in memory."""

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

    # trades

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

    def _known(self, method: Method, out_trade_no: str) -> BookedTrade:
        trade = self.trade(method, out_trade_no)
        if trade is None:
            raise BookError("not_found", out_trade_no)
        return trade

    def set_return_url(self, method: Method, out_trade_no: str, return_url: str) -> None:
        """Where the payer's browser goes afterwards, when it is learnt after the order."""
        with self.transaction() as connection:
            connection.execute(
                "update trade set return_url = ? where method = ? and out_trade_no = ?",
                (return_url, method, out_trade_no),
            )

    # refunds

    def open_refund(
        self,
        method: Method,
        out_trade_no: str,
        out_refund_no: str,
        amount_fen: int,
        *,
        reason: str = "",
        notify_url: str = "",
    ) -> BookedRefund:
        """A refund in processing, or the one there is under that number.

        BookError: not_found, not_paid, reused (same number, other refund), not_enough (more than is left),
        shared_out (a share must be returned first).
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
            if amount_fen > left - self.shared_fen(trade):
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

    def refunds(self, method: Method, out_trade_no: str) -> list[BookedRefund]:
        """All refunds of a trade, failed ones too, oldest first."""
        with self._lock:
            return select(
                self._connection, BookedRefund, "refund", "method = ? and out_trade_no = ?", method, out_trade_no
            )

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

    def _refunded(self, trade: BookedTrade) -> int:
        """Fen given back or being given back."""
        return sum(r.amount_fen for r in self.refunds(trade.method, trade.out_trade_no) if r.state != "failed")

    # shares

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
        """A share, its return or the release, in processing; or the one there is. BookError: reused, not_enough.

        What the gateway allows beyond that there is money for it (time, ratio, flag) is the protocol's to check.
        """
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

    def shares(self, method: Method, out_trade_no: str) -> list[BookedShare]:
        with self._lock:
            return select(
                self._connection, BookedShare, "share", "method = ? and out_trade_no = ?", method, out_trade_no
            )

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

    def shared_fen(self, trade: BookedTrade) -> int:
        """Fen that went to partners, or are on the way, less what has come back."""
        booked = [s for s in self.shares(trade.method, trade.out_trade_no) if s.state != "failed"]
        out = sum(s.amount_fen for s in booked if s.kind == "share")
        return out - sum(s.amount_fen for s in booked if s.kind == "return" and s.state == "succeeded")

    def unshared_fen(self, trade: BookedTrade) -> int:
        """What is left of a payment after refunds and shares."""
        return (trade.paid_fen or 0) - self._refunded(trade) - self.shared_fen(trade)

    # money owed to the shop

    def settle(self, method: Method, amount_fen: int, bank_reference: str) -> Settlement:
        """Pay out to the shop's bank account."""
        settlement = Settlement(method, bank_reference, amount_fen, self.now())
        with self.transaction() as connection:
            insert(connection, "settlement", settlement)
        return settlement

    def receivable_fen(self, method: Method) -> int:
        """What the gateway owes: paid − fees − refunds + fees returned − shares + shares returned − settled."""
        with self._lock:
            (total,) = self._connection.execute(
                """
                select (select coalesce(sum(paid_fen - fee_fen), 0) from trade where method = :m and state = 'paid')
                     - (select coalesce(sum(amount_fen - fee_returned_fen), 0) from refund
                        where method = :m and state = 'succeeded')
                     - (select coalesce(sum(case kind when 'share' then amount_fen when 'return' then -amount_fen
                                            else 0 end), 0) from share where method = :m and state = 'succeeded')
                     - (select coalesce(sum(amount_fen), 0) from settlement where method = :m)
                """,
                {"m": method},
            ).fetchone()
        return int(total)

    def bill(
        self,
        method: Method,
        day: date,
        zone: tzinfo,
        refunds_by: Literal["created_at", "succeeded_at"] = "succeeded_at",
    ) -> list[BillEntry]:
        """Every payment and refund of a day in the gateway's zone, in order of time.

        Failed refunds are on no bill; one in processing is only on a bill by `created_at`.
        """
        first, last = clock.start_of(day, zone), clock.start_of(day + timedelta(days=1), zone)
        with self._lock:
            trades = select(
                self._connection,
                BookedTrade,
                "trade",
                "method = ? and paid_at >= ? and paid_at < ?",
                method,
                first,
                last,
            )
            refunds = select(
                self._connection,
                BookedRefund,
                "refund",
                f"method = ? and state <> 'failed' and {refunds_by} >= ? and {refunds_by} < ?",
                method,
                first,
                last,
            )
            lines = [BillEntry("payment", t, None, t.paid_fen or 0, t.fee_fen, t.paid_at or first) for t in trades]
            lines += [self._refund_line(r, getattr(r, refunds_by)) for r in refunds]
        return sorted(lines, key=lambda line: line.happened_at)

    def _refund_line(self, refund: BookedRefund, at: datetime) -> BillEntry:
        trade = self._known(refund.method, refund.out_trade_no)
        return BillEntry("refund", trade, refund, refund.amount_fen, -refund.fee_returned_fen, at)

    def terms(self, method: Method) -> FeeTerms:
        return self.fees.get(method, FeeTerms())

    def _number(self) -> str:
        """28 digits, as the gateways number."""
        return f"{self.now():%Y%m%d}" + "".join(str(secrets.randbelow(10)) for _ in range(20))
