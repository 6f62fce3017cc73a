"""The simulated gateways' own books, kept apart from the shop's so that the shop's can be held against them.

Knows money and states only: no protocol, no HTTP, no notices.
"""

from datetime import date, datetime, timedelta, tzinfo
from typing import Literal

from mingsuan import clock
from simulation.gateways.book_shares import Shares
from simulation.gateways.book_tables import insert, select
from simulation.gateways.entries import BillEntry, BookedRefund, BookedTrade, BookError, Method, Settlement

FROZEN = timedelta(days=30)
MAY_STILL_BE_SHARED = """method = ? and state = 'paid' and shares_profit and paid_at > ? and not exists (
  select 1 from share s where s.method = trade.method and s.out_trade_no = trade.out_trade_no
  and s.kind = 'release' and s.state = 'succeeded')"""


class Book(Shares):
    """All trades, refunds, shares and settlements of the gateways, in a SQLite file or in memory; what they owe."""

    def settle(self, method: Method, amount_fen: int, bank_reference: str) -> Settlement:
        """Pay out to the shop's bank account. BookError: not_enough (frozen money stays)."""
        settlement = Settlement(method, bank_reference, amount_fen, self.now())
        with self.transaction() as connection:
            if not 0 < amount_fen <= self.receivable_fen(method) - self.frozen_fen(method):
                raise BookError("not_enough", bank_reference)
            insert(connection, "settlement", settlement)
        return settlement

    def frozen_fen(self, method: Method) -> int:
        """What may still be shared: held back until it is shared, released, or 30 days old."""
        oldest = self.now() - FROZEN
        with self._lock:
            trades = select(
                self._connection,
                BookedTrade,
                "trade",
                MAY_STILL_BE_SHARED,
                method,
                oldest,
            )
            return sum(max(0, self.unshared_fen(trade) - trade.fee_fen) for trade in trades)

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
