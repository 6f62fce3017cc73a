"""Which channel a unit is bought from: what each candidate really costs, what forbids it, and the choice. Pure.

Candidates are tried one after another until one brings the good. With success chance p, cost g of a success and f of
a failure, trying them by rising g + f·(1 − p)/p is the cheapest order there is, whatever is done when all have failed
(by exchange of neighbours, as in Smith 1956 and Weitzman 1979); that figure, the effective cost, is the score.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256
from math import inf
from typing import Literal

from transactional.suppliers.estimate_rules import Belief

ALGORITHM = "effective-cost/1"
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
DAY_S = 86_400
LEAST_CHANCE = 0.01
HOPE_SD = 2.0


@dataclass(frozen=True, slots=True)
class Prices:
    """What else than money paid costs money, in fen: waiting a second, a failed try and a bad code handled, money
    away for a day (parts of ten thousand of it)."""

    waiting_second_fen: float = 0.5
    failure_fen: float = 5.0
    defect_fen: float = 200.0
    capital_per_myriad_day: float = 3.0
    prepaid_days: float = 10.0
    """How long money lies with a prepaid supplier before it is used."""


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


def choose(
    candidates: Sequence[Candidate], policy: Policy, situation: Situation, prices: Prices | None = None
) -> Choice:
    """The allowed candidate of least effective cost, now and then another one that may have become better.

    Without one: wait when something may change by itself, else as the policy says.
    """
    prices = prices or Prices()
    ordered = sorted(candidates, key=lambda each: (each.channel_id, each.offer_id))
    judged = tuple(_judged(each, policy, situation, prices) for each in ordered)
    allowed = sorted((each for each in judged if each.allowed), key=lambda each: each.score)
    if not allowed:
        return _without(judged, policy, situation)
    best = allowed[0]
    other = _explored(allowed, policy, situation, prices)
    if other is not None:
        values = _values(other, policy, situation) | _beside(best)
        idle_s = other.candidate.belief.idle_s
        values |= {"idle_minutes": -1 if idle_s is None else int(idle_s // 60)}
        return Choice("chosen", other.candidate, "explored", values, judged)
    values = _values(best, policy, situation) | {"count": len(allowed)}
    if len(allowed) > 1:
        values |= _beside(allowed[1])
    return Choice("chosen", best.candidate, _why(best, allowed, policy, situation), values, judged)


def can_supply(candidates: Sequence[Candidate], policy: Policy, situation: Situation) -> bool:
    """Whether any of them may be chosen."""
    return any(not refusals(each, policy, situation) for each in candidates)


def effective_fen(cost_fen: int, belief: Belief, prepaid: bool, prices: Prices) -> float:
    """What a good unit of this channel costs in all: g + f·(1 − p)/p."""
    chance = max(belief.chance, LEAST_CHANCE)
    return _success_fen(cost_fen, belief, prepaid, prices) + _failure_fen(cost_fen, belief, prices) * (1 / chance - 1)


def _success_fen(cost_fen: int, belief: Belief, prepaid: bool, prices: Prices) -> float:
    """A good bought: its cost, the wait, what replaces a bad one, and money that lay with the supplier."""
    bad_code = cost_fen * (1 - belief.recovered) + prices.defect_fen
    lying = cost_fen * prices.capital_per_myriad_day * prices.prepaid_days / PER_MYRIAD if prepaid else 0.0
    return cost_fen + prices.waiting_second_fen * belief.good_s + belief.defect * bad_code + lying


def _failure_fen(cost_fen: int, belief: Belief, prices: Prices) -> float:
    """A try that brings nothing: the wait, its handling, money away until it comes back, or lost."""
    away = cost_fen * prices.capital_per_myriad_day * belief.lag_s / DAY_S / PER_MYRIAD
    return prices.waiting_second_fen * belief.bad_s + prices.failure_fen + away + belief.lost * cost_fen


def _judged(candidate: Candidate, policy: Policy, situation: Situation, prices: Prices) -> Judged:
    score, cost_fen = None, candidate.cost_fen
    if cost_fen is not None:
        score = effective_fen(cost_fen, candidate.belief, candidate.prepaid_fen is not None, prices)
    return Judged(candidate, refusals(candidate, policy, situation), score)


def refusals(candidate: Candidate, policy: Policy, situation: Situation) -> tuple[Refusal, ...]:
    """Everything that keeps a candidate from being chosen."""
    found = (*_forbidden(candidate, policy, situation), *_unable(candidate, situation.quantity))
    return found if candidate.cost_fen is None else (*found, *_too_dear(candidate.cost_fen, policy, situation))


def _forbidden(candidate: Candidate, policy: Policy, situation: Situation) -> list[Refusal]:
    """What the policy and this unit's history say about the channel."""
    channel, windows = candidate.channel_id, [w for w in policy.windows if w.channel_id == candidate.channel_id]
    elsewhere = policy.regions and candidate.regions and not set(policy.regions) & set(candidate.regions)
    found: list[tuple[bool, Refusal]] = [
        (channel in policy.excluded_channel_ids, "excluded"),
        (policy.pinned_channel_id not in (None, channel), "not_pinned"),
        (channel in situation.without_channels, "tried"),
        (bool(elsewhere), "region"),
        (bool(windows) and not any(window.holds(situation.minute) for window in windows), "window"),
    ]
    return [refusal for holds, refusal in found if holds]


def _unable(candidate: Candidate, quantity: int) -> list[Refusal]:
    """What keeps the channel from supplying now."""
    cost, stock, prepaid = candidate.cost_fen, candidate.stock, candidate.prepaid_fen
    found: list[tuple[bool, Refusal]] = [
        (candidate.channel_state != "active", "paused"),
        (candidate.breaker == "open", "breaker"),
        (candidate.offer_state == "withdrawn", "withdrawn"),
        (candidate.offer_state == "quarantined", "quarantined"),
        (cost is None or cost <= 0, "no_cost"),
        (stock is not None and stock < quantity, "no_stock"),
        (prepaid is not None and cost is not None and prepaid < cost, "balance"),
    ]
    return [refusal for holds, refusal in found if holds]


def _too_dear(cost_fen: int, policy: Policy, situation: Situation) -> list[Refusal]:
    most, floor_fen = policy.max_unit_cost_fen, policy.floor_fen(situation.net_fen, situation.quantity)
    refusals: list[Refusal] = []
    if most is not None and cost_fen > most * situation.quantity:
        refusals.append("max_cost")
    if situation.net_fen - cost_fen < floor_fen and not situation.override_floor:
        refusals.append("below_floor")
    return refusals


def _explored(allowed: Sequence[Judged], policy: Policy, situation: Situation, prices: Prices) -> Judged | None:
    """Now and then, the one left alone the longest among those that may well be better than the best."""
    best = allowed[0]
    if situation.stage != "purchase" or draw(situation.seed) >= policy.explore_per_myriad / PER_MYRIAD:
        return None
    promising = [each for each in allowed[1:] if _hopeful_fen(each.candidate, prices) < best.score]
    return max(promising, key=lambda each: _idle_s(each.candidate), default=None)


def _hopeful_fen(candidate: Candidate, prices: Prices) -> float:
    """The effective cost if the channel is up and as good as it may well be."""
    belief = candidate.belief
    hope = replace(belief, out=0.0, success=min(belief.success + HOPE_SD * belief.success_sd, 1.0))
    return effective_fen(candidate.cost_fen or 0, hope, candidate.prepaid_fen is not None, prices)


def _idle_s(candidate: Candidate) -> float:
    return inf if candidate.belief.idle_s is None else candidate.belief.idle_s


def draw(seed: str) -> float:
    """A number in [0, 1) that the seed alone decides."""
    return int.from_bytes(sha256(seed.encode()).digest()[:7]) / 2**56


def _why(best: Judged, allowed: Sequence[Judged], policy: Policy, situation: Situation) -> Reason:
    cost = best.candidate.cost_fen or 0
    if situation.net_fen - cost < policy.floor_fen(situation.net_fen, situation.quantity):
        return "overridden"
    if policy.pinned_channel_id is not None:
        return "pinned"
    return "cheapest" if len(allowed) > 1 else "only"


def _without(judged: Sequence[Judged], policy: Policy, situation: Situation) -> Choice:
    """Nobody may supply: is there one that may later, one that is too dear, or none at all?"""
    waiting = [each for each in judged if set(each.refusals) <= PASSING]
    if waiting:
        causes = sorted({refusal for each in waiting for refusal in each.refusals})
        values: dict[str, int | str] = {"count": len(waiting), "causes": " ".join(causes)}
        return Choice("hold", None, "unavailable", values, tuple(judged))
    dear = [each for each in judged if PRICED & set(each.refusals) and set(each.refusals) <= PRICED | PASSING]
    if dear:
        least = min(dear, key=lambda each: each.candidate.cost_fen or 0)
        reason: Reason = "below_floor" if "below_floor" in least.refusals else "max_cost"
        return Choice(policy.at_loss, None, reason, _values(least, policy, situation), tuple(judged))
    reason = "all_tried" if any("tried" in each.refusals for each in judged) else "none"
    return Choice(policy.at_loss, None, reason, {"count": len(judged)}, tuple(judged))


def _values(judged: Judged, policy: Policy, situation: Situation) -> dict[str, int | str]:
    candidate, cost = judged.candidate, judged.candidate.cost_fen or 0
    return {
        "channel": candidate.channel,
        "cost_fen": cost,
        "effective_fen": round(judged.score),
        "margin_fen": situation.net_fen - cost,
        "floor_fen": policy.floor_fen(situation.net_fen, situation.quantity),
        "most_fen": (policy.max_unit_cost_fen or 0) * situation.quantity,
    }


def _beside(judged: Judged) -> dict[str, int | str]:
    return {"next_channel": judged.candidate.channel, "next_effective_fen": round(judged.score)}
