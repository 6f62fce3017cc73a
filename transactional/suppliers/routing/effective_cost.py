"""What a good unit of a channel costs in all, when failures, waiting, bad codes and money away are counted in. Pure.

Candidates are tried one after another until one brings the good. With success chance p, cost g of a success and f of
a failure, trying them by rising g + f·(1 − p)/p is the cheapest order there is, whatever is done when all have failed
(by exchange of neighbours, as in Smith 1956 and Weitzman 1979); that figure is the effective cost.
"""

from dataclasses import dataclass

from transactional.suppliers.routing.estimate_rules import Belief
from transactional.suppliers.routing.terms import PER_MYRIAD

DAY_S = 86_400
LEAST_CHANCE = 0.01


@dataclass(frozen=True, slots=True)
class Prices:
    """What else than money paid costs money, in fen: waiting a second, a failed try and a bad code handled, money
    away for a day (parts of ten thousand of it)."""

    waiting_second_fen: float = 0.5
    failure_fen: float = 5.0
    defect_fen: float = 200.0
    capital_per_myriad_day: float = 3.0
    prepaid_days: float = 10.0
    """How long money lies with a prepaid supplier before it is used."""


def effective_fen(cost_fen: int, belief: Belief, prepaid: bool, prices: Prices) -> float:
    """What a good unit of this channel costs in all: g + f·(1 − p)/p."""
    chance = max(belief.chance, LEAST_CHANCE)
    return _success_fen(cost_fen, belief, prepaid, prices) + _failure_fen(cost_fen, belief, prices) * (1 / chance - 1)


def _success_fen(cost_fen: int, belief: Belief, prepaid: bool, prices: Prices) -> float:
    """A good bought: its cost, the wait, what replaces a bad one, and money that lay with the supplier."""
    bad_code = cost_fen * (1 - belief.recovered) + prices.defect_fen
    lying = cost_fen * prices.capital_per_myriad_day * prices.prepaid_days / PER_MYRIAD if prepaid else 0.0
    return cost_fen + prices.waiting_second_fen * belief.good_s + belief.defect * bad_code + lying


def _failure_fen(cost_fen: int, belief: Belief, prices: Prices) -> float:
    """A try that brings nothing: the wait, its handling, money away until it comes back, or lost."""
    away = cost_fen * prices.capital_per_myriad_day * belief.lag_s / DAY_S / PER_MYRIAD
    return prices.waiting_second_fen * belief.bad_s + prices.failure_fen + away + belief.lost * cost_fen
