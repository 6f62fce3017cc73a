"""The words of routing: policies, candidates, what is asked and what comes out. Pure; the rules choose."""

from dataclasses import dataclass, field
from decimal import Decimal
from math import inf
from typing import Literal

from transactional.suppliers.routing.estimate_rules import Belief

Stage = Literal["quote", "payment", "purchase"]
Refusal = Literal[
    "excluded",
    "not_pinned",
    "tried",
    "region",
    "window",
    "paused",
    "breaker",
    "withdrawn",
    "quarantined",
    "no_cost",
    "no_stock",
    "balance",
    "max_cost",
    "below_floor",
]
PASSING = frozenset({"window", "paused", "breaker", "quarantined", "no_cost", "no_stock", "balance"})
"""Refusals that may be over later, by themselves or by somebody's hand."""
PRICED = frozenset({"max_cost", "below_floor"})
Reason = Literal[
    "cheapest",
    "only",
    "pinned",
    "explored",
    "overridden",
    "below_floor",
    "max_cost",
    "unavailable",
    "all_tried",
    "none",
]
PER_MYRIAD = 10_000


@dataclass(frozen=True, slots=True)
class Window:
    """A channel that has windows is used inside them only: minutes of the day in the shop's zone, `to` excluded.

    One with `to` at or before `from_` runs over midnight.
    """

    channel_id: int
    from_minute: int
    to_minute: int

    def holds(self, minute: int) -> bool:
        if self.from_minute < self.to_minute:
            return self.from_minute <= minute < self.to_minute
        return minute >= self.from_minute or minute < self.to_minute


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules in force. The floor is the larger of both: fen a unit, and parts of ten thousand of the net price."""

    floor_margin_fen: int = 0
    floor_margin_per_myriad: int = 0
    max_unit_cost_fen: int | None = None
    pinned_channel_id: int | None = None
    excluded_channel_ids: tuple[int, ...] = ()
    regions: tuple[str, ...] = ()
    windows: tuple[Window, ...] = ()
    explore_per_myriad: int = 200
    at_loss: Literal["hold", "refund"] = "hold"

    def floor_fen(self, net_fen: int, quantity: int) -> int:
        """The least that units sold for `net_fen` together must earn; a part of a fen counts whole."""
        return max(self.floor_margin_fen * quantity, -(-net_fen * self.floor_margin_per_myriad // PER_MYRIAD))


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer as it stood when it was judged. `cost_fen` is for the whole quantity, None when it is not known.

    `stock` None: not told. `prepaid_fen`: what lies with a prepaid supplier, None when nothing has to.
    """

    offer_id: int
    channel_id: int
    channel: str
    protocol: str
    unit_cost: Decimal | None
    currency: str
    exchange_rate: Decimal
    cost_fen: int | None
    stock: int | None
    prepaid_fen: int | None
    belief: Belief
    regions: tuple[str, ...] = ()
    offer_state: str = "active"
    channel_state: str = "active"
    breaker: str = "closed"


@dataclass(frozen=True, slots=True)
class Situation:
    """What is to be bought, for which net price; `seed` decides whether this one explores."""

    stage: Stage
    quantity: int
    net_fen: int
    minute: int
    seed: str
    without_channels: tuple[int, ...] = ()
    override_floor: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate, why it cannot be (every reason), and its effective cost in fen, when its cost is known."""

    candidate: Candidate
    refusals: tuple[Refusal, ...]
    effective_fen: float | None

    @property
    def allowed(self) -> bool:
        return not self.refusals

    @property
    def score(self) -> float:
        return inf if self.effective_fen is None else self.effective_fen


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be done, and everything that the sentence about it needs."""

    outcome: Literal["chosen", "hold", "refund"]
    chosen: Candidate | None
    reason: Reason
    values: dict[str, int | str] = field(default_factory=dict)
    judged: tuple[Judged, ...] = ()
