"""Which channel a unit is bought from: what forbids a candidate, and the choice among the others. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from math import inf

from transactional.suppliers.routing.effective_cost import Prices, effective_fen
from transactional.suppliers.routing.terms import (
    PASSING,
    PER_MYRIAD,
    PRICED,
    Candidate,
    Choice,
    Judged,
    Policy,
    Reason,
    Refusal,
    Situation,
)

ALGORITHM = "effective-cost/1"
HOPE_SD = 2.0
"""How much better than believed a channel may well be, in standard deviations of its success rate."""
UNSURE = frozenset({"quarantined", "no_cost"})
"""Refusals of candidates of which nobody knows whether they would keep the floor."""


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


def can_supply(candidates: Iterable[Candidate], policy: Policy, situation: Situation) -> bool:
    """Whether any of them may be chosen; looks no further than the first that may."""
    return any(not refusals(each, policy, situation) for each in candidates)


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
    dear = [each for each in judged if PRICED & set(each.refusals) and set(each.refusals) <= PRICED | PASSING]
    if [each for each in waiting if not (dear and UNSURE & set(each.refusals))]:
        causes = sorted({refusal for each in waiting for refusal in each.refusals})
        values: dict[str, int | str] = {"count": len(waiting), "causes": " ".join(causes)}
        return Choice("hold", None, "unavailable", values, tuple(judged))
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
