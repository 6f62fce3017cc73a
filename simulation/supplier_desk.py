"""Where the statements of one channel of a simulated past are held against the books, one after another."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from simulation.supplier_lines import Account
from transactional.suppliers.money.matching_rules import Judged, Span, Stated, books, judge


class Desk:
    """Looks only at what moved in a statement's days: nothing in these histories stays unsaid for longer."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._accounts = {one.place: one for one in accounts}
        moves = sorted((at, one.place) for one in accounts for at in one.instants())
        self._instants = [at for at, _ in moves]
        self._places = [place for _, place in moves]
        self._spans: list[Span] = []
        self._accounted: defaultdict[int, int] = defaultdict(int)

    def moved_in(self, span: Span) -> list[Account]:
        """Purchases of which anything was booked or said in a span, by time."""
        first, last = bisect_left(self._instants, span.since), bisect_left(self._instants, span.until)
        return [self._accounts[place] for place in sorted(set(self._places[first:last]))]

    def judged(self, stated: Sequence[Stated], span: Span, imported_at: datetime) -> tuple[Judged, ...]:
        """The verdicts on a statement that was taken in at an instant, after those before it."""
        self._spans.append(span)
        moved = self.moved_in(span)
        booked = [booking for one in moved for booking in one.bookings(imported_at)]
        ended = {one.place: one.ended_by(imported_at) for one in moved}
        judged = judge(stated, books(booked, self._accounted, self._spans, span.until, ended))
        for each in judged:
            if each.ours_fen is not None and each.purchase_id is not None:
                self._accounted[each.purchase_id] += each.ours_fen
        return judged
