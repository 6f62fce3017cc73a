"""What purchases teach of a channel: evidence that forgets, and what to believe of it by now. Pure.

A channel is up or out (a hidden Markov chain, filtered exactly by Bayes' rule after each outcome: Rabiner 1989, §III);
while it is up its purchases succeed at a rate of their own, estimated by a Beta posterior on discounted counts
(power discounting: West and Harrison 1997, §6.3; for choosing among drifting sources: Garivier and Moulines 2011).
Thin or old evidence leaves the prior; what happened while the channel was out hardly counts against it afterwards.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from math import exp, sqrt
from typing import Literal

HALF_LIFE_S = 6 * 86_400
"""Evidence of this age counts half."""
UP_FOR_S = 5 * 86_400
OUT_FOR_S = 2 * 3_600
"""How long a channel is usually up, and out, at a time."""
OUT_SUCCESS = 0.02
"""Share of purchases that succeed all the same while a channel is out."""
UNKNOWN_UP, UNKNOWN_OUT = 0.05, 0.5
"""Share of purchases without an answer while a channel is up, and out."""

SUCCESS, SUCCESS_WEIGHT = 0.95, 10.0
GOOD_S, BAD_S, SECONDS_WEIGHT = 10.0, 30.0, 5.0
DEFECT, DEFECT_WEIGHT = 0.01, 20.0
RECOVERED, RECOVERED_WEIGHT = 0.5, 2.0
LAG_S, LAG_WEIGHT = 86_400.0, 2.0
"""The prior: a mean, and how many purchases it is worth."""

OutcomeKind = Literal["succeeded", "failed", "unknown", "written_off", "defective", "credited"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a purchase of one unit ended, or what became known of it afterwards.

    `unknown`: no answer in time (its end follows). `defective`: a delivered code turned out bad; `credited`: the
    supplier made good for one. `refund_lag_s`: how long a failed purchase's money was away.
    """

    kind: OutcomeKind
    at: datetime
    seconds: float = 0.0
    cost_fen: int = 0
    defective: bool = False
    refund_lag_s: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Discounted sums as of an instant (seconds of the epoch); `out` is how likely the channel was out then."""

    as_of: float
    good: float = 0.0
    bad: float = 0.0
    good_s: float = 0.0
    bad_s: float = 0.0
    tries: float = 0.0
    codes: float = 0.0
    defects: float = 0.0
    credited: float = 0.0
    lost: float = 0.0
    lags: float = 0.0
    lags_s: float = 0.0
    out: float = OUT_FOR_S / (UP_FOR_S + OUT_FOR_S)
    tried_at: float | None = None


@dataclass(frozen=True, slots=True)
class Belief:
    """What to expect of a channel's next purchase. Rates are shares; `tries` is how many purchases it rests on."""

    success: float
    success_sd: float
    out: float
    good_s: float
    bad_s: float
    defect: float
    recovered: float
    lag_s: float
    lost: float
    tries: float
    idle_s: float | None

    @property
    def chance(self) -> float:
        """That the next purchase succeeds."""
        return (1 - self.out) * self.success + self.out * OUT_SUCCESS


CERTAIN = Belief(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, None)
"""Of the shop's own stock."""


def fresh(at: datetime) -> Evidence:
    """Of a channel that nothing was bought from."""
    return Evidence(at.timestamp())


def learned(evidence: Evidence, outcome: Outcome) -> Evidence:
    """The evidence with one more outcome; one that arrives late counts by its age."""
    at = outcome.at.timestamp()
    now = _aged(evidence, max(at, evidence.as_of))
    weight = 0.5 ** ((now.as_of - at) / HALF_LIFE_S)
    if outcome.kind == "defective":
        return replace(now, defects=now.defects + weight)
    if outcome.kind == "credited":
        return replace(now, credited=now.credited + weight)
    if outcome.kind == "unknown":
        return replace(now, out=_posterior(now.out, UNKNOWN_OUT, UNKNOWN_UP), tried_at=now.as_of)
    return _tried(now, outcome, weight)


def believed(evidence: Evidence, at: datetime) -> Belief:
    """What to expect at an instant."""
    now = _aged(evidence, max(at.timestamp(), evidence.as_of))
    a, b = now.good + SUCCESS * SUCCESS_WEIGHT, now.bad + (1 - SUCCESS) * SUCCESS_WEIGHT
    success = a / (a + b)
    return Belief(
        success=success,
        success_sd=sqrt(success * (1 - success) / (a + b + 1)),
        out=now.out,
        good_s=_mean(now.good_s, now.good, GOOD_S, SECONDS_WEIGHT),
        bad_s=_mean(now.bad_s, now.bad, BAD_S, SECONDS_WEIGHT),
        defect=min(_mean(now.defects, now.codes, DEFECT, DEFECT_WEIGHT), 1.0),
        recovered=min(_mean(now.credited, now.defects, RECOVERED, RECOVERED_WEIGHT), 1.0),
        lag_s=_mean(now.lags_s, now.lags, LAG_S, LAG_WEIGHT),
        lost=min(_mean(now.lost, now.tries, 0.0, SUCCESS_WEIGHT), 1.0),
        tries=now.tries,
        idle_s=None if now.tried_at is None else now.as_of - now.tried_at,
    )


def _tried(now: Evidence, outcome: Outcome, weight: float) -> Evidence:
    """A success or failure: first what it says about being out, then, as far as the channel was up, about its rate."""
    rate = believed(now, datetime.fromtimestamp(now.as_of, outcome.at.tzinfo)).success
    succeeded = outcome.kind == "succeeded"
    out = _posterior(now.out, OUT_SUCCESS, rate) if succeeded else _posterior(now.out, 1 - OUT_SUCCESS, 1 - rate)
    up = weight * (1 - out)
    tried = replace(now, out=out, tries=now.tries + weight, tried_at=now.as_of)
    if succeeded:
        return replace(
            tried,
            good=now.good + up,
            good_s=now.good_s + up * outcome.seconds,
            codes=now.codes + weight,
            defects=now.defects + weight * outcome.defective,
        )
    lag_s = outcome.refund_lag_s
    return replace(
        tried,
        bad=now.bad + up,
        bad_s=now.bad_s + up * outcome.seconds,
        lost=now.lost + weight * (outcome.kind == "written_off"),
        lags=now.lags + (weight if lag_s is not None else 0.0),
        lags_s=now.lags_s + weight * (lag_s or 0.0),
    )


def _aged(evidence: Evidence, at: float) -> Evidence:
    """The same evidence, seen from a later instant."""
    passed = at - evidence.as_of
    if passed == 0:
        return evidence
    keep = 0.5 ** (passed / HALF_LIFE_S)
    usual = OUT_FOR_S / (UP_FOR_S + OUT_FOR_S)
    mixed = exp(-passed * (1 / UP_FOR_S + 1 / OUT_FOR_S))
    return Evidence(
        as_of=at,
        good=evidence.good * keep,
        bad=evidence.bad * keep,
        good_s=evidence.good_s * keep,
        bad_s=evidence.bad_s * keep,
        tries=evidence.tries * keep,
        codes=evidence.codes * keep,
        defects=evidence.defects * keep,
        credited=evidence.credited * keep,
        lost=evidence.lost * keep,
        lags=evidence.lags * keep,
        lags_s=evidence.lags_s * keep,
        out=usual + (evidence.out - usual) * mixed,
        tried_at=evidence.tried_at,
    )


def _posterior(prior: float, if_out: float, if_up: float) -> float:
    """Bayes' rule: how likely the channel is out, after what is so likely if it is out, and if it is up."""
    return prior * if_out / (prior * if_out + (1 - prior) * if_up)


def _mean(total: float, count: float, prior: float, prior_weight: float) -> float:
    return (total + prior * prior_weight) / (count + prior_weight)
