"""Whether a day is out of the ordinary: its volume against its weekday, a share against the four weeks before. Pure.

Both ask for so much that quiet shops are left alone: the tests simulate 1,000 quiet days and count the alarms.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median

WEEKS = 8
TRAILING_DAYS = 28
Z_LIMIT = 4.5
"""Standard errors beyond which a day is told; both ways."""
LEAST_TRIALS = 50
"""A share of fewer is not judged, nor a share on a base of fewer than ten times as many."""
LEAST_MEDIAN = 5.0
"""Nor the volume of a weekday that usually sees fewer."""
LEAST_VARIANCE = 3.0
"""Of a day's hits or misses: where fewer are usual, their law is skewed and two more are nothing odd."""
NORMAL_MAD = 1.4826
"""The standard deviation of a normal law in median absolute deviations."""
MEDIAN_VARIANCE = 1.571
"""Variance of a median of n normal values, in variances of one, is pi/2 over n."""


@dataclass(frozen=True)
class Judgement:
    """`z` is None when there was too little to judge by; then nothing is odd."""

    value: float
    expected: float | None
    z: float | None

    @property
    def is_odd(self) -> bool:
        return self.z is not None and abs(self.z) > Z_LIMIT


@dataclass(frozen=True)
class Share:
    """`hits` of `trials` on one day."""

    hits: int
    trials: int


def volume(days: Sequence[int], of_the_day: int) -> Judgement:
    """A count against the median of its weekday in the eight weeks before, in units of the days' own spread.

    `days` are the 56 days before, oldest first, zeros included. Counts spread with the square root of their size, so
    residuals are taken on that scale; their spread is the median absolute deviation, and never below Poisson's.
    """
    if len(days) != 7 * WEEKS:
        return Judgement(of_the_day, None, None)
    usual = [median(days[weekday::7]) for weekday in range(7)]
    expected = float(usual[0])  # 56 days before is the same weekday
    if min(usual) < LEAST_MEDIAN:
        return Judgement(of_the_day, expected, None)
    residuals = [(count - usual[at % 7]) / sqrt(usual[at % 7]) for at, count in enumerate(days)]
    spread = max(1.0, NORMAL_MAD * median(abs(each) for each in residuals))
    error = spread * sqrt(expected * (1 + MEDIAN_VARIANCE / WEEKS))
    return Judgement(of_the_day, expected, (of_the_day - expected) / error)


def share(before: Sequence[Share], of_the_day: Share) -> Judgement:
    """A share against the pooled one of the days before, by a binomial law whose overdispersion those days show.

    Overdispersion is Pearson's chi-square by degree of freedom, at least 1 (McCullagh and Nelder, 4.5).
    """
    hits, trials = sum(each.hits for each in before), sum(each.trials for each in before)
    value = of_the_day.hits / of_the_day.trials if of_the_day.trials else 0.0
    if of_the_day.trials < LEAST_TRIALS or trials < 10 * LEAST_TRIALS or len(before) < TRAILING_DAYS:
        return Judgement(value, hits / trials if trials else None, None)
    expected = (hits + 0.5) / (trials + 1)  # Jeffreys' prior: a share that was never seen is rare, not impossible
    wide = expected * (1 - expected)
    days = [each for each in before if each.trials]
    chi = sum((each.hits - each.trials * expected) ** 2 / (each.trials * wide) for each in days)
    dispersion = max(1.0, chi / max(1, len(days) - 1))
    surprise = max(0.0, abs(of_the_day.hits - of_the_day.trials * expected) - 0.5)  # continuity
    error = sqrt(max(LEAST_VARIANCE, of_the_day.trials * wide) * dispersion * (1 + of_the_day.trials / trials))
    return Judgement(value, expected, surprise / error * (1 if value >= expected else -1))


def mix(before: Sequence[Mapping[str, int]], of_the_day: Mapping[str, int]) -> dict[str, Judgement]:
    """Each kind's share of the day's total against the days before."""
    totals = [sum(each.values()) for each in before]
    total = sum(of_the_day.values())
    kinds = sorted({kind for each in (*before, of_the_day) for kind in each})
    return {
        kind: share(
            [Share(each.get(kind, 0), trials) for each, trials in zip(before, totals, strict=True)],
            Share(of_the_day.get(kind, 0), total),
        )
        for kind in kinds
    }
