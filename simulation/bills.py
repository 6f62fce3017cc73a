"""The gateways' daily bills of a simulated history: what they charge, and what they lack or have otherwise."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from random import Random

from mingsuan.clock import business_date, start_of
from simulation.bill_slips import METHODS, Billed, Planted, Planter, number_of
from simulation.cash_book import Cash
from simulation.planned import PlannedOrder
from transactional.payments.bills import GATEWAY_ZONE
from transactional.payments.gateways.interface import BillLine
from transactional.payments.rules import fee_of

READY_AFTER = timedelta(hours=10, minutes=30)
OTHER_FEE = 0.03
GIVES_FEES_BACK = ("wechat",)


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


def planned_bills(rng: Random, orders: Iterable[PlannedOrder], days: Sequence[date]) -> Bills:
    """A bill of each gateway for each day, with or without lines."""
    lines: defaultdict[tuple[str, date], list[Billed]] = defaultdict(list)
    for method, of in _true_lines(rng, orders):
        lines[method, business_date(of.line.happened_at, GATEWAY_ZONE)].append(of)
    for each in lines.values():
        each.sort(key=lambda of: (of.line.happened_at, number_of(of.line)))
    planted = Planter(rng, lines, days).plant()
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
