"""What is in a simulated basket: SKUs by taste and popularity, the day's prices, coupons split to the fen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from mingsuan import money
from simulation.catalogue import CATEGORIES, Sku
from simulation.planned import PlannedCustomer
from simulation.prices import PriceHistory
from simulation.seasons import season_discount_percent

STAYS_WITH_TASTE = 0.72
LINES, LINE_WEIGHTS = (1, 2, 3), (0.86, 0.12, 0.02)
QUANTITIES, QUANTITY_WEIGHTS = (1, 2, 3, 5), (0.80, 0.14, 0.04, 0.02)
WELCOME_COUPON_FEN, WELCOME_FROM_FEN = 150, 2000
SEASON_FROM_FEN = 3000


@dataclass(frozen=True, slots=True)
class Line:
    """A line at list price; its discount is split over its units."""

    sku: int
    unit_price_fen: int
    unit_discounts_fen: tuple[int, ...]

    @property
    def gross_fen(self) -> int:
        return self.unit_price_fen * len(self.unit_discounts_fen)

    @property
    def discount_fen(self) -> int:
        return sum(self.unit_discounts_fen)


class Baskets:
    """Fills baskets at the prices of the day; day 0 is `first`."""

    def __init__(self, rng: Random, skus: Sequence[Sku], prices: Sequence[PriceHistory], first: date) -> None:
        self._rng = rng
        self._prices = prices
        self._first = first
        self._categories = [category.slug for category in CATEGORIES]
        self._category_weights = [category.weight for category in CATEGORIES]
        numbered = list(enumerate(skus))
        self._of_category = {
            slug: [(number, sku.weight) for number, sku in numbered if sku.product.category == slug]
            for slug in self._categories
        }

    def fill(self, customer: PlannedCustomer, day: date, first_order: bool) -> list[Line]:
        """Lines of distinct SKUs with their discounts."""
        wanted: dict[int, int] = {}
        for _ in range(self._rng.choices(LINES, LINE_WEIGHTS)[0]):
            wanted[self._sku(customer.taste)] = self._rng.choices(QUANTITIES, QUANTITY_WEIGHTS)[0]
        offset = (day - self._first).days
        units = [(sku, self._prices[sku].price_fen.on(offset)) for sku, count in wanted.items() for _ in range(count)]
        prices = [price for _, price in units]
        shares = money.split(_discount(sum(prices), day, first_order), prices)
        return [
            Line(
                sku,
                self._prices[sku].price_fen.on(offset),
                tuple(share for (of, _), share in zip(units, shares, strict=True) if of == sku),
            )
            for sku in wanted
        ]

    def _sku(self, taste: str) -> int:
        stays = self._rng.random() < STAYS_WITH_TASTE
        category = taste if stays else self._rng.choices(self._categories, self._category_weights)[0]
        numbers, weights = zip(*self._of_category[category], strict=True)
        return int(self._rng.choices(numbers, weights)[0])


def _discount(gross_fen: int, day: date, first_order: bool) -> int:
    """The season's coupon, else the welcome coupon."""
    percent = season_discount_percent(day) if gross_fen >= SEASON_FROM_FEN else 0
    if percent:
        return gross_fen * percent // 100
    return WELCOME_COUPON_FEN if first_order and gross_fen >= WELCOME_FROM_FEN else 0
