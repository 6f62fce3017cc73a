"""A whole simulated history, made from a seed and its dates alone: no clock, no database."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random

from simulation.aftermath import Aftermath
from simulation.baskets import Baskets
from simulation.cash_book import cash_book
from simulation.catalogue import Sku, all_skus
from simulation.customers import planned_customers
from simulation.planned import PlannedCustomer, Stock
from simulation.prices import PriceHistory, price_histories
from simulation.seasons import dates
from simulation.shopping import Shopped, Shopping
from simulation.stock import Storekeeper


@dataclass(frozen=True, slots=True)
class Plan:
    """The history; SKUs and customers go by their place in these tuples."""

    seed: int
    zone: tzinfo
    days: tuple[date, ...]
    skus: tuple[Sku, ...]
    prices: tuple[PriceHistory, ...]
    customers: tuple[PlannedCustomer, ...]
    shopped: Shopped
    stock: Stock

    def cash_book(self) -> dict[str, dict[str, int]]:
        """Fen of every business date."""
        return cash_book(self.shopped.orders, self.shopped.credits, self.stock, self.zone)


def plan_history(seed: int, last: date, days: int, customers: int, zone: tzinfo) -> Plan:
    """The history of `days` business dates up to `last`. The same arguments give the same history."""
    rng = Random(f"mingsuan simulation {seed}")  # noqa: S311  (a simulation must be repeatable)
    all_days = dates(last - timedelta(days=days - 1), last)
    end = datetime.combine(last + timedelta(days=1), time(), zone) - timedelta(seconds=1)
    skus = all_skus()
    prices = price_histories(rng, skus, days)
    people = planned_customers(rng, customers, all_days)
    baskets = Baskets(rng, skus, prices, all_days[0])
    shopped = Shopping(rng, baskets, Aftermath(rng, end), zone, end).shop(people)
    stock = Storekeeper(rng, skus, prices, all_days, zone).stock(shopped.orders, end)
    return Plan(seed, zone, tuple(all_days), tuple(skus), tuple(prices), tuple(people), shopped, stock)
