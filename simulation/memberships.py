"""Who of the simulated customers joins the shop's club, until when, and who wants the money for the rest back."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random

from mingsuan.clock import business_date
from simulation.cash_book import Cash
from simulation.catalogue import Sku
from simulation.club import DURATION_DAYS
from simulation.planned import PlannedItem, PlannedOrder, PlannedUnit
from simulation.shopping import GATEWAY_FEE_PERMILLE, events_of, state_at
from transactional.orders.historic import HistoricRefund
from transactional.orders.membership_rules import earned_fen
from transactional.orders.numbers import ALPHABET, RANDOM_SIGNS
from transactional.payments.rules import GATEWAYS

JOINS = 0.012
LONGER = 0.3
LEAVES = 0.15


@dataclass(frozen=True, slots=True)
class PlannedPeriod:
    """The period of a unit at its price, given up at `ended_at` (None: it runs on); `until` it is earned day by day."""

    unit: int
    customer: int
    starts_at: datetime
    days: int
    price_fen: int
    ended_at: datetime | None
    until: date

    def releases(self, zone: tzinfo) -> Iterator[tuple[datetime, int]]:
        """What each day before `until` has earned, at its last instant."""
        first, done_fen = business_date(self.starts_at, zone), 0
        for number in range(min((self.until - first).days, self.days)):
            earned = earned_fen(self.price_fen, self.days, number + 1)
            if earned > done_fen:
                over = datetime.combine(first + timedelta(days=number + 1), time(), zone) - timedelta(microseconds=1)
                yield over, earned - done_fen
            done_fen = earned

    def released_fen(self, zone: tzinfo) -> int:
        return sum(fen for _, fen in self.releases(zone))

    def cash(self, zone: tzinfo) -> Iterator[Cash]:
        return (Cash(at, "membership_income", fen) for at, fen in self.releases(zone))


@dataclass(frozen=True, slots=True)
class Memberships:
    """Orders of memberships, and the period of each unit."""

    orders: tuple[PlannedOrder, ...]
    periods: tuple[PlannedPeriod, ...]


class Club:
    """Sells memberships to customers who have just bought something, so that nobody comes for one alone.

    `first_sku` is the place of the memberships in the plan's SKUs; `first_unit` the first number that is free.
    """

    def __init__(
        self, rng: Random, skus: Sequence[Sku], first_sku: int, first_unit: int, zone: tzinfo, end: datetime
    ) -> None:
        self._rng = rng
        self._skus = skus
        self._first_sku = first_sku
        self._next_unit = first_unit
        self._zone = zone
        self._end = end
        self._runs_until: dict[tuple[int, int], datetime] = {}

    def join(self, orders: Iterable[PlannedOrder]) -> Memberships:
        """Memberships bought right after some of these orders, which come in the order of time."""
        pairs = [
            self._membership(order, order.method, order.paid_at)
            for order in orders
            if order.method in GATEWAYS and order.paid_at and self._rng.random() < JOINS
        ]
        return Memberships(tuple(order for order, _ in pairs), tuple(period for _, period in pairs))

    def _membership(self, after: PlannedOrder, method: str, paid_at: datetime) -> tuple[PlannedOrder, PlannedPeriod]:
        place = int(self._rng.random() < LONGER)
        variant = self._skus[place].variant
        at = paid_at + timedelta(seconds=self._rng.randint(60, 240))
        paid = at + timedelta(seconds=self._rng.randint(5, 50))
        unit = PlannedUnit(
            self._next_unit, self._first_sku + place, variant.price_fen, 0, "delivered", paid, is_membership=True
        )
        self._next_unit += 1
        period = self._period(unit, after.customer, paid, DURATION_DAYS[variant.code])
        if period.ended_at:
            unit = replace(unit, state="refunded", refunds=tuple(self._given_back(period, method, period.ended_at)))
        fee_fen = (variant.price_fen * GATEWAY_FEE_PERMILLE + 500) // 1000
        number = f"{at.astimezone(self._zone):%Y%m%d}" + "".join(self._rng.choices(ALPHABET, k=RANDOM_SIGNS))
        item = PlannedItem(unit.sku, (unit,))
        about = (method, paid, fee_fen, events_of(at, paid, [unit]))
        return PlannedOrder(after.customer, number, at, state_at([unit], self._end), (item,), *about), period

    def _period(self, unit: PlannedUnit, customer: int, paid: datetime, days: int) -> PlannedPeriod:
        """One after the other, as long as they are of one kind."""
        key = (customer, unit.sku)
        starts_at = max(self._runs_until.get(key, paid), paid)
        ended_at = None
        if self._rng.random() < LEAVES and starts_at == paid:
            left = paid + timedelta(days=self._rng.randint(0, days - 5), hours=self._rng.randint(1, 6))
            ended_at = left if left <= self._end else None
        if ended_at is None:
            self._runs_until[key] = starts_at + timedelta(days=days)
        until = business_date(ended_at, self._zone) if ended_at else self._today
        return PlannedPeriod(unit.number, customer, starts_at, days, unit.net_fen, ended_at, until)

    @property
    def _today(self) -> date:
        return business_date(self._end, self._zone) + timedelta(days=1)

    def _given_back(self, period: PlannedPeriod, method: str, at: datetime) -> Iterator[HistoricRefund]:
        """Everything, whatever it is taken from: the days to come first."""
        released_fen = period.released_fen(self._zone)
        for amount_fen, earned in ((period.price_fen - released_fen, False), (released_fen, True)):
            if amount_fen:
                yield HistoricRefund(amount_fen, method, "membership not wanted any more", earned, at, at)
