"""The law by which simulated customers come back: known in closed form, so that estimates can be held against it.

A customer of a channel has an own daily rate, gamma(shape, scale 1 / alpha_days), and after every occasion stays
away for good with an own probability, beta(a, b) (the BG/NBD model; Fader, Hardie and Lee 2005). Gaps are whole days:
an exponential time rounded up, so that distribution functions hold exactly at whole days.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

HORIZONS_DAYS = (30, 60, 90, 365)
LONGEST_QUANTILE_DAYS = 10_000


@dataclass(frozen=True, slots=True)
class Channel:
    """How customers were won, their share of all customers, and their law."""

    name: str
    weight: float
    shape: float
    alpha_days: float
    dropout_a: float
    dropout_b: float

    def again_within(self, days: float, occasion: int = 1) -> float:
        """P(next occasion at most `days` after this one) among customers who reach that occasion, given time enough."""
        stays_away = self.dropout_a / (self.dropout_a + self.dropout_b + occasion - 1)
        return (1 - stays_away) * (1 - math.pow(self.alpha_days / (self.alpha_days + days), self.shape))


@dataclass(frozen=True, slots=True)
class Figures:
    """Quartiles in whole days (None: never reached) and probabilities of a next occasion within horizons."""

    q25_days: int | None
    median_days: int | None
    q75_days: int | None
    p30: float
    p60: float
    p90: float
    p365: float


CHANNELS = (
    Channel("wechat", 0.34, 0.95, 22.0, 1.2, 5.4),
    Channel("search", 0.22, 0.90, 30.0, 1.3, 4.3),
    Channel("douyin", 0.20, 0.85, 36.0, 1.6, 3.4),
    Channel("referral", 0.14, 1.10, 20.0, 0.9, 6.1),
    Channel("xiaohongshu", 0.10, 0.90, 28.0, 1.4, 4.0),
)


def first_interval(days: float, channels: Sequence[Channel] = CHANNELS) -> float:
    """P(second occasion at most `days` after the first) over all channels."""
    whole = sum(channel.weight for channel in channels)
    return sum(channel.weight * channel.again_within(days) for channel in channels) / whole


def figures(again_within: Callable[[float], float]) -> Figures:
    """The figures that a report of repurchase shows, of the true law."""
    q25, median, q75 = (_quantile(again_within, share) for share in (0.25, 0.5, 0.75))
    return Figures(q25, median, q75, *(again_within(days) for days in HORIZONS_DAYS))


def _quantile(again_within: Callable[[float], float], share: float) -> int | None:
    """First whole day by which the share has come back."""
    if again_within(LONGEST_QUANTILE_DAYS) < share:
        return None
    low, high = 0, LONGEST_QUANTILE_DAYS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if again_within(middle) >= share else (middle, high)
    return high


def draw_gaps(rng: Random, channel: Channel, horizon_days: int) -> list[int]:
    """Days between the occasions of a new customer, until they stay away or the horizon is passed."""
    rate = max(rng.gammavariate(channel.shape, 1 / channel.alpha_days), 1e-12)
    dropout = rng.betavariate(channel.dropout_a, channel.dropout_b)
    gaps: list[int] = []
    left = horizon_days
    while rng.random() >= dropout:
        time = rng.expovariate(rate)
        if time > left:
            break
        gaps.append(max(math.ceil(time), 1))
        left -= gaps[-1]
    return gaps


def draw_occasions(rng: Random, channel: Channel, first: date, last: date) -> list[date]:
    """Business dates on which a customer who came first on `first` orders, up to `last`."""
    dates = [first]
    for gap in draw_gaps(rng, channel, (last - first).days):
        dates.append(dates[-1] + timedelta(days=gap))
    return dates
