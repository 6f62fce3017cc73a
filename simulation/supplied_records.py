"""What was bought of suppliers in a simulated past, before it is written: records without keys of any database.

Offers, decisions and purchases go by their places in `Supplied`, units by their numbers.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from simulation.supplied_prices import PlannedOffer, Rates
from transactional.suppliers.routing.estimate_rules import Evidence
from transactional.suppliers.routing.records import Inputs
from transactional.suppliers.routing.terms import Choice, Policy

PurchaseEnd = Literal["processing", "unknown", "succeeded", "failed", "written_off", "late_failed", "late_succeeded"]
ClaimEnd = Literal["open", "sent", "accepted", "rejected"]


@dataclass(slots=True)
class Want:
    """A unit to be bought; `refunded_at` when its buyer will have money back, which has to be after its delivery."""

    unit: int
    sku: int
    net_fen: int
    paid_at: datetime
    refunded_at: datetime | None = None
    attempts: list[int] = field(default_factory=list)
    times_held: int = 0


@dataclass(frozen=True, slots=True)
class PlannedPolicy:
    """Rules of routing for the whole shop from an instant on."""

    at: datetime
    policy: Policy
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedDecision:
    """A choice and what it rests on; its candidates name channels and offers by their places."""

    unit: int
    at: datetime
    policy: int
    inputs: Inputs
    choice: Choice


@dataclass(slots=True)
class PlannedPurchase:
    """An attempt as it stands at the end of the history; `cost_fen` is what it cost in the end.

    `after_at` is when a written-off one turned out otherwise.
    """

    unit: int
    attempt_no: int
    before: int | None
    decision: int
    offer: int
    channel: int
    at: datetime
    submitted_at: datetime
    unit_cost: Decimal
    currency: str
    exchange_rate: Decimal
    set_aside_fen: int
    prepaid: bool
    request_no: str
    is_answered: bool
    state: PurchaseEnd
    cost_fen: int
    ended_at: datetime | None = None
    after_at: datetime | None = None

    @property
    def succeeded(self) -> bool:
        return self.state == "succeeded"

    @property
    def seconds(self) -> float | None:
        """Until its end was known."""
        return (self.ended_at - self.submitted_at).total_seconds() if self.ended_at else None


@dataclass(slots=True)
class PlannedClaim:
    """A bad code and what its supplier did about it."""

    purchase: int
    opened_at: datetime
    claimed_fen: int
    state: ClaimEnd = "sent"
    credited_fen: int | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlannedPayment:
    """Money to a supplier: `amount` arrived there in its currency, `paid_fen` left the bank."""

    vendor: str
    kind: Literal["top_up", "settlement"]
    reference: str
    amount: Decimal
    paid_fen: int
    loss_fen: int
    at: datetime


@dataclass(slots=True)
class Supplied:
    """Everything between the shop and its suppliers but their statements.

    `wanted` are the units that had to be bought; `evidence` is by channel, as of the end.
    """

    offers: list[PlannedOffer]
    rates: Rates
    policies: list[PlannedPolicy]
    low_fen: int
    wanted: frozenset[int]
    decisions: list[PlannedDecision] = field(default_factory=list)
    purchases: list[PlannedPurchase] = field(default_factory=list)
    claims: list[PlannedClaim] = field(default_factory=list)
    payments: list[PlannedPayment] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)

    def deliveries(self) -> dict[int, PlannedPurchase]:
        """The purchase that brought a unit its code, by unit."""
        return {one.unit: one for one in self.purchases if one.succeeded}
