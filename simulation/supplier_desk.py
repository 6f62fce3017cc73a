"""Where the statements of one channel of a simulated past are held against the books, one after another."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from simulation.supplier_lines import Account
from transactional.suppliers.money.matching_queries import LOOK_BACK
from transactional.suppliers.money.matching_rules import Judged, Span, Stated, books, judge


class Desk:
    """Looks only at purchases about which a statement can say anything: what moved in its days, or is left over."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._accounts = {one.place: one for one in accounts}
        moves = sorted((at, one.place) for one in accounts for at in one.instants())
        self._instants = [at for at, _ in moves]
        self._places = [place for _, place in moves]
        self._spans: list[Span] = []
        self._accounted: defaultdict[int, int] = defaultdict(int)
        self._left_over: set[int] = set()

    def moved_in(self, span: Span) -> list[Account]:
        """Purchases of which anything was booked or said in a span, by time."""
        first, last = bisect_left(self._instants, span.since), bisect_left(self._instants, span.until)
        return [self._accounts[place] for place in sorted(set(self._places[first:last]))]

    def judged(self, stated: Sequence[Stated], span: Span, imported_at: datetime) -> tuple[Judged, ...]:
        """The verdicts on a statement that was taken in at an instant, after those before it."""
        self._spans.append(span)
        named = {line.purchase_id for line in stated if line.purchase_id is not None}
        places = sorted({one.place for one in self.moved_in(span)} | self._left_over | named)
        looked_at = [self._accounts[place] for place in places]
        recent = [one for one in looked_at if one.purchase.at >= span.since - LOOK_BACK or one.place in named]
        booked = [booking for one in recent for booking in one.bookings(imported_at)]
        ended = {one.place: one.ended_by(imported_at) for one in recent}
        judged = judge(stated, books(booked, self._accounted, self._spans, span.until, ended))
        for each in judged:
            if each.ours_fen is not None and each.purchase_id is not None:
                self._accounted[each.purchase_id] += each.ours_fen
        self._left_over = {one.place for one in looked_at if self._is_left_over(one, imported_at)}
        return judged

    def _is_left_over(self, one: Account, at: datetime) -> bool:
        return sum(booking.taken_fen for booking in one.bookings(at)) != self._accounted[one.place]
