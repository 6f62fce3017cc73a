"""What becomes of one purchase at a channel, drawn from the channel's law."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from math import exp
from random import Random
from typing import Literal

from simulation.supplied_law import ChannelLaw

End = Literal["succeeded", "failed", "written_off"]
After = Literal["late_failed", "late_succeeded"]
LONGEST_S = 1800.0
HURRIED_S = 60.0
"""Longest wait for an answer, and the longest where the order's buyer complains soon."""
SILENCE_S, SILENCE_SIGMA = 2400.0, 0.9
"""Until a purchase without an answer turns out to be bought or not: a log-normal time with this median."""
STILL_LATER_FAILED, STILL_LATER_SUCCEEDED = 0.40, 0.25
"""Shares of written-off purchases of which the supplier says after days that they failed, or were delivered."""
COST_DIFFERS = 0.012
"""Share of successes for which a supplier takes another amount than its price was."""
DESK_OPENS, DESK_CLOSES = time(9, 30), time(22, 30)


@dataclass(frozen=True, slots=True)
class Fate:
    """How a purchase ends, `seconds` after it was sent; what is learnt of a written-off one `after_days` later."""

    is_answered: bool
    end: End
    seconds: float
    after: After | None = None
    after_days: float = 0.0
    cost_permille: int = 0


def fate(rng: Random, law: ChannelLaw, hurried: bool) -> Fate:
    """`hurried`: an answer comes, and comes soon."""
    if rng.random() < law.silent and not hurried:
        return _silent(rng, law)
    longest_s = HURRIED_S if hurried else LONGEST_S
    if rng.random() >= law.success:
        return Fate(True, "failed", min(_log_normal(rng, law.lag_s, law.lag_sigma), longest_s))
    seconds = min(_log_normal(rng, law.good_s, law.good_sigma), longest_s)
    permille = rng.choice((-12, -8, 6, 10, 15)) if rng.random() < COST_DIFFERS else 0
    return Fate(True, "succeeded", seconds, cost_permille=permille)


def _silent(rng: Random, law: ChannelLaw) -> Fate:
    luck, seconds = rng.random(), 30 + _log_normal(rng, SILENCE_S, SILENCE_SIGMA)
    if luck < law.silent_good:
        return Fate(False, "succeeded", seconds)
    if luck < law.silent_good + law.silent_bad:
        return Fate(False, "failed", seconds)
    given_up_s = 86_400 * rng.uniform(0.8, 2.5)
    later = rng.random()
    if later < STILL_LATER_FAILED:
        return Fate(False, "written_off", given_up_s, "late_failed", rng.uniform(1, 8))
    if later < STILL_LATER_FAILED + STILL_LATER_SUCCEEDED:
        return Fate(False, "written_off", given_up_s, "late_succeeded", rng.uniform(0.5, 5))
    return Fate(False, "written_off", given_up_s)


def _log_normal(rng: Random, median: float, sigma: float) -> float:
    return median * exp(sigma * rng.gauss(0.0, 1.0))


def at_the_desk(rng: Random, at: datetime, zone: tzinfo) -> datetime:
    """When somebody of the shop gets round to it: within the hour, or in the morning."""
    local = at.astimezone(zone)
    if DESK_OPENS <= local.time() < DESK_CLOSES:
        return at + timedelta(minutes=rng.uniform(4, 50))
    day = local.date() + timedelta(days=1 if local.time() >= DESK_CLOSES else 0)
    return datetime.combine(day, DESK_OPENS, zone) + timedelta(minutes=rng.uniform(1, 40))
