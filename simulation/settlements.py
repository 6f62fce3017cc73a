"""What the gateways of a simulated history paid out to the shop's bank: each day's balance, on the next morning."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from mingsuan.clock import business_date
from simulation.planned import PlannedOrder
from transactional.payments.rules import GATEWAYS

PAID_OUT_AT = time(10, 0)


@dataclass(frozen=True, slots=True)
class PlannedSettlement:
    """One transfer to the bank."""

    method: str
    amount_fen: int
    at: datetime

    @property
    def bank_reference(self) -> str:
        return f"SIM-{self.method.upper()}-{self.at:%Y%m%d}"


def settlements(orders: Iterable[PlannedOrder], zone: tzinfo, end: datetime) -> list[PlannedSettlement]:
    """Payments less fees and refunds of each business date; what a day's refunds exceed is kept back from the next.

    Nothing is paid out after `end`.
    """
    balance: defaultdict[str, defaultdict[date, int]] = defaultdict(lambda: defaultdict(int))
    for order in orders:
        if order.method in GATEWAYS and order.paid_at:
            paid_fen = sum(unit.gross_fen - unit.discount_fen for unit in order.units())
            balance[order.method][business_date(order.paid_at, zone)] += paid_fen - order.fee_fen
        for unit in order.units():
            back = unit.refund
            if back and back.method in GATEWAYS and back.paid_out_at:
                balance[back.method][business_date(back.paid_out_at, zone)] -= back.amount_fen
    return [one for method in sorted(balance) for one in _paid_out(method, balance[method], zone, end)]


def _paid_out(method: str, days: dict[date, int], zone: tzinfo, end: datetime) -> Iterable[PlannedSettlement]:
    due_fen = 0
    for day in sorted(days):
        due_fen += days[day]
        at = datetime.combine(day + timedelta(days=1), PAID_OUT_AT, zone)
        if due_fen > 0 and at <= end:
            yield PlannedSettlement(method, due_fen, at)
            due_fen = 0
