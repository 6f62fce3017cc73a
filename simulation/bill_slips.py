"""Differences that are planted in the gateways' bills of a simulated history.

Each is told as truth, and a reconciliation must find it and no other. Fees that a bill charges otherwise are none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from random import Random
from typing import Literal

from simulation.shopping import GATEWAY_FEE_PERMILLE
from transactional.payments.bills import GATEWAY_ZONE
from transactional.payments.gateways.interface import BillLine
from transactional.payments.rules import fee_of

METHODS = ("wechat", "alipay")
PAYMENTS_A_DIFFERENCE = 2500
"""One difference of each kind is planted for so many payments, and at least one."""

DifferenceKind = Literal["payment_missing", "refund_missing", "amount_differs", "unknown_payment", "unknown_refund"]


@dataclass(frozen=True, slots=True)
class Planted:
    """A difference: what the shop has and the bill lacks, or has otherwise; `number` is the shop's, else the bill's.

    `shop_fen` and `bill_fen` are positive; 0 where one side knows nothing of it.
    """

    kind: DifferenceKind
    method: str
    day: date
    number: str
    shop_fen: int
    bill_fen: int


@dataclass(frozen=True, slots=True)
class Billed:
    """A line of a bill. `estimate_fen` is the fee that the shop's books had for it, negative on the way back."""

    line: BillLine
    estimate_fen: int

    @property
    def fee_difference_fen(self) -> int:
        return self.line.fee_fen - self.estimate_fen


def number_of(line: BillLine) -> str:
    """Our number of what a line is about."""
    return line.out_refund_no or line.out_trade_no


class Planter:
    """Changes the true lines so that each kind of difference occurs, no two of them about one payment."""

    def __init__(self, rng: Random, lines: dict[tuple[str, date], list[Billed]], days: Sequence[date]) -> None:
        self._rng = rng
        self._lines = lines
        self._days = days
        self._touched: set[str] = set()

    def plant(self) -> list[Planted]:
        keys = sorted(key for key, lines in self._lines.items() if lines)
        payments = sum(of.line.kind == "payment" for lines in self._lines.values() for of in lines)
        planted: list[Planted] = []
        for _ in range(max(payments // PAYMENTS_A_DIFFERENCE, 1)):
            planted += self._missing(keys, "payment")
            planted += self._missing(keys, "refund")
            planted += self._amount(keys)
            planted += [self._unknown_payment(), self._unknown_refund()]
        return planted

    def _pick(self, keys: Sequence[tuple[str, date]], kind: str) -> tuple[tuple[str, date], int] | None:
        """A line of the kind that is about a payment not yet touched."""
        found = [
            (key, place)
            for key in keys
            for place, of in enumerate(self._lines[key])
            if of.line.kind == kind and of.line.out_trade_no not in self._touched
        ]
        if not found:
            return None
        key, place = self._rng.choice(found)
        self._touched.add(self._lines[key][place].line.out_trade_no)
        return key, place

    def _missing(self, keys: Sequence[tuple[str, date]], kind: Literal["payment", "refund"]) -> Iterator[Planted]:
        picked = self._pick(keys, kind)
        if picked:
            key, place = picked
            line = self._lines[key].pop(place).line
            name: DifferenceKind = "payment_missing" if kind == "payment" else "refund_missing"
            yield Planted(name, *key, number_of(line), line.amount_fen, 0)

    def _amount(self, keys: Sequence[tuple[str, date]]) -> Iterator[Planted]:
        """A few fen more or less, with the fee as it was thought to be."""
        picked = self._pick(keys, "payment")
        if picked:
            key, place = picked
            of = self._lines[key][place]
            other_fen = of.line.amount_fen + self._rng.choice((-1, 1, 100))
            self._lines[key][place] = replace(of, line=replace(of.line, amount_fen=other_fen, fee_fen=of.estimate_fen))
            yield Planted("amount_differs", *key, of.line.out_trade_no, of.line.amount_fen, other_fen)

    def _unknown_payment(self) -> Planted:
        key, at, number = self._somewhere()
        amount_fen = 100 * self._rng.randint(5, 90)
        fee_fen = fee_of(amount_fen, GATEWAY_FEE_PERMILLE * 10)
        line = BillLine("payment", f"X{number}", f"XSIM{number}", None, amount_fen, fee_fen, at)
        self._lines[key].append(Billed(line, fee_fen))
        return Planted("unknown_payment", *key, line.out_trade_no, 0, amount_fen)

    def _unknown_refund(self) -> Planted:
        key, at, number = self._somewhere()
        amount_fen = 100 * self._rng.randint(5, 90)
        line = BillLine("refund", f"X{number}", f"XSIM{number}", f"XR{number}", amount_fen, 0, at)
        self._lines[key].append(Billed(line, 0))
        return Planted("unknown_refund", *key, f"XR{number}", 0, amount_fen)

    def _somewhere(self) -> tuple[tuple[str, date], datetime, str]:
        day = self._rng.choice(self._days)
        at = datetime.combine(day, time(23, 58, self._rng.randrange(60)), GATEWAY_ZONE)
        return (self._rng.choice(METHODS), day), at, f"{day:%Y%m%d}{self._rng.randrange(10**10):010}"
