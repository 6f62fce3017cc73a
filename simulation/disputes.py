"""Payments of a simulated history that customers disputed and that the gateway took back, with its fee.

A dispute that the shop wins leaves no trace in its books, so only lost ones are planned.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from simulation.cash_book import Cash
from simulation.planned import PlannedOrder
from simulation.sampling import some
from transactional.payments.rules import GATEWAYS

DISPUTED = 0.0025
ONLY_ONE_UNIT = 0.3
FEE_FEN = 1500
SOONEST, LATEST = timedelta(days=3), timedelta(days=45)


@dataclass(frozen=True, slots=True)
class PlannedChargeback:
    """What a gateway took back of an order that was delivered."""

    order: PlannedOrder
    method: str
    amount_fen: int
    fee_fen: int
    at: datetime

    @property
    def gateway_reference(self) -> str:
        return f"D{self.order.order_no}"

    def cash(self) -> Iterator[Cash]:
        yield Cash(self.at, "chargebacks", self.amount_fen)
        yield Cash(self.at, "payment_fees", self.fee_fen)


def chargebacks(rng: Random, orders: Iterable[PlannedOrder], end: datetime) -> list[PlannedChargeback]:
    """Some weeks after the payment, of orders whose codes were all handed over and of which nothing went back."""
    candidates = [
        (order, order.paid_at)
        for order in orders
        if order.method in GATEWAYS
        and order.paid_at
        and order.paid_at + SOONEST <= end
        and all(unit.delivered_at and not unit.refunds and not unit.is_membership for unit in order.units())
    ]
    return [_lost(rng, order, paid_at, end) for order, paid_at in some(rng, candidates, DISPUTED)]


def _lost(rng: Random, order: PlannedOrder, paid_at: datetime, end: datetime) -> PlannedChargeback:
    at = paid_at + SOONEST + (min(end, paid_at + LATEST) - paid_at - SOONEST) * rng.random()
    first = next(order.units())
    amount_fen = first.net_fen if rng.random() < ONLY_ONE_UNIT else order.net_fen
    return PlannedChargeback(order, order.method or "", amount_fen, FEE_FEN, at.replace(microsecond=0))
