"""Orders of the past as frozen records: what imports and simulations say, before anything has a key."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class HistoricCustomer:
    """A customer as the history knows them; `ref` is their name in its source."""

    ref: str
    acquisition_channel: str
    registered_at: datetime
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class HistoricRefund:
    """Money given back for a fulfilment: owed from `refunded_at`, paid out at `paid_out_at` (None: still owed).

    `out_refund_no` is its payout's number at the gateway; refunds of an order with the same number went back together.
    """

    amount_fen: int
    method: str
    reason: str
    earned: bool
    refunded_at: datetime
    paid_out_at: datetime | None
    out_refund_no: str | None = None


@dataclass(frozen=True, slots=True)
class BoughtFrom:
    """Whom a unit was bought from when it was sold, and over which channel; the purchase is written by who knows it."""

    supplier_id: int
    channel_id: int


@dataclass(frozen=True, slots=True)
class HistoricUnit:
    """A fulfilment. Its state is one of `orders.rules.FULFILMENT_STATES`; a cost of None is unknown, not zero.

    With `cost_was_late`, it was delivered at `first_cost_fen`, and the correction since is posted by who knows of it.
    `waits_for` is one of `orders.rules.WAITS`, for a waiting one.
    """

    quantity: int
    state: str
    gross_fen: int
    discount_fen: int
    cost_fen: int | None = None
    delivered_at: datetime | None = None
    refunds: tuple[HistoricRefund, ...] = ()
    cost_was_late: bool = False
    first_cost_fen: int | None = None
    bought_from: BoughtFrom | None = None
    waits_for: str | None = None

    @property
    def posted_cost_fen(self) -> int | None:
        """The cost that the delivery was posted with."""
        return self.first_cost_fen if self.cost_was_late else self.cost_fen


@dataclass(frozen=True, slots=True)
class HistoricItem:
    """A line; its totals are authoritative and its units add up to them.

    What memberships earn is posted by who knows of their periods.
    """

    line_no: int
    sku_id: int
    quantity: int
    gross_fen: int
    discount_fen: int
    units: tuple[HistoricUnit, ...]
    is_membership: bool = False

    @property
    def net_fen(self) -> int:
        return self.gross_fen - self.discount_fen


@dataclass(frozen=True, slots=True)
class HistoricOrder:
    """An order with all that became of it. Without a number it is called by its source and key.

    `out_trade_no` and `gateway_trade_no` are those of its payment, where daily bills name it.
    """

    source_ref: str
    customer_id: int
    ordered_at: datetime
    state: str
    items: tuple[HistoricItem, ...]
    method: str | None = None
    paid_at: datetime | None = None
    fee_fen: int = 0
    order_no: str | None = None
    events: tuple[tuple[str, datetime], ...] = ()
    out_trade_no: str | None = None
    gateway_trade_no: str | None = None

    @property
    def gross_fen(self) -> int:
        return sum(item.gross_fen for item in self.items)

    @property
    def discount_fen(self) -> int:
        return sum(item.discount_fen for item in self.items)

    @property
    def membership_fen(self) -> int:
        """What of the price is earned over time."""
        return sum(item.net_fen for item in self.items if item.is_membership)

    @property
    def delivered_at(self) -> datetime | None:
        """When the last unit was handed over, if any was."""
        times = [unit.delivered_at for item in self.items for unit in item.units if unit.delivered_at]
        return max(times, default=None)
