"""What a simulated history consists of before it is written: plain records without keys of any database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from transactional.orders.history import HistoricRefund

CreditSource = Literal["bank", "goodwill"]


@dataclass(frozen=True, slots=True)
class PlannedCustomer:
    """A customer, their channel, their taste (a category) and the business dates on which they order."""

    number: int
    name: str
    channel: str
    taste: str
    pays_by: str
    occasions: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class PlannedUnit:
    """One code sold, or to be sold; `number` is unique over the history."""

    number: int
    sku: int
    gross_fen: int
    discount_fen: int
    state: str
    delivered_at: datetime | None
    refund: HistoricRefund | None = None


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """A line: all its units are of one SKU."""

    sku: int
    units: tuple[PlannedUnit, ...]


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """An order; `method` is None when it was never paid."""

    customer: int
    order_no: str
    ordered_at: datetime
    state: str
    items: tuple[PlannedItem, ...]
    method: str | None
    paid_at: datetime | None
    fee_fen: int
    events: tuple[tuple[str, datetime], ...]

    def units(self) -> Iterator[PlannedUnit]:
        for item in self.items:
            yield from item.units


@dataclass(frozen=True, slots=True)
class PlannedCredit:
    """Money put into a wallet: paid in at the bank, or goodwill."""

    reference: str
    customer: int
    amount_fen: int
    source: CreditSource
    at: datetime


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """Codes bought together; their costs add up to `total_cost_fen`."""

    sku: int
    supplier: str
    bought_at: datetime
    paid_at: datetime | None
    costs_fen: tuple[int, ...]

    @property
    def total_cost_fen(self) -> int:
        return sum(self.costs_fen)


@dataclass(frozen=True, slots=True)
class Stock:
    """All batches, and for each delivered unit its (batch, place in it): first in, first out."""

    batches: tuple[PlannedBatch, ...]
    handed_out: dict[int, tuple[int, int]]

    def cost_fen(self, unit: int) -> int | None:
        """Cost of a delivered unit; None for one that was not."""
        place = self.handed_out.get(unit)
        return None if place is None else self.batches[place[0]].costs_fen[place[1]]
