"""How the simulated shop buys codes: whenever a delivery finds the shelf empty, a batch had come shortly before."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from random import Random

from mingsuan import money
from simulation.catalogue import Sku
from simulation.planned import PlannedBatch, PlannedOrder, PlannedUnit, Stock
from simulation.prices import PriceHistory

DAYS_OF_COVER = 7
SMALLEST_BATCH = 10
FREE_AT_LEAST = 40
"""Codes of each SKU that are left for shoppers of the running shop."""
SUPPLIER_IS_PAID_AFTER = timedelta(days=7)


class Storekeeper:
    """Buys at the cost of the day and hands out the oldest codes first."""

    def __init__(
        self, rng: Random, skus: Sequence[Sku], prices: Sequence[PriceHistory], days: Sequence[date], zone: tzinfo
    ) -> None:
        self._rng = rng
        self._skus = skus
        self._prices = prices
        self._first, self._last = days[0], days[-1]
        self._zone = zone
        self._batches: list[PlannedBatch] = []
        self._shelf: dict[int, list[tuple[int, int]]] = {sku: [] for sku in range(len(skus))}

    def stock(self, orders: Iterable[PlannedOrder], end: datetime) -> Stock:
        """Batches and places for all deliveries of the orders, and free codes at `end`."""
        delivered = [(unit.delivered_at, unit) for order in orders for unit in order.units() if unit.delivered_at]
        delivered.sort(key=lambda pair: (pair[0], pair[1].number))
        sold = [0] * len(self._skus)
        for _, unit in delivered:
            sold[unit.sku] += 1
        sizes = [max(SMALLEST_BATCH, count * DAYS_OF_COVER // self._length()) for count in sold]
        handed_out = {unit.number: self._take(unit, at, sizes[unit.sku], end) for at, unit in delivered}
        for sku, shelf in self._shelf.items():
            if len(shelf) < FREE_AT_LEAST:
                self._buy(sku, FREE_AT_LEAST, end - timedelta(minutes=self._rng.randint(1, 300)), end)
        return Stock(tuple(self._batches), handed_out)

    def _length(self) -> int:
        return (self._last - self._first).days + 1

    def _take(self, unit: PlannedUnit, at: datetime, size: int, end: datetime) -> tuple[int, int]:
        shelf = self._shelf[unit.sku]
        if not shelf:
            self._buy(unit.sku, size, at - timedelta(minutes=self._rng.randint(5, 240)), end)
        return shelf.pop()

    def _buy(self, sku: int, count: int, at: datetime, end: datetime) -> None:
        day = max((at.astimezone(self._zone).date() - self._first).days, 0)
        rebate_fen = self._rng.randrange(count)
        total_fen = self._prices[sku].cost_fen.on(day) * count - rebate_fen
        paid_at = at + SUPPLIER_IS_PAID_AFTER
        batch = PlannedBatch(
            sku,
            self._skus[sku].product.supplier,
            at,
            paid_at if paid_at <= end else None,
            tuple(money.split(total_fen, [1] * count)),
        )
        self._batches.append(batch)
        self._shelf[sku] += [(len(self._batches) - 1, place) for place in reversed(range(count))]
