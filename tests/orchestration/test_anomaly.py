"""Anomalies: what is plainly odd is told, and quiet shops are left alone, counted over simulated days."""

import numpy as np
import pytest

from orchestration import anomaly
from orchestration.anomaly import Share

WEEK = np.array([1.0, 0.95, 0.9, 1.0, 1.2, 1.6, 1.5])
QUIET_DAYS = 1000


def quiet(random: np.random.Generator, level: float, days: int, overdispersion: float) -> list[int]:
    """Orders a day of a shop with a weekly rhythm; a gamma-mixed Poisson, wider than Poisson by `overdispersion`."""
    means = level * WEEK[np.arange(days) % 7]
    if overdispersion > 1:
        means = random.gamma(means / (overdispersion - 1), overdispersion - 1)
    return [int(count) for count in random.poisson(means)]


@pytest.mark.parametrize(("level", "overdispersion"), [(12.0, 1.0), (60.0, 1.0), (60.0, 3.0), (2000.0, 8.0)])
def test_fewer_than_one_quiet_day_in_a_hundred_has_an_odd_volume(level: float, overdispersion: float) -> None:
    before = 7 * anomaly.WEEKS
    days = quiet(np.random.default_rng(7), level, before + QUIET_DAYS, overdispersion)
    judged = [anomaly.volume(days[at - before : at], days[at]) for at in range(before, len(days))]
    assert all(each.z is not None for each in judged)
    alarms = sum(each.is_odd for each in judged)
    print(f"level {level}, overdispersion {overdispersion}: {alarms} of {QUIET_DAYS}")  # noqa: T201
    assert alarms < QUIET_DAYS / 100


@pytest.mark.parametrize("rate", [0.002, 0.02, 0.4, 0.99])
@pytest.mark.parametrize("concentration", [None, 300.0])
def test_fewer_than_one_quiet_day_in_a_hundred_has_an_odd_share(rate: float, concentration: float | None) -> None:
    random = np.random.default_rng(11)
    days = []
    for trials in random.poisson(250, anomaly.TRAILING_DAYS + QUIET_DAYS):
        law = rate if concentration is None else random.beta(rate * concentration, (1 - rate) * concentration)
        days.append(Share(int(random.binomial(trials, law)), int(trials)))
    before = anomaly.TRAILING_DAYS
    alarms = sum(anomaly.share(days[at - before : at], days[at]).is_odd for at in range(before, len(days)))
    print(f"rate {rate}, concentration {concentration}: {alarms} of {QUIET_DAYS}")  # noqa: T201
    assert alarms < QUIET_DAYS / 100


def test_half_the_volume_and_twice_the_volume_are_odd_and_a_usual_weekend_is_not() -> None:
    days = quiet(np.random.default_rng(3), 200.0, 7 * anomaly.WEEKS, 2.0)
    for of_the_day, odd in [(100, True), (400, True), (0, True), (205, False)]:
        assert anomaly.volume(days, of_the_day).is_odd is odd
    saturday = days[5:] + quiet(np.random.default_rng(4), 200.0, 5, 2.0)
    assert not anomaly.volume(saturday, 320).is_odd
    assert anomaly.volume(days, 320).is_odd, "on a Monday it would be"


def test_a_shop_that_sells_little_or_is_young_is_not_judged() -> None:
    assert anomaly.volume([1] * 7 * anomaly.WEEKS, 40).z is None
    assert anomaly.volume([100] * 20, 0).z is None
    assert anomaly.share([Share(0, 3)] * anomaly.TRAILING_DAYS, Share(49, 49)).z is None
    assert anomaly.share([Share(1, 100)] * 5, Share(90, 100)).z is None


def test_a_share_by_hand() -> None:
    """28 days of 20 in 200, then 50 in 200: (30 - 0.5) / sqrt(200 · 0.1 · 0.9 · (1 + 200/5600)) = 6.83."""
    judged = anomaly.share([Share(20, 200)] * 28, Share(50, 200))
    assert judged.value == 0.25
    assert judged.z == pytest.approx(6.83, abs=0.02)
    assert judged.is_odd
    assert anomaly.share([Share(20, 200)] * 28, Share(0, 200)).z == pytest.approx(-4.52, abs=0.02)


def test_a_channel_that_falls_silent_and_a_new_one_are_odd() -> None:
    before = [{"douyin": 60, "search": 140}] * anomaly.TRAILING_DAYS
    judged = anomaly.mix(before, {"search": 150, "spam": 50})
    assert {kind for kind, each in judged.items() if each.is_odd} == {"douyin", "spam"}
