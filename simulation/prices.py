"""List prices and suppliers' costs of each SKU over the simulated days, the loss-making weeks included."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from simulation.catalogue import LOSS_MAKER, Sku

COST_RISES = (0.42, 0.68)
"""Shares of the history at which the loss maker's cost rises above its price, and at which the shop follows."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A value that holds from each of its days (0 is the first) until the next."""

    days: tuple[int, ...]
    values: tuple[int, ...]

    def on(self, day: int) -> int:
        return self.values[bisect_right(self.days, day) - 1]


@dataclass(frozen=True, slots=True)
class PriceHistory:
    """List prices and unit costs in fen."""

    price_fen: Steps
    cost_fen: Steps


def price_histories(rng: Random, skus: Sequence[Sku], days: int) -> list[PriceHistory]:
    """One for each SKU."""
    return [_loss_maker(sku, days) if sku.variant.code == LOSS_MAKER else _ordinary(rng, sku, days) for sku in skus]


def _ordinary(rng: Random, sku: Sku, days: int) -> PriceHistory:
    base = sku.variant.price_fen
    changes = sorted(rng.sample(range(days // 10, days), k=rng.choice((0, 0, 1, 2))))
    prices = [base, *(_round_to(base * rng.randint(970, 1050) // 1000, 10) for _ in changes)]
    jumps = sorted(rng.sample(range(days // 12, days), k=rng.randint(1, 3)))
    permille = sku.product.cost_permille
    costs = [base * permille // 1000]
    costs += [min(base * (permille + rng.randint(-30, 40)) // 1000, min(prices) * 985 // 1000) for _ in jumps]
    return PriceHistory(Steps((0, *changes), tuple(prices)), Steps((0, *jumps), tuple(costs)))


def _loss_maker(sku: Sku, days: int) -> PriceHistory:
    rise, answer = (int(days * share) for share in COST_RISES)
    base = sku.variant.price_fen
    costs = (base * sku.product.cost_permille // 1000, base * 1045 // 1000)
    return PriceHistory(Steps((0, answer), (base, base * 112 // 100)), Steps((0, rise), costs))


def _round_to(fen: int, step: int) -> int:
    return (fen + step // 2) // step * step
