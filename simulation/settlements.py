"""What the gateways of a simulated history paid out to the shop's bank: each day's balance, on the next morning."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from mingsuan.clock import business_date
from simulation.bills import PlannedBill
from simulation.disputes import PlannedChargeback

PAID_OUT_AT = time(10, 0)
Balances = dict[tuple[str, date], int]
"""Fen that a gateway owes the shop for a day; negative where it took more than came in."""


@dataclass(frozen=True, slots=True)
class PlannedSettlement:
    """One transfer to the bank."""

    method: str
    amount_fen: int
    at: datetime

    @property
    def bank_reference(self) -> str:
        return f"SIM-{self.method.upper()}-{self.at:%Y%m%d}"


def balances(bills: Iterable[PlannedBill], chargebacks: Iterable[PlannedChargeback], zone: tzinfo) -> Balances:
    """By the gateways' own bills, less what was taken back after disputes."""
    owed: defaultdict[tuple[str, date], int] = defaultdict(int)
    for bill in bills:
        owed[bill.method, bill.day] += bill.paid_out_fen
    for lost in chargebacks:
        owed[lost.method, business_date(lost.at, zone)] -= lost.amount_fen + lost.fee_fen
    return dict(owed)


def settlements(owed: Balances, zone: tzinfo, end: datetime) -> list[PlannedSettlement]:
    """What is owed for each day; what a day lacks is kept back from the next. Nothing is paid out after `end`."""
    days: defaultdict[str, dict[date, int]] = defaultdict(dict)
    for (method, day), amount_fen in owed.items():
        days[method][day] = amount_fen
    return [one for method in sorted(days) for one in _paid_out(method, days[method], zone, end)]


def _paid_out(method: str, days: dict[date, int], zone: tzinfo, end: datetime) -> Iterable[PlannedSettlement]:
    due_fen = 0
    for day in sorted(days):
        due_fen += days[day]
        at = datetime.combine(day + timedelta(days=1), PAID_OUT_AT, zone)
        if due_fen > 0 and at <= end:
            yield PlannedSettlement(method, due_fen, at)
            due_fen = 0
