"""For how long what lies with a prepaid supplier lasts, and how sure that is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

DAYS = 14
LEAST_DAYS = 3
LONGEST = 365.0
T_95 = (12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160)
"""Student's t for a 95 % interval with 1, 2, … 13 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Runway:
    """In days. `high` None: no end can be told, as the average may be next to nothing. `day_count` is how many whole
    days the average is of."""

    days: float
    low: float
    high: float | None
    daily_fen: float
    day_count: int


def runway(prepaid_fen: int, daily_spend_fen: Sequence[int]) -> Runway | None:
    """The balance over the average daily spend, with the 95 % interval of that average (Student's t).

    `daily_spend_fen`: the last whole days, at most DAYS of them, days without a purchase as 0. None when there are
    too few days or nothing was spent. Days are taken as alike and independent, which is said where it is shown.
    """
    spent = daily_spend_fen[-DAYS:]
    if len(spent) < LEAST_DAYS or sum(spent) <= 0:
        return None
    average = fmean(spent)
    margin = T_95[len(spent) - 2] * stdev(spent) / sqrt(len(spent))
    left = max(prepaid_fen, 0)
    slowest = average - margin
    high = left / slowest if slowest > 0 and left / slowest <= LONGEST else None
    return Runway(left / average, left / (average + margin), high, average, len(spent))
