"""The recorded law of coming back is the law that customers follow, by other means than its closed form."""

from datetime import date
from math import log, sqrt
from random import Random

import numpy as np
import pytest
from scipy import integrate, stats
from sksurv.nonparametric import kaplan_meier_estimator

from simulation.customers import planned_customers
from simulation.law import CHANNELS, Channel, draw_gaps, figures, first_interval
from simulation.seasons import dates

CENTURIES_DAYS = 10**6
ONE_IN_A_MILLION = 1e-6


def integrated(channel: Channel, days: float, occasion: int) -> float:
    """P(again within days) by integrating over rates and over dropouts of those who reached the occasion."""
    rate = stats.gamma(channel.shape, scale=1 / channel.alpha_days)
    dropout = stats.beta(channel.dropout_a, channel.dropout_b)
    # Substituting quantiles for rates and dropouts leaves smooth integrands on (0, 1).
    comes = integrate.quad(lambda u: 1 - np.exp(-rate.ppf(u) * days), 0, 1, limit=200)[0]
    stays, reached = (
        integrate.quad(lambda u, n=n: (1 - dropout.ppf(u)) ** n, 0, 1, limit=200)[0] for n in (occasion, occasion - 1)
    )
    return float(comes * stays / reached)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_the_closed_form_agrees_with_numerical_integration(channel: Channel) -> None:
    for days, occasion in ((1, 1), (30, 1), (365, 1), (30, 2), (90, 5)):
        assert channel.again_within(days, occasion) == pytest.approx(integrated(channel, days, occasion), abs=1e-6)


def test_first_gaps_drawn_without_end_follow_the_recorded_distribution() -> None:
    rng = Random(1)  # noqa: S311  (repeatable)
    weights = [channel.weight for channel in CHANNELS]
    count = 20_000
    drawn = [draw_gaps(rng, rng.choices(CHANNELS, weights)[0], CENTURIES_DAYS)[:1] for _ in range(count)]
    first = np.array([gaps[0] if gaps else np.inf for gaps in drawn])
    band = sqrt(log(2 / ONE_IN_A_MILLION) / (2 * count))  # Dvoretzky-Kiefer-Wolfowitz, with Massart's constant
    for days in (1, 2, 5, 13, 30, 52, 90, 180, 365, 2000):
        assert abs(np.mean(first <= days) - first_interval(days)) < band


def test_second_gaps_follow_the_law_of_the_second_occasion() -> None:
    rng = Random(2)  # noqa: S311  (repeatable)
    [channel] = [channel for channel in CHANNELS if channel.name == "douyin"]
    drawn = [draw_gaps(rng, channel, CENTURIES_DAYS) for _ in range(20_000)]
    second = np.array([gaps[1] if len(gaps) > 1 else np.inf for gaps in drawn if gaps])
    band = sqrt(log(2 / ONE_IN_A_MILLION) / (2 * len(second)))
    for days in (5, 30, 90, 365):
        assert abs(np.mean(second <= days) - channel.again_within(days, 2)) < band


def test_quartiles_are_the_first_days_by_which_so_many_have_come_back() -> None:
    found = figures(first_interval)
    for days, share in ((found.q25_days, 0.25), (found.median_days, 0.5), (found.q75_days, 0.75)):
        assert days is not None
        assert first_interval(days - 1) < share <= first_interval(days)
    assert figures(lambda _days: 0.3).median_days is None


def test_kaplan_meier_of_a_censored_history_finds_the_law_again() -> None:
    days = dates(date(2026, 1, 1), date(2026, 6, 29))
    customers = planned_customers(Random(3), 4000, days)  # noqa: S311  (repeatable)
    came_back = np.array([len(customer.occasions) > 1 for customer in customers])
    gaps = [((*customer.occasions[1:], days[-1])[0] - customer.occasions[0]).days for customer in customers]
    observed = np.array(gaps) > 0
    times, survival = kaplan_meier_estimator(came_back[observed], np.array(gaps)[observed])
    for at in (7, 30, 60, 90):
        estimate = 1 - survival[np.searchsorted(times, at, side="right") - 1]
        assert estimate == pytest.approx(first_interval(at), abs=0.035)


def test_no_gap_is_shorter_than_a_day_or_passes_the_horizon() -> None:
    rng = Random(4)  # noqa: S311  (repeatable)
    for _ in range(2000):
        gaps = draw_gaps(rng, CHANNELS[0], 90)
        assert all(gap >= 1 for gap in gaps)
        assert sum(gaps) <= 90
