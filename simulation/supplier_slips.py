"""What is wrong in suppliers' statements on purpose: each kind of difference that the shop has to find."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

from simulation.supplied_law import CURRENCY
from simulation.supplier_lines import Account, Said
from transactional.payments.numbers import ALPHABET, RANDOM_SIGNS
from transactional.suppliers.money.matching_rules import Span, Verdict

SlipKind = Literal["not_ours", "left_out", "amount_off", "charged_twice", "refused_charged", "credit_left_out", "fee"]
KINDS: tuple[SlipKind, ...] = (
    "amount_off",
    "left_out",
    "credit_left_out",
    "not_ours",
    "refused_charged",
    "charged_twice",
    "fee",
)
WELL_BEFORE = timedelta(hours=2)
"""Nothing is planted so shortly before a statement's end: there the shop waits for the next one."""
LINES_FOR = (6, 60, 200)
"""From so many lines on there are one, two, three differences."""
TENTH = {CURRENCY: Decimal("0.10"), "USD": Decimal("0.0200")}


@dataclass(frozen=True, slots=True)
class Planted:
    """A difference on purpose: what the shop has to find, in fen that the supplier takes more than it should."""

    kind: SlipKind
    verdict: Verdict
    request_no: str | None
    purchase: int | None
    difference_fen: int


@dataclass(frozen=True, slots=True)
class Page:
    """A statement that is right: its lines, the accounts of its channel, and what its money is worth at an instant."""

    span: Span
    lines: Sequence[Said]
    accounts: Sequence[Account]
    currency: str
    fen: Callable[[Decimal, datetime], int]


@dataclass(slots=True)
class Draft:
    """The lines as they will come, and the purchases about which something is wrong already."""

    lines: list[Said]
    touched: set[int] = field(default_factory=set)


class Slips:
    """Plants differences, one kind after another; a kind that a statement has no place for waits for one that has."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._kinds = list(KINDS)
        self._plant: Mapping[SlipKind, Callable[[Page, Draft], Planted | None]] = {
            "not_ours": self._not_ours,
            "left_out": self._left_out,
            "amount_off": self._amount_off,
            "charged_twice": self._charged_twice,
            "refused_charged": self._refused_charged,
            "credit_left_out": self._credit_left_out,
            "fee": self._fee,
        }

    def into(self, page: Page) -> tuple[list[Said], list[Planted]]:
        """The statement as it comes, by time, and what is wrong with it."""
        draft, planted = Draft(list(page.lines)), list[Planted]()
        for least in LINES_FOR:
            if len(page.lines) >= least and (slip := self._next(page, draft)):
                planted.append(slip)
        return sorted(draft.lines, key=lambda line: (line.at, line.request_no, line.kind)), planted

    def _next(self, page: Page, draft: Draft) -> Planted | None:
        """Of the kind that was not planted for the longest time, among those that are possible here."""
        for kind in tuple(self._kinds):
            slip = self._plant[kind](page, draft)
            if slip is not None:
                self._kinds.remove(kind)
                self._kinds.append(kind)
                if slip.purchase is not None:
                    draft.touched.add(slip.purchase)
                return slip
        return None

    def _plain(self, page: Page, touched: set[int]) -> Iterator[Account]:
        """Successes with one line, in no particular order."""
        listed = {line.purchase for line in page.lines}
        fit = [
            one
            for one in page.accounts
            if one.place in listed and one.is_plain and one.place not in touched and _is_early(one, page.span)
        ]
        self._rng.shuffle(fit)
        return iter(fit)

    def _left_out(self, page: Page, draft: Draft) -> Planted | None:
        one = next(self._plain(page, draft.touched), None)
        if one is None:
            return None
        draft.lines.remove(_line_of(one, draft.lines))
        return Planted("left_out", "ours_only", one.purchase.request_no, one.place, -one.purchase.cost_fen)

    def _amount_off(self, page: Page, draft: Draft) -> Planted | None:
        one = next(self._plain(page, draft.touched), None)
        if one is None:
            return None
        line = _line_of(one, draft.lines)
        wrong = replace(line, amount=line.amount + self._rng.randint(1, 9) * TENTH[page.currency])
        draft.lines[draft.lines.index(line)] = wrong
        more_fen = one.fen(wrong.amount) - one.purchase.cost_fen
        return Planted("amount_off", "amount_differs", line.request_no, one.place, more_fen)

    def _charged_twice(self, page: Page, draft: Draft) -> Planted | None:
        one = next(self._plain(page, draft.touched), None)
        if one is None:
            return None
        line = _line_of(one, draft.lines)
        draft.lines.append(replace(line, at=line.at + timedelta(seconds=3)))
        return Planted("charged_twice", "theirs_only", line.request_no, one.place, one.purchase.cost_fen)

    def _refused_charged(self, page: Page, draft: Draft) -> Planted | None:
        listed = {line.purchase for line in draft.lines}
        for one in page.accounts:
            if one.is_refused_within(page.span) and one.place not in listed and _is_early(one, page.span):
                draft.lines.append(one.line("charge", one.charge, one.purchase.submitted_at))
                number = one.purchase.request_no
                return Planted("refused_charged", "theirs_only", number, one.place, one.purchase.cost_fen)
        return None

    def _credit_left_out(self, page: Page, draft: Draft) -> Planted | None:
        by_place = {one.place: one for one in page.accounts}
        for line in [line for line in draft.lines if line.kind == "credit"]:
            one = by_place[line.purchase or 0]
            credit = one.credited
            if credit is None or one.place in draft.touched or credit[0] >= page.span.until - WELL_BEFORE:
                continue
            draft.lines.remove(line)
            verdict: Verdict = "ours_only"
            if any(other.purchase == one.place for other in draft.lines):
                verdict = "theirs_only" if credit[1] == one.purchase.cost_fen else "amount_differs"
            return Planted("credit_left_out", verdict, line.request_no, one.place, credit[1])
        return None

    def _not_ours(self, page: Page, draft: Draft) -> Planted | None:
        pattern = self._rng.choice(page.lines)
        number = pattern.request_no[:9] + "".join(self._rng.choices(ALPHABET, k=RANDOM_SIGNS))
        amount = abs(pattern.amount)
        line = Said("charge", number, f"X{pattern.supplier_ref}", amount, pattern.at)
        draft.lines.append(line)
        return Planted("not_ours", "theirs_only", number, None, page.fen(amount, line.at))

    def _fee(self, page: Page, draft: Draft) -> Planted | None:
        amount = self._rng.randint(4, 20) * TENTH[page.currency] * 10
        line = Said("fee", "", f"FEE-{page.span.until:%Y%m%d}", amount, page.span.until - timedelta(minutes=1))
        draft.lines.append(line)
        return Planted("fee", "theirs_only", None, None, page.fen(amount, line.at))


def _is_early(one: Account, span: Span) -> bool:
    ended_at = one.purchase.ended_at
    return ended_at is not None and ended_at < span.until - WELL_BEFORE


def _line_of(one: Account, lines: Sequence[Said]) -> Said:
    return next(line for line in lines if line.purchase == one.place)
