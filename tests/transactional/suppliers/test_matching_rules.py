"""Statements against the ledger: what was planted is found, nothing is invented, and differences add up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transactional.suppliers.money.matching_rules import Book, Booking, Judged, Span, Stated, books, judge

DAY_0 = datetime(2026, 9, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = 3


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


@dataclass(frozen=True)
class Bought:
    """A purchase as both sides lived it. `skew` is how much later the supplier's clock has its charge."""

    number: int
    submitted: datetime
    took: timedelta
    skew: timedelta
    cost_fen: int
    end: str
    correction_fen: int
    charged_at_end: bool

    @property
    def ended(self) -> datetime:
        return self.submitted + self.took

    def ours(self) -> list[Booking]:
        found = [Booking(self.number, self.cost_fen, self.submitted)]
        if self.end in ("failed", "refunded"):
            return [*found, Booking(self.number, -self.cost_fen, self.ended)]
        if self.end == "succeeded" and self.correction_fen:
            return [*found, Booking(self.number, self.correction_fen, self.ended)]
        return found

    def theirs(self) -> list[tuple[datetime, int]]:
        """Instant and fen of each line of the supplier's own book."""
        at = (self.ended if self.charged_at_end else self.submitted) + self.skew
        if self.end == "failed":
            return []
        if self.end == "refunded":
            charged = self.submitted + self.skew
            return [(charged, self.cost_fen), (max(charged, self.ended - minutes(2)), -self.cost_fen)]
        return [(at, self.cost_fen + self.correction_fen)]


near_midnight = st.builds(lambda day, minute: day * 24 * 60 + minute, st.integers(1, DAYS - 1), st.integers(-400, 3))
bought = st.builds(
    Bought,
    number=st.just(0),
    submitted=(st.integers(0, DAYS * 24 * 60 - 1) | near_midnight).map(lambda minute: DAY_0 + minutes(minute)),
    took=st.sampled_from([0, 1, 3, 25, 90, 500]).map(minutes),
    skew=st.sampled_from([-1, 0, 0, 0.5, 2]).map(minutes),
    cost_fen=st.integers(1, 500),
    end=st.sampled_from(["succeeded", "succeeded", "succeeded", "failed", "refunded"]),
    correction_fen=st.sampled_from([0, 0, 0, 7, -1]).filter(bool) | st.just(0),
    charged_at_end=st.booleans(),
)
plants = st.sampled_from(["", "", "", "", "left out", "altered", "doubled"])


@dataclass(frozen=True)
class Found:
    """What somebody looks for: whose, which verdict, how much."""

    purchase: int | None
    verdict: str
    difference_fen: int


def found(judged: Judged) -> Found:
    """A wrong amount of a purchase that was open shows when it has ended, as what the ledger has alone."""
    if judged.verdict == "ours_only" and judged.difference_fen == 11:
        return Found(judged.purchase_id, "amount_differs", 11)
    return Found(judged.purchase_id, judged.verdict, judged.difference_fen)


def planted_in(history: Sequence[Bought], planted: Sequence[str]) -> dict[int, str]:
    """Only what went through is tampered with: a charge and its return left out together are no difference."""
    return {
        each.number: plant for each, plant in zip(history, planted, strict=True) if each.end == "succeeded" and plant
    }


def expected(history: Sequence[Bought], planted: dict[int, str], invented: Sequence[int]) -> Counter[Found]:
    wanted = Counter(Found(None, "theirs_only", fen) for fen in invented)
    for each in history:
        fen = each.cost_fen + each.correction_fen
        match planted.get(each.number):
            case "left out":
                wanted[Found(each.number, "ours_only", -fen)] += 1
            case "altered":
                wanted[Found(each.number, "amount_differs", 11)] += 1
            case "doubled":
                wanted[Found(each.number, "theirs_only", fen)] += 1
    return wanted


def lines_of(day: int, history: Sequence[Bought], planted: dict[int, str], invented: Sequence[int]) -> list[Stated]:
    """The supplier's statement of a day, with what was planted; what it invents stands in the first."""
    span = spans()[day]
    told: list[tuple[int, int | None]] = [(fen, None) for fen in invented] if day == 0 else []
    for each in history:
        for at, fen in each.theirs():
            if not span.since <= at < span.until:
                continue
            plant = planted.get(each.number)
            told += [(fen + (11 if plant == "altered" else 0), each.number)] * {"left out": 0, "doubled": 2}.get(
                plant or "", 1
            )
    return [Stated(number, fen, purchase) for number, (fen, purchase) in enumerate(told, start=1)]


def spans() -> list[Span]:
    """The days of the history with one before, for clocks that are behind, and a quiet one after."""
    return [Span(DAY_0 + DAY * day, DAY_0 + DAY * (day + 1)) for day in range(-1, DAYS + 2)]


def reconciled(statements: Sequence[list[Stated]], history: Sequence[Bought], hours_later: int) -> list[Judged]:
    """Each day's statement is judged some hours after the day, by what is known then."""
    accounted: Counter[int] = Counter()
    all_judged: list[Judged] = []
    for day, lines in enumerate(statements):
        until = spans()[day].until
        now = until + timedelta(hours=hours_later)
        bookings = [booking for each in history for booking in each.ours() if booking.at <= now]
        ended = {each.number: each.ended if each.ended <= now else None for each in history}
        judged_now = judge(lines, books(bookings, accounted, spans()[: day + 1], until, ended))
        for judged in judged_now:
            accounted[judged.purchase_id or 0] += judged.ours_fen or 0
        all_judged += judged_now
    return all_judged


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(bought, plants), max_size=25),
    st.lists(st.integers(-300, 300).filter(bool), max_size=3),
    st.sampled_from([1, 6, 30]),
)
def test_exactly_the_planted_differences_are_found(
    drawn: list[tuple[Bought, str]], invented: list[int], hours_later: int
) -> None:
    history = [replace(each, number=number) for number, (each, _) in enumerate(drawn, start=1)]
    history = [replace(each, correction_fen=max(each.correction_fen, 1 - each.cost_fen)) for each in history]
    planted = planted_in(history, [plant for _, plant in drawn])
    statements = [lines_of(day, history, planted, invented) for day in range(len(spans()))]
    judged = reconciled(statements, history, hours_later)
    differing = Counter(found(each) for each in judged if each.verdict != "matched")
    assert differing == expected(history, planted, invented)
    stated_fen = sum(line.theirs_fen for lines in statements for line in lines)
    ledger_fen = sum(booking.taken_fen for each in history for booking in each.ours())
    assert sum(each.difference_fen for each in judged) == stated_fen - ledger_fen


@pytest.mark.parametrize(
    ("theirs", "book", "verdicts"),
    [
        ([100], Book(100, 100), ["matched"]),
        ([110], Book(100, 100), ["amount_differs"]),
        ([100, 100], Book(100, 100), ["matched", "theirs_only"]),
        ([110, 110], Book(100, 100), ["amount_differs", "theirs_only"]),
        ([100, -100], Book(100, 100), ["matched", "theirs_only"]),
        ([100, -100], Book(0, 0), ["matched", "matched"]),
        ([100], Book(0, 0), ["theirs_only"]),
        ([100], Book(0, 100), ["matched"]),
        ([-100], Book(-100, 0), ["matched"]),
        ([0], Book(0, 0), ["matched"]),
    ],
)
def test_lines_of_one_purchase(theirs: list[int], book: Book, verdicts: list[str]) -> None:
    stated = [Stated(number, fen, 7) for number, fen in enumerate(theirs, start=1)]
    judged = judge(stated, {7: book})
    assert [each.verdict for each in judged] == verdicts
    assert sum(each.difference_fen for each in judged) == sum(theirs) - (
        sum(theirs) if sum(theirs) in (book.covered_fen, book.now_fen) else book.now_fen or book.covered_fen
    )


def test_many_lines_of_one_purchase_are_judged_without_trying_all_their_sums() -> None:
    stated = [Stated(number, 100, 7) for number in range(1, 5001)]
    judged = judge(stated, {7: Book(250, 250)})
    assert Counter(each.verdict for each in judged) == {"amount_differs": 1, "theirs_only": 4999}


def test_an_open_purchase_is_not_missed_yet() -> None:
    span = Span(DAY_0, DAY_0 + DAY)
    booking = Booking(7, 100, DAY_0 + minutes(5))
    assert judge([], books([booking], {}, [span], span.until, {7: None})) == ()
    [lacking] = judge([], books([booking], {}, [span], span.until, {7: DAY_0 + minutes(6)}))
    assert (lacking.verdict, lacking.difference_fen) == ("ours_only", -100)


def test_a_purchase_of_the_last_minutes_waits_for_the_next_statement() -> None:
    first, second = Span(DAY_0, DAY_0 + DAY), Span(DAY_0 + DAY, DAY_0 + 2 * DAY)
    late = DAY_0 + DAY - minutes(3)
    booking = Booking(7, 100, late)
    assert judge([], books([booking], {}, [first], first.until, {7: late})) == ()
    [lacking] = judge([], books([booking], {}, [first, second], second.until, {7: late}))
    assert lacking.verdict == "ours_only"


def test_a_charge_for_what_failed_is_found_at_once() -> None:
    span = Span(DAY_0, DAY_0 + DAY)
    bookings = [Booking(7, 100, DAY_0 + minutes(5)), Booking(7, -100, DAY_0 + minutes(6))]
    [judged] = judge([Stated(1, 100, 7)], books(bookings, {}, [span], span.until, {7: DAY_0 + minutes(6)}))
    assert (judged.verdict, judged.difference_fen) == ("theirs_only", 100)
