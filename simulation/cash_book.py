"""The simulation's own sums of each business date, made from its plan and not from postings: the truth of the P&L."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo

from mingsuan.clock import business_date
from simulation.planned import PlannedCredit, PlannedOrder, PlannedUnit, Stock
from transactional.ledger.rules import Component

INCOME = ("gross_sales", "draw_income", "membership_income", "other_income")


@dataclass(frozen=True, slots=True)
class Cash:
    """An amount earned or spent at an instant, positive in the direction of its component."""

    at: datetime
    component: Component
    amount_fen: int


@dataclass(slots=True)
class Day:
    """Fen of one business date, each positive in its own direction."""

    gross_sales_fen: int = 0
    discounts_fen: int = 0
    refunds_fen: int = 0
    draw_income_fen: int = 0
    membership_income_fen: int = 0
    other_income_fen: int = 0
    cogs_fen: int = 0
    payment_fees_fen: int = 0
    delivery_costs_fen: int = 0
    supplier_losses_fen: int = 0
    card_losses_fen: int = 0
    chargebacks_fen: int = 0
    commissions_fen: int = 0
    marketing_fen: int = 0
    goodwill_fen: int = 0
    draw_prizes_fen: int = 0
    delivered_units: int = 0
    paid_orders: int = 0

    def add(self, component: Component, amount_fen: int) -> None:
        name = f"{component}_fen"
        setattr(self, name, getattr(self, name) + amount_fen)

    @property
    def profit_fen(self) -> int:
        """Contribution margin 3: income less everything else."""
        signed = ((name, fen) for name, fen in asdict(self).items() if name.endswith("_fen"))
        return sum(fen if name.removesuffix("_fen") in INCOME else -fen for name, fen in signed)


def cash_book(
    orders: Iterable[PlannedOrder],
    wallet_credits: Iterable[PlannedCredit],
    stock: Stock,
    zone: tzinfo,
    others: Iterable[Cash] = (),
) -> dict[str, dict[str, int]]:
    """By ISO date, every day on which anything was earned or spent; `others` is what orders and credits do not say."""
    days: defaultdict[str, Day] = defaultdict(Day)

    def on(at: datetime) -> Day:
        return days[business_date(at, zone).isoformat()]

    for order in orders:
        if order.paid_at:
            on(order.paid_at).paid_orders += 1
        for unit in order.units():
            if unit.delivered_at:
                on(unit.delivered_at).delivered_units += 1
        for each in _of_order(order, stock):
            on(each.at).add(each.component, each.amount_fen)
    for credit in wallet_credits:
        if credit.source == "goodwill":
            on(credit.at).add("goodwill", credit.amount_fen)
    for each in others:
        on(each.at).add(each.component, each.amount_fen)
    return {day: asdict(sums) | {"profit_fen": sums.profit_fen} for day, sums in sorted(days.items())}


def _of_order(order: PlannedOrder, stock: Stock) -> Iterator[Cash]:
    if order.paid_at:
        yield Cash(order.paid_at, "payment_fees", order.fee_fen)
    for unit in order.units():
        if unit.delivered_at and not unit.is_membership:
            yield from _delivered(unit, unit.delivered_at, stock)
        for back in unit.refunds:
            if back.earned:
                yield Cash(back.refunded_at, "refunds", back.amount_fen)


def _delivered(unit: PlannedUnit, at: datetime, stock: Stock) -> Iterator[Cash]:
    yield Cash(at, "gross_sales", unit.gross_fen)
    yield Cash(at, "discounts", unit.discount_fen)
    yield Cash(at, "cogs", stock.posted_cost_fen(unit.number, at) or 0)
