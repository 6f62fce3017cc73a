"""A supplier's statement held line by line against what the ledger booked for the purchases that it is about. Pure.

All amounts are fen that the supplier takes: positive for a charge, negative for what it gives back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Literal

Verdict = Literal["matched", "ours_only", "theirs_only", "amount_differs"]
WAIT = timedelta(minutes=30)
"""What was booked, or ended, so shortly before a statement ends may stand in the next one: midnights differ."""
MOST_TRIED = 8
"""Lines of one purchase among which those that agree are looked for."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a statement as instants, the end excluded."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Booking:
    """What one posting says that the supplier takes for a purchase."""

    purchase_id: int
    taken_fen: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Book:
    """What the ledger has for a purchase and no statement has answered for yet.

    `covered_fen` counts the days of the channel's statements with the present one, `now_fen` all there is, `between`
    what it came to after each booking since shortly before the statement's end: a charge or its return may stand on
    the other side of a midnight. One that is not `is_due` can wait for the next statement; of one that `is_open` the
    final cost is not known.
    """

    covered_fen: int
    now_fen: int
    between: frozenset[int] = frozenset()
    is_due: bool = True
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Stated:
    """A line of the statement; `purchase_id` None: it names no purchase of ours."""

    line_no: int
    theirs_fen: int
    purchase_id: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A line with its verdict, or (no `line_no`) a purchase that the statement lacks."""

    line_no: int | None
    purchase_id: int | None
    theirs_fen: int | None
    ours_fen: int | None
    verdict: Verdict

    @property
    def difference_fen(self) -> int:
        """What the supplier took more than the ledger says."""
        return (self.theirs_fen or 0) - (self.ours_fen or 0)


def books(
    bookings: Iterable[Booking],
    accounted_fen: Mapping[int, int],
    covered: Sequence[Span],
    until: datetime,
    ended_at: Mapping[int, datetime | None],
) -> dict[int, Book]:
    """By purchase what is left to answer for when a statement ends at `until`.

    `accounted_fen` is what earlier statements' lines took as ours. `ended_at` None: still open, so that to lack it is
    nobody's difference yet.
    """
    inside, all_of = defaultdict[int, int](int), defaultdict[int, int](int)
    last: dict[int, datetime] = {}
    between = defaultdict[int, set[int]](set)
    for each in sorted(bookings, key=lambda booking: booking.at):
        all_of[each.purchase_id] += each.taken_fen
        if each.at >= until - WAIT:
            between[each.purchase_id].add(all_of[each.purchase_id] - accounted_fen.get(each.purchase_id, 0))
        if any(span.since <= each.at < span.until for span in covered):
            inside[each.purchase_id] += each.taken_fen
            last[each.purchase_id] = max(each.at, last.get(each.purchase_id, each.at))
    return {
        purchase: Book(
            inside[purchase] - accounted_fen.get(purchase, 0),
            taken_fen - accounted_fen.get(purchase, 0),
            frozenset(between[purchase]),
            _is_due(last.get(purchase), ended_at.get(purchase), until),
            ended_at.get(purchase) is None,
        )
        for purchase, taken_fen in all_of.items()
    }


def _is_due(booked_at: datetime | None, ended_at: datetime | None, until: datetime) -> bool:
    return booked_at is not None and ended_at is not None and max(booked_at, ended_at) < until - WAIT


def judge(stated: Sequence[Stated], known: Mapping[int, Book]) -> tuple[Judged, ...]:
    """Every line in its order, then the purchases that the statement lacks.

    The differences add up to the statement's total less what of the ledger they answer for.
    """
    of_purchase: dict[int, list[Stated]] = defaultdict(list)
    for line in stated:
        if line.purchase_id is not None:
            of_purchase[line.purchase_id].append(line)
    found = {
        judged.line_no: judged
        for purchase, lines in of_purchase.items()
        for judged in _of_one(lines, _ours_fen(lines, known.get(purchase, Book(0, 0))))
    }
    lacking = (
        Judged(None, purchase, None, book.now_fen, "ours_only")
        for purchase, book in sorted(known.items())
        if purchase not in of_purchase and book.is_due and book.covered_fen and book.now_fen
    )
    return (*(found.get(line.line_no) or _not_ours(line) for line in stated), *lacking)


def _ours_fen(lines: Sequence[Stated], book: Book) -> int:
    """What of the ledger the lines are held against: of the two sides of midnight the one that agrees.

    While a purchase is open the supplier's first figure stands; what it turns out to be wrong by is left over, and
    comes up as ours alone with the next statement after its end.
    """
    theirs_fen = sum(line.theirs_fen for line in lines)
    if book.is_open and book.now_fen and lines[0].theirs_fen >= 0:
        return lines[0].theirs_fen
    if theirs_fen in (book.covered_fen, book.now_fen, *book.between):
        return theirs_fen
    return book.now_fen or book.covered_fen


def _of_one(lines: Sequence[Stated], ours_fen: int) -> list[Judged]:
    """Lines that together make what the ledger has are matched and others are theirs alone; if none do, the first that
    goes the same way differs in its amount.
    """
    agreeing = _agreeing(lines, ours_fen)
    if agreeing is not None:
        return [_matched(line) if line in agreeing else _not_ours(line) for line in lines]
    first = next((line for line in lines if line.theirs_fen * ours_fen > 0), lines[0])
    differing = Judged(first.line_no, first.purchase_id, first.theirs_fen, ours_fen, "amount_differs")
    return [differing if line is first else _not_ours(line) for line in lines]


def _agreeing(lines: Sequence[Stated], ours_fen: int) -> tuple[Stated, ...] | None:
    """The most lines whose sum is what the ledger has; no line at all when the ledger has nothing."""
    for count in range(len(lines), -1, -1):
        if count in (0, len(lines)) or len(lines) <= MOST_TRIED:
            for chosen in combinations(lines, count):
                if sum(line.theirs_fen for line in chosen) == ours_fen:
                    return chosen
    return None


def _matched(line: Stated) -> Judged:
    return Judged(line.line_no, line.purchase_id, line.theirs_fen, line.theirs_fen, "matched")


def _not_ours(line: Stated) -> Judged:
    """A line over nothing is no difference."""
    if line.theirs_fen == 0:
        return _matched(line)
    return Judged(line.line_no, line.purchase_id, line.theirs_fen, None, "theirs_only")
