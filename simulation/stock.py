"""How the simulated shop buys codes: whenever a delivery finds the shelf empty, a batch had come shortly before."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from random import Random

from mingsuan import money
from simulation.bad_codes import BadCode, Spoilage
from simulation.catalogue import Sku
from simulation.planned import Place, PlannedBatch, PlannedDefect, PlannedOrder, PlannedVoid, Stock
from simulation.prices import PriceHistory

DAYS_OF_COVER = 7
SMALLEST_BATCH = 10
FREE_AT_LEAST = 40
"""Codes of each SKU that are left for shoppers of the running shop."""
NOTHING_BOUGHT: Mapping[int, int] = {}
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
        self._shelf: dict[int, list[Place]] = {sku: [] for sku in range(len(skus))}
        self._handed_out: dict[int, Place] = {}
        self._defects: list[PlannedDefect] = []
        self._voids: list[PlannedVoid] = []

    def stock(
        self,
        orders: Iterable[PlannedOrder],
        end: datetime,
        bad_codes: Iterable[BadCode] = (),
        spoilages: Iterable[Spoilage] = (),
        bought_fen: Mapping[int, int] = NOTHING_BOUGHT,
    ) -> Stock:
        """Batches and places for all deliveries of the orders, what became of bad codes, and free codes at `end`.

        What was bought for its order, at `bought_fen` by unit, needs none.
        """
        taken = [
            (unit.delivered_at, unit.number, unit.sku, False)
            for order in orders
            for unit in order.units()
            if unit.delivered_at and not unit.is_membership and unit.number not in bought_fen
        ]
        sold = [0] * len(self._skus)
        for _, _, sku, _ in taken:
            sold[sku] += 1
        sizes = [max(SMALLEST_BATCH, count * DAYS_OF_COVER // self._length()) for count in sold]
        taken += [(bad.at, bad.unit, bad.sku, True) for bad in bad_codes]
        spoilt = sorted(spoilages, key=lambda each: each.at, reverse=True)
        for at, unit, sku, replaces in sorted(taken):
            while spoilt and spoilt[-1].at < at:
                self._lose(spoilt.pop())
            if replaces and unit not in self._handed_out:
                continue  # not from this stock
            place = self._take(sku, at, sizes[sku], end)
            if replaces:
                self._defects.append(PlannedDefect(self._handed_out[unit], unit, place, at))
            else:
                self._handed_out[unit] = place
        for sku, shelf in self._shelf.items():
            if len(shelf) < FREE_AT_LEAST:
                self._buy(sku, FREE_AT_LEAST, end - timedelta(minutes=self._rng.randint(1, 300)), end)
        return Stock(tuple(self._batches), self._handed_out, tuple(self._defects), tuple(self._voids), bought_fen)

    def _length(self) -> int:
        return (self._last - self._first).days + 1

    def _lose(self, spoilage: Spoilage) -> None:
        """Codes on a shelf that turn out worthless; nothing when there is none."""
        shelf = self._shelf[spoilage.sku]
        batch = shelf[-1][0] if shelf else None
        there = [place for place in shelf if place[0] == batch][-spoilage.count :]
        self._shelf[spoilage.sku] = [place for place in shelf if place not in there]
        if there and spoilage.is_void:
            self._voids.append(PlannedVoid(tuple(there), spoilage.at))
        elif there:
            self._defects += [PlannedDefect(place, None, None, spoilage.at) for place in there]

    def _take(self, sku: int, at: datetime, size: int, end: datetime) -> Place:
        if not self._shelf[sku]:
            self._buy(sku, size, at - timedelta(minutes=self._rng.randint(5, 240)), end)
        return self._shelf[sku].pop()

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
