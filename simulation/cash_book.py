"""The simulation's own sums of each business date, made from its plan and not from postings: the truth of the P&L."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo

from simulation.planned import PlannedCredit, PlannedOrder, PlannedUnit, Stock


@dataclass(slots=True)
class Day:
    """Fen of one business date, each positive in its own direction."""

    gross_sales_fen: int = 0
    discounts_fen: int = 0
    refunds_fen: int = 0
    cogs_fen: int = 0
    payment_fees_fen: int = 0
    goodwill_fen: int = 0
    delivered_units: int = 0
    paid_orders: int = 0

    @property
    def profit_fen(self) -> int:
        income = self.gross_sales_fen - self.discounts_fen - self.refunds_fen
        return income - self.cogs_fen - self.payment_fees_fen - self.goodwill_fen


def cash_book(
    orders: Iterable[PlannedOrder], wallet_credits: Iterable[PlannedCredit], stock: Stock, zone: tzinfo
) -> dict[str, dict[str, int]]:
    """By ISO date, every day on which anything was earned or spent."""
    days: defaultdict[str, Day] = defaultdict(Day)

    def on(at: datetime) -> Day:
        return days[at.astimezone(zone).date().isoformat()]

    for order in orders:
        if order.paid_at:
            on(order.paid_at).payment_fees_fen += order.fee_fen
            on(order.paid_at).paid_orders += 1
        for unit in order.units():
            if unit.delivered_at:
                _add_delivery(on(unit.delivered_at), unit, stock)
            if unit.refund and unit.refund.earned:
                on(unit.refund.refunded_at).refunds_fen += unit.refund.amount_fen
    for credit in wallet_credits:
        if credit.source == "goodwill":
            on(credit.at).goodwill_fen += credit.amount_fen
    return {day: asdict(sums) | {"profit_fen": sums.profit_fen} for day, sums in sorted(days.items())}


def _add_delivery(day: Day, unit: PlannedUnit, stock: Stock) -> None:
    day.gross_sales_fen += unit.gross_fen
    day.discounts_fen += unit.discount_fen
    day.cogs_fen += stock.cost_fen(unit.number) or 0
    day.delivered_units += 1
