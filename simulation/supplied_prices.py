"""What each channel of the simulated past asked for each good at every instant, and what foreign money was worth."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from random import Random

from simulation.catalogue import Sku
from simulation.prices import PriceHistory
from simulation.supplied_law import CHANNELS, CURRENCY, FOREIGN, INVERTED, VENDOR_OF, ChannelLaw
from transactional.suppliers.offers.rate_rules import own_rate

FIRST_RATE, RATE_SD = 7.12, 0.0016
MOVES_EVERY_DAYS = (6.0, 20.0)
MOVE_SD, LOWEST, HIGHEST = 0.014, -0.035, 0.045
INVERSION_AT = 0.55
"""Share of the history at which costs rise above the price overnight."""
EVENING, MORNING = time(21, 40), time(11, 0)
FINEST = {CURRENCY: Decimal("0.01"), FOREIGN: Decimal("0.0001")}


@dataclass(frozen=True, slots=True)
class Move:
    """From this instant on a unit costs so much, in the channel's currency; how the shop came to know."""

    at: datetime
    unit_cost: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class PlannedOffer:
    """A good of a channel; channel and SKU by their places, moves by time."""

    channel: int
    sku: int
    supplier_sku: str
    currency: str
    moves: tuple[Move, ...]
    instants: tuple[datetime, ...]

    def unit_cost(self, at: datetime) -> Decimal:
        return self.moves[bisect_right(self.instants, at) - 1].unit_cost


@dataclass(frozen=True, slots=True)
class Rates:
    """Units of the shop's currency for one of the foreign one, by business date."""

    days: tuple[date, ...]
    values: tuple[Decimal, ...]

    def on(self, currency: str, day: date) -> Decimal:
        """Units of the shop's currency for one of `currency`."""
        if currency == CURRENCY:
            return Decimal(1)
        return self.values[bisect_right(self.days, day) - 1]

    def fen_per(self, currency: str, day: date) -> Decimal:
        return self.on(currency, day) * own_rate(CURRENCY)


def rates(rng: Random, days: Sequence[date]) -> Rates:
    """One for each day."""
    value, values = FIRST_RATE, []
    for _ in days:
        values.append(Decimal(f"{value:.4f}"))
        value = min(max(value * (1 + rng.gauss(0, RATE_SD)), 6.7), 7.5)
    return Rates(tuple(days), tuple(values))


class OfferPaths:
    """Draws the offers of all channels. Day 0 of the prices is the first of `days`."""

    def __init__(
        self, rng: Random, skus: Sequence[Sku], prices: Sequence[PriceHistory], days: Sequence[date], zone: tzinfo
    ) -> None:
        self._rng = rng
        self._skus = skus
        self._prices = prices
        self._days = days
        self._zone = zone
        self._opened_at = datetime.combine(days[0], time(), zone)
        self._end = datetime.combine(days[-1] + timedelta(days=1), time(), zone)
        self._inverted_day = int(len(days) * INVERSION_AT)

    def offers(self, known: Rates) -> list[PlannedOffer]:
        """By channel, then SKU."""
        return [one for place in range(len(CHANNELS)) for one in self._of_channel(place, known)]

    def _of_channel(self, place: int, known: Rates) -> list[PlannedOffer]:
        law = CHANNELS[place]
        instants = self._instants()
        return [
            self._offer(place, sku, known, instants)
            for sku, one in enumerate(self._skus)
            if one.product.slug in law.products
        ]

    def _instants(self) -> list[datetime]:
        """When the channel moves its prices, all of them together."""
        found, at = [], self._opened_at
        while at < self._end:
            found.append(at)
            at = at + timedelta(days=self._rng.uniform(*MOVES_EVERY_DAYS))
        return found

    def _offer(self, place: int, sku: int, known: Rates, instants: Sequence[datetime]) -> PlannedOffer:
        law, one = CHANNELS[place], self._skus[sku]
        currency = VENDOR_OF[law.code].currency
        base_fen = one.variant.price_fen * one.product.cost_permille / 1000 * law.level
        moves, off = [], 0.0
        for number, at in enumerate(instants):
            source = "sheet" if number == 0 else self._rng.choice(("pull", "pull", "push", "order"))
            moves.append(Move(at, self._cost(base_fen * (1 + off), currency, known), source))
            off = min(max(off + self._rng.gauss(0, MOVE_SD), LOWEST), HIGHEST)
        if one.product.slug == INVERTED:
            moves = self._inverted(law, sku, currency, known, moves)
        moves = _changes(moves)
        number_there = f"{1000 * (place + 1) + sku}-{one.variant.code}"
        return PlannedOffer(place, sku, number_there, currency, tuple(moves), tuple(move.at for move in moves))

    def _inverted(self, law: ChannelLaw, sku: int, currency: str, known: Rates, moves: Sequence[Move]) -> list[Move]:
        """Above its price for a night; those who are slow to come back, for days."""
        day = self._days[self._inverted_day]
        rises = datetime.combine(day, EVENING, self._zone)
        falls = datetime.combine(day + timedelta(days=1), MORNING, self._zone)
        if law.level < max(each.level for each in CHANNELS if INVERTED in each.products):
            falls += timedelta(days=self._rng.uniform(1.2, 3.0))
        price_fen = self._prices[sku].price_fen.on(self._inverted_day)
        above = self._cost(price_fen * self._rng.uniform(1.02, 1.07), currency, known)
        before = [move for move in moves if move.at < rises]
        during = [move for move in moves if rises <= move.at < falls]
        back = Move(falls, (during or before)[-1].unit_cost, "pull")
        return [*before, Move(rises, above, "push"), back, *(move for move in moves if move.at >= falls)]

    def _cost(self, fen: float, currency: str, known: Rates) -> Decimal:
        rate = known.fen_per(currency, self._days[0])
        return (Decimal(round(fen * 100)) / 100 / rate).quantize(FINEST[currency])


def _changes(moves: Sequence[Move]) -> list[Move]:
    """Without those after which nothing is another than before."""
    kept = [moves[0]]
    for move in moves[1:]:
        if move.unit_cost != kept[-1].unit_cost:
            kept.append(move)
    return kept
