"""The gateways' daily bills of a simulated history: what they charge, and where they differ from the shop's books.

Every difference but that of fees is planted: it is told as truth, and a reconciliation must find it and no other.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random
from typing import Literal

from mingsuan.clock import business_date, start_of
from simulation.cash_book import Cash
from simulation.planned import PlannedOrder
from simulation.shopping import GATEWAY_FEE_PERMILLE
from transactional.payments.bills import GATEWAY_ZONE
from transactional.payments.gateways.interface import BillLine
from transactional.payments.rules import fee_of

METHODS = ("wechat", "alipay")
READY_AFTER = timedelta(hours=10, minutes=30)
OTHER_FEE = 0.03
GIVES_FEES_BACK = ("wechat",)
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


@dataclass(frozen=True, slots=True)
class PlannedBill:
    """A gateway's bill of one of its days; `lacking` are our numbers that it leaves out, payments first."""

    method: str
    day: date
    lines: tuple[Billed, ...]
    lacking: tuple[tuple[str, str, int], ...]

    def ready_at(self, end: datetime) -> datetime:
        """When the shop fetched it; that of the last day a little early, so that none is left to be fetched."""
        return min(start_of(self.day + timedelta(days=1), GATEWAY_ZONE) + READY_AFTER, end)

    @property
    def paid_out_fen(self) -> int:
        """What the gateway owes for the day."""
        return sum((1 if of.line.kind == "payment" else -1) * of.line.amount_fen - of.line.fee_fen for of in self.lines)


@dataclass(frozen=True, slots=True)
class Bills:
    """All bills, by method and day, and what was planted in them."""

    bills: tuple[PlannedBill, ...]
    planted: tuple[Planted, ...]

    def cash(self, zone: tzinfo) -> Iterator[Cash]:
        """Fees that the bills charge otherwise than was thought, and those of payments that the shop never knew."""
        unsettled = {each.number for each in self.planted if each.kind in ("amount_differs", "unknown_refund")}
        unknown = {each.number for each in self.planted if each.kind == "unknown_payment"}
        for bill in self.bills:
            for of in bill.lines:
                if of.line.out_trade_no in unknown:
                    yield Cash(of.line.happened_at, "payment_fees", of.line.fee_fen)
                elif number_of(of.line) not in unsettled:
                    yield Cash(start_of(bill.day, zone), "payment_fees", of.fee_difference_fen)


def number_of(line: BillLine) -> str:
    """Our number of what a line is about."""
    return line.out_refund_no or line.out_trade_no


def planned_bills(rng: Random, orders: Iterable[PlannedOrder], days: Sequence[date]) -> Bills:
    """A bill of each gateway for each day, with or without lines."""
    lines: defaultdict[tuple[str, date], list[Billed]] = defaultdict(list)
    for method, of in _true_lines(rng, orders):
        lines[method, business_date(of.line.happened_at, GATEWAY_ZONE)].append(of)
    for each in lines.values():
        each.sort(key=lambda of: (of.line.happened_at, number_of(of.line)))
    planted = _Planter(rng, lines, days).plant()
    lacking: defaultdict[tuple[str, date], list[tuple[str, str, int]]] = defaultdict(list)
    for one in planted:
        if one.kind in ("payment_missing", "refund_missing"):
            lacking[one.method, one.day].append((one.kind.removesuffix("_missing"), one.number, one.shop_fen))
    keys = [(method, day) for day in days for method in METHODS]
    bills = tuple(PlannedBill(*key, tuple(lines[key]), tuple(sorted(lacking[key]))) for key in keys)
    return Bills(bills, tuple(planted))


def _true_lines(rng: Random, orders: Iterable[PlannedOrder]) -> Iterator[tuple[str, Billed]]:
    for order in orders:
        if order.method not in METHODS or not order.paid_at:
            continue
        fee_fen = _charged(rng, order.net_fen, order.fee_fen)
        numbers = (order.out_trade_no, order.gateway_trade_no)
        paid = BillLine("payment", *numbers, None, order.net_fen, fee_fen, order.paid_at)
        yield order.method, Billed(paid, order.fee_fen)
        for unit in order.units():
            back_fen = sum(back.amount_fen for back in unit.refunds)
            out_at = next((back.paid_out_at for back in unit.refunds), None)
            if out_at:
                returned = fee_fen * back_fen // order.net_fen if order.method in GIVES_FEES_BACK else 0
                line = BillLine("refund", *numbers, order.out_refund_no(unit), back_fen, -returned, out_at)
                yield order.method, Billed(line, 0)


def _charged(rng: Random, net_fen: int, estimate_fen: int) -> int:
    """Now and then another rate than the usual: a card of another kind, or a promotion of the gateway."""
    if rng.random() >= OTHER_FEE:
        return estimate_fen
    return fee_of(net_fen, rng.choice((20, 38, 100)))


class _Planter:
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
