"""A whole simulated history, made from a seed and its dates alone: no clock, no database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from operator import attrgetter
from random import Random

from simulation import bad_codes, supplier_cash
from simulation.aftermath import Aftermath
from simulation.bad_codes import BatchCredit
from simulation.baskets import Baskets
from simulation.bills import Bills, planned_bills
from simulation.cash_book import Cash, cash_book
from simulation.catalogue import Sku, all_skus
from simulation.club import club_skus
from simulation.customers import planned_customers
from simulation.disputes import PlannedChargeback, chargebacks
from simulation.expenses import Expenses, planned_expenses
from simulation.memberships import Club, PlannedPeriod
from simulation.planned import PlannedCustomer, PlannedOrder, Stock
from simulation.prices import PriceHistory, Steps, price_histories
from simulation.seasons import dates
from simulation.shopping import Shopped, Shopping
from simulation.stock import Storekeeper
from simulation.supplied_orders import supplied_orders
from simulation.supply import Supply, World, planned_supply


@dataclass(frozen=True, slots=True)
class Plan:
    """The history; SKUs (memberships last) and customers go by their place in these tuples."""

    seed: int
    zone: tzinfo
    days: tuple[date, ...]
    end: datetime
    skus: tuple[Sku, ...]
    prices: tuple[PriceHistory, ...]
    customers: tuple[PlannedCustomer, ...]
    shopped: Shopped
    periods: tuple[PlannedPeriod, ...]
    supply: Supply
    stock: Stock
    batch_credits: tuple[BatchCredit, ...]
    chargebacks: tuple[PlannedChargeback, ...]
    expenses: Expenses
    bills: Bills

    def cash_book(self) -> dict[str, dict[str, int]]:
        """Fen of every business date."""
        return cash_book(self.shopped.orders, self.shopped.credits, self.stock, self.zone, self.beside_the_orders())

    def beside_the_orders(self) -> Iterator[Cash]:
        """What is earned and spent that the orders themselves do not say."""
        for period in self.periods:
            yield from period.cash(self.zone)
        yield from bad_codes.cash(self.stock, self.batch_credits, self.shopped.delivered())
        for chargeback in self.chargebacks:
            yield from chargeback.cash()
        yield from self.expenses.cash()
        yield from self.bills.cash(self.zone)
        yield from supplier_cash.cash(self.supply)


def plan_history(seed: int, last: date, days: int, customers: int, zone: tzinfo) -> Plan:
    """The history of `days` business dates up to `last`. The same arguments give the same history."""
    rng = Random(f"mingsuan simulation {seed}")  # noqa: S311  (a simulation must be repeatable)
    all_days = dates(last - timedelta(days=days - 1), last)
    end = datetime.combine(last + timedelta(days=1), time(), zone) - timedelta(seconds=1)
    goods, memberships = all_skus(), club_skus()
    prices = price_histories(rng, goods, days)
    people = planned_customers(rng, customers, all_days)
    baskets = Baskets(rng, goods, prices, all_days[0])
    shopped = Shopping(rng, baskets, Aftermath(rng, end), zone, end).shop(people)
    supply = planned_supply(World(seed, tuple(goods), tuple(prices), tuple(all_days), zone, end), shopped.orders)
    shopped = supplied_orders(shopped, supply.supplied, end)
    first_free = 1 + sum(1 for order in shopped.orders for _ in order.units())
    club = Club(rng, memberships, len(goods), first_free, zone, end).join(shopped.orders)
    orders = tuple(sorted((*shopped.orders, *club.orders), key=attrgetter("ordered_at", "customer")))
    keeper = Storekeeper(rng, goods, prices, all_days, zone)
    stock = _stock(
        rng, keeper, len(goods), orders, supply.bought_fen(), datetime.combine(all_days[0], time(), zone), end
    )
    return Plan(
        seed=seed,
        zone=zone,
        days=tuple(all_days),
        end=end,
        skus=(*goods, *memberships),
        prices=(*prices, *(_unchanged(sku) for sku in memberships)),
        customers=tuple(people),
        shopped=replace(shopped, orders=orders),
        periods=club.periods,
        supply=supply,
        stock=stock,
        batch_credits=tuple(bad_codes.batch_credits(rng, stock, end)),
        chargebacks=tuple(chargebacks(rng, orders, end)),
        expenses=planned_expenses(rng, people, orders, all_days, zone, end),
        bills=planned_bills(rng, orders, all_days),
    )


def _stock(
    rng: Random,
    keeper: Storekeeper,
    skus: int,
    orders: tuple[PlannedOrder, ...],
    bought_fen: Mapping[int, int],
    opened_at: datetime,
    end: datetime,
) -> Stock:
    bad = bad_codes.bad_codes(rng, orders, end)
    lost = bad_codes.spoilages(rng, skus, opened_at, end)
    return bad_codes.with_late_costs(rng, keeper.stock(orders, end, bad, lost, bought_fen), end)


def _unchanged(sku: Sku) -> PriceHistory:
    """A membership costs the same throughout, and the shop nothing."""
    return PriceHistory(Steps((0,), (sku.variant.price_fen,)), Steps((0,), (0,)))
