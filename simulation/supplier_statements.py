"""Suppliers' statements of each half month of a simulated past: their lines, what is wrong in them, what was done.

The lines are the suppliers' own words; the verdicts come from the shop's rules of matching (`matching_rules.judge`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from functools import partial
from random import Random

from mingsuan.clock import business_date, start_of
from simulation.supplied_law import CHANNELS, CURRENCY, VENDOR_OF
from simulation.supplied_luck import at_the_desk
from simulation.supplied_records import PlannedPayment, Supplied
from simulation.supplier_desk import Desk
from simulation.supplier_lines import Account, Said, accounts
from simulation.supplier_slips import Page, Planted, Slips
from transactional.suppliers.money.matching_rules import Judged, Span, Stated
from transactional.suppliers.money.statement_settling import Way
from transactional.suppliers.offers.rate_rules import own_rate, to_fen

COMES_AT = time(10, 20)
PAID_AFTER = timedelta(days=3, hours=5)
WAYS: dict[str, tuple[Way | None, ...]] = {
    "amount_off": ("accept", "accept", "dispute"),
    "fee": ("accept",),
    "not_ours": ("dispute", "note", None),
    "left_out": ("note", None),
    "charged_twice": ("dispute", "note", None),
    "refused_charged": ("dispute", None),
    "credit_left_out": ("note", "dispute", None),
}
"""What the shop did about differences of each kind; None: nothing yet."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was done about a judged line, by its place; an accepted one costs so many fen more."""

    place: int
    way: Way
    at: datetime
    is_cost: bool
    difference_fen: int


@dataclass(frozen=True, slots=True)
class PlannedStatement:
    """A statement as the shop stored it. Line n of `judged` is line n of `said`, then come purchases that it lacks."""

    channel: int
    first: date
    last: date
    imported_at: datetime
    said: tuple[Said, ...]
    judged: tuple[Judged, ...]
    planted: tuple[Planted, ...]
    settled: tuple[Settled, ...]

    @property
    def file_name(self) -> str:
        return f"{CHANNELS[self.channel].code}-{self.first:%Y%m%d}-{self.last:%Y%m%d}.csv"

    @property
    def matched_fen(self) -> int:
        return sum(each.theirs_fen or 0 for each in self.judged if each.verdict == "matched")

    def content(self) -> bytes:
        """The file, as docs/suppliers.md has it."""
        currency = VENDOR_OF[CHANNELS[self.channel].code].currency
        rows = ["line_no,kind,request_no,supplier_ref,amount,currency,happened_at"]
        for number, line in enumerate(self.said, 1):
            cells = (str(number), line.kind, line.request_no, line.supplier_ref, f"{line.amount:f}", currency)
            rows.append(",".join((*cells, line.at.isoformat())))
        return ("\n".join(rows) + "\n").encode()


class Statements:
    """Makes all statements whose period ended in the history, by the time of their import."""

    def __init__(self, rng: Random, supplied: Supplied, days: Sequence[date], zone: tzinfo, end: datetime) -> None:
        self._rng = rng
        self._supplied = supplied
        self._days = days
        self._zone = zone
        self._end = end
        self._slips = Slips(rng)

    def all(self) -> list[PlannedStatement]:
        made: list[PlannedStatement] = []
        for channel in range(len(CHANNELS)):
            of_channel = accounts(self._supplied.purchases, self._supplied.claims, channel)
            made += self._of_channel(channel, of_channel)
        return sorted(made, key=lambda each: (each.imported_at, each.channel))

    def _of_channel(self, channel: int, of_channel: Sequence[Account]) -> Iterator[PlannedStatement]:
        desk = Desk(of_channel)
        for first, last in self._periods():
            span = Span(start_of(first, self._zone), start_of(last + timedelta(days=1), self._zone))
            minutes = timedelta(minutes=channel)
            imported_at = datetime.combine(last + timedelta(days=1), COMES_AT, self._zone) + minutes
            lines = [line for one in desk.moved_in(span) for line in one.said(span)]
            if lines:  # a supplier that has nothing to say sends nothing
                yield self._statement(channel, (first, last), imported_at, desk, span, lines)

    def _periods(self) -> Iterator[tuple[date, date]]:
        """Half months, the first one cut off, as far as their statement has come."""
        first = self._days[0]
        while True:
            last = first.replace(day=15) if first.day <= 15 else _month_end(first)
            if datetime.combine(last + timedelta(days=1), time(12), self._zone) > self._end:
                return
            yield first, last
            first = last + timedelta(days=1)

    def _statement(
        self,
        channel: int,
        days: tuple[date, date],
        imported_at: datetime,
        desk: Desk,
        span: Span,
        lines: Sequence[Said],
    ) -> PlannedStatement:
        currency = VENDOR_OF[CHANNELS[channel].code].currency
        page = Page(span, lines, desk.moved_in(span), currency, partial(self._fen, currency))
        said, planted = self._slips.into(page)
        stated = [self._stated(number, line, currency) for number, line in enumerate(said, 1)]
        judged = desk.judged(stated, span, imported_at)
        settled = tuple(self._settled(planted, judged, imported_at))
        return PlannedStatement(channel, *days, imported_at, tuple(said), judged, tuple(planted), settled)

    def _stated(self, number: int, line: Said, currency: str) -> Stated:
        if line.purchase is None:
            return Stated(number, self._fen(currency, line.amount, line.at))
        rate = self._supplied.purchases[line.purchase].exchange_rate * own_rate(CURRENCY)
        return Stated(number, to_fen(line.amount, rate), line.purchase)

    def _fen(self, currency: str, amount: Decimal, at: datetime) -> int:
        """What names no purchase of ours is worth what the rate of its day says."""
        return to_fen(amount, self._supplied.rates.fen_per(currency, business_date(at, self._zone)))

    def _settled(self, planted: Iterable[Planted], judged: Sequence[Judged], at: datetime) -> Iterator[Settled]:
        """Differences that were dealt with before the history ends."""
        differing = [place for place, each in enumerate(judged) if each.verdict != "matched"]
        for slip in planted:
            way = self._rng.choice(WAYS[slip.kind])
            done_at = at_the_desk(self._rng, at + timedelta(days=self._rng.uniform(0.2, 6)), self._zone)
            place = next(
                place
                for place in differing
                if judged[place].purchase_id == slip.purchase and judged[place].difference_fen == slip.difference_fen
            )
            if way is not None and done_at <= self._end:
                yield Settled(place, way, done_at, slip.kind == "amount_off", slip.difference_fen)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def settlements(statements: Iterable[PlannedStatement], end: datetime) -> list[PlannedPayment]:
    """Suppliers on account are paid for the lines that both agree on."""
    found = []
    for each in statements:
        vendor, at = VENDOR_OF[CHANNELS[each.channel].code], each.imported_at + PAID_AFTER
        if not vendor.is_prepaid and each.matched_fen > 0 and at <= end:
            reference = f"SIM-{each.file_name.removesuffix('.csv').upper()}"
            amount = Decimal(each.matched_fen) / own_rate(CURRENCY)
            found.append(PlannedPayment(vendor.key, "settlement", reference, amount, each.matched_fen, 0, at))
    return found
