"""What a simulated history consists of before it is written: plain records without keys of any database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from transactional.orders.historic import HistoricRefund

CreditSource = Literal["bank", "goodwill"]
Place = tuple[int, int]
"""A code: its batch, and its place in that."""


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
    """One unit sold, or to be sold; `number` is unique over the history.

    A running membership that is refunded has two refunds: of what was earned, and of the days to come.
    """

    number: int
    sku: int
    gross_fen: int
    discount_fen: int
    state: str
    delivered_at: datetime | None
    refunds: tuple[HistoricRefund, ...] = ()
    is_membership: bool = False

    @property
    def net_fen(self) -> int:
        return self.gross_fen - self.discount_fen


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """A line: all its units are of one SKU."""

    sku: int
    units: tuple[PlannedUnit, ...]

    @property
    def net_fen(self) -> int:
        return sum(unit.net_fen for unit in self.units)


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """An order; `method` is None when it was never paid. `fee_fen` is the gateway's fee as the shop estimates it."""

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

    @property
    def net_fen(self) -> int:
        return sum(item.net_fen for item in self.items)

    @property
    def out_trade_no(self) -> str:
        """The payment's number at the gateway."""
        return f"P{self.order_no}"

    @property
    def gateway_trade_no(self) -> str:
        """The gateway's own number of it."""
        return f"SIM{self.order_no}"

    def out_refund_no(self, unit: PlannedUnit) -> str:
        """The number of what goes back for a unit."""
        return f"R{self.order_no}U{unit.number}"


@dataclass(frozen=True, slots=True)
class PlannedCredit:
    """Money put into a wallet: paid in at the bank, or goodwill."""

    reference: str
    customer: int
    amount_fen: int
    source: CreditSource
    at: datetime


@dataclass(frozen=True, slots=True)
class CostHistory:
    """A batch's costs as first known (None: not at all), and when the right ones were learnt (None: never)."""

    first_costs_fen: tuple[int, ...] | None
    learnt_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """Codes bought together; their costs add up to `total_cost_fen`. `late` when that was not known at once."""

    sku: int
    supplier: str
    bought_at: datetime
    paid_at: datetime | None
    costs_fen: tuple[int, ...]
    late: CostHistory | None = None

    @property
    def total_cost_fen(self) -> int:
        return sum(self.costs_fen)

    def known_costs_fen(self, at: datetime | None = None) -> tuple[int | None, ...]:
        """What the codes cost as the shop knows it at an instant, or at the end."""
        if self.late is None:
            return self.costs_fen
        learnt_at = self.late.learnt_at
        if learnt_at and (at is None or at >= learnt_at):
            return self.costs_fen
        return self.late.first_costs_fen or (None,) * len(self.costs_fen)

    def known_total_fen(self, at: datetime | None = None) -> int | None:
        """The same of the whole batch."""
        known = [cost for cost in self.known_costs_fen(at) if cost is not None]
        return sum(known) if len(known) == len(self.costs_fen) else None


@dataclass(frozen=True, slots=True)
class PlannedDefect:
    """A code found bad: in stock (no unit), or with a customer, who got another for it."""

    bad: Place
    unit: int | None
    replacement: Place | None
    at: datetime


@dataclass(frozen=True, slots=True)
class PlannedVoid:
    """Codes taken out of sale together."""

    places: tuple[Place, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Stock:
    """All batches, and for each unit delivered from them its first code: first in, first out; and codes that were lost.

    `bought_fen` is what each unit cost that was bought for its order.
    """

    batches: tuple[PlannedBatch, ...]
    handed_out: dict[int, Place]
    defects: tuple[PlannedDefect, ...] = ()
    voids: tuple[PlannedVoid, ...] = ()
    bought_fen: Mapping[int, int] = field(default_factory=dict)

    def cost_fen(self, unit: int) -> int | None:
        """Cost of a delivered unit as it is known at the end; None for one that was not delivered."""
        if unit in self.bought_fen:
            return self.bought_fen[unit]
        place = self.handed_out.get(unit)
        return None if place is None else self.batches[place[0]].known_costs_fen()[place[1]]

    def posted_cost_fen(self, unit: int, at: datetime) -> int | None:
        """Cost of a unit as it was known when it was delivered."""
        if unit in self.bought_fen:
            return self.bought_fen[unit]
        place = self.handed_out.get(unit)
        return None if place is None else self.batches[place[0]].known_costs_fen(at)[place[1]]
