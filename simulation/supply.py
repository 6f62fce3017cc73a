"""The suppliers' side of a simulated history: what was offered, bought, paid and stated."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random

from simulation.catalogue import Sku
from simulation.planned import PlannedOrder, PlannedUnit
from simulation.prices import PriceHistory
from simulation.supplied import Buying
from simulation.supplied_law import PRODUCTS
from simulation.supplied_prices import OfferPaths, rates
from simulation.supplied_records import PlannedPolicy, Supplied, Want
from simulation.supplied_till import Till
from simulation.supplier_statements import PlannedStatement, Statements, settlements
from transactional.suppliers.routing.terms import Policy

DEPOSIT_DAYS = 6
SMALLEST_DEPOSIT_FEN = 300_000
STRICTER_AT = 0.5
"""Share of the history after which the shop wants to earn something on every sale."""
OPENS_AFTER = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class World:
    """What a history's suppliers meet: the shop's goods and prices, its days, and the last instant of them."""

    seed: int
    skus: tuple[Sku, ...]
    prices: tuple[PriceHistory, ...]
    days: tuple[date, ...]
    zone: tzinfo
    end: datetime

    @property
    def opened_at(self) -> datetime:
        return datetime.combine(self.days[0], time(), self.zone)


@dataclass(frozen=True, slots=True)
class Supply:
    """Purchases and all that belongs to them, and the suppliers' statements, in the order in which they came."""

    supplied: Supplied
    statements: tuple[PlannedStatement, ...]

    def bought_fen(self) -> dict[int, int]:
        """What each unit cost that was bought for its order."""
        return {unit: one.cost_fen for unit, one in self.supplied.deliveries().items()}


def planned_supply(world: World, orders: Iterable[PlannedOrder]) -> Supply:
    """The same world and orders give the same supply."""
    rng = Random(f"mingsuan supply {world.seed}")  # noqa: S311  (a simulation must be repeatable)
    known = rates(rng, world.days)
    offers = OfferPaths(rng, world.skus, world.prices, world.days, world.zone).offers(known)
    wanted = _wants(world, orders)
    till = Till(rng, known, world.zone, _deposit_fen(world, wanted))
    supplied = Supplied(offers, known, _policies(world), till.low_fen, frozenset(want.unit for want in wanted))
    Buying(rng, supplied, till, world.zone, world.end).buy(wanted, world.opened_at + OPENS_AFTER)
    statements = Statements(rng, supplied, world.days, world.zone, world.end).all()
    supplied.payments += settlements(statements, world.end)
    return Supply(supplied, tuple(statements))


def _wants(world: World, orders: Iterable[PlannedOrder]) -> list[Want]:
    """Units of paid orders that have to be bought; not those whose money went back before."""
    return [
        Want(unit.number, unit.sku, unit.net_fen, order.paid_at, _refunded_at(unit))
        for order in orders
        if order.paid_at
        for unit in order.units()
        if world.skus[unit.sku].product.slug in PRODUCTS and not (unit.refunds and unit.delivered_at is None)
    ]


def _refunded_at(unit: PlannedUnit) -> datetime | None:
    return next((back.refunded_at for back in unit.refunds), None)


def _deposit_fen(world: World, wanted: Iterable[Want]) -> int:
    """What a supplier who gets a third of the orders needs for some days, in round sums."""
    a_day_fen = sum(want.net_fen for want in wanted) // len(world.days) // 3
    return max(SMALLEST_DEPOSIT_FEN, DEPOSIT_DAYS * a_day_fen)


def _policies(world: World) -> list[PlannedPolicy]:
    later = world.opened_at + (world.end - world.opened_at) * STRICTER_AT
    return [
        PlannedPolicy(world.opened_at, Policy(), "开业时的规则"),
        PlannedPolicy(later, Policy(floor_margin_per_myriad=50, explore_per_myriad=300), "每单至少留 0.5% 毛利"),
    ]
