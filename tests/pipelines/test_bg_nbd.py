"""BG/NBD against the published fit, against numerical integration, and against histories made by its own law."""

from datetime import datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from pipelines import bg_nbd
from pipelines.bg_nbd import BgNbd, Purchases
from tests.pipelines import published_cdnow

PUBLISHED = BgNbd(0.243, 4.414, 0.793, 2.426)
SHOP = BgNbd(0.9, 4.0, 1.3, 4.5)


def _simulated(random: np.random.Generator, law: BgNbd, weeks: NDArray[np.float64]) -> Purchases:
    """What customers do who are watched for so many weeks each."""
    rate = random.gamma(law.r, 1 / law.alpha, len(weeks))
    leaves = random.beta(law.a, law.b, len(weeks))
    now, repeats, last = np.zeros(len(weeks)), np.zeros(len(weeks)), np.zeros(len(weeks))
    there = np.ones(len(weeks), dtype=bool)
    while there.any():
        now += random.exponential(1 / np.maximum(rate, 1e-12))
        there &= now <= weeks
        repeats += there
        last = np.where(there, now, last)
        there &= random.random(len(weeks)) >= leaves
    return Purchases(repeats, last, weeks, np.ones(len(weeks)))


def _posterior(law: BgNbd, repeats: float, last: float, watched: float, after: float) -> tuple[float, float]:
    """P(alive) and the expected purchases within `after` more, summed over a grid of customers who may differ.

    In ln(rate) and the logit of leaving the integrands are smooth and vanish at both ends, so equal steps are exact.
    """
    rate = np.exp(np.linspace(-40, 8, 900))[:, None]
    logit = np.linspace(-40, 30, 900)[None, :]
    leaves, keeps = special.expit(logit), special.expit(-logit)
    prior = rate**law.r * np.exp(-law.alpha * rate) * leaves**law.a * keeps**law.b
    stays = prior * rate**repeats * keeps**repeats * np.exp(-rate * watched)
    left = prior * rate**repeats * keeps ** (repeats - 1) * leaves * np.exp(-rate * last)
    bought = stays * -np.expm1(-rate * leaves * after) / leaves
    whole = (stays + left).sum()
    return float(stays.sum() / whole), float(bought.sum() / whole)


def test_the_published_fit_of_cdnow_is_found() -> None:
    sample = published_cdnow.purchases()
    assert sample.customers.sum() == published_cdnow.CUSTOMERS
    found = bg_nbd.fit(sample)
    assert [round(value, 3) for value in found.values] == [PUBLISHED.r, PUBLISHED.alpha, PUBLISHED.a, PUBLISHED.b]
    assert round(found.log_likelihood, 1) == -9582.4
    assert found.converged
    assert found.starts_agreeing == found.starts == 3
    assert all(one.low < one.value < one.high for one in found.estimates if one.low and one.high)


def test_the_published_expectation_of_one_customer_is_found() -> None:
    # Customer 0001 of the sample: two repeats, the last in week 30.43 of 38.86; 1.226 expected in the next 39 weeks.
    one = np.array([2.0]), np.array([30.43]), np.array([38.86])
    assert PUBLISHED.expected(39, *one)[0] == pytest.approx(1.226, abs=5e-4)


def test_the_weeks_of_the_published_summary_come_from_days_of_the_transactions() -> None:
    """Occasions of one customer and date counted once, weeks as days by seven: as the warehouse counts."""
    dates: dict[str, set[datetime]] = {}
    for customer, day in published_cdnow.transactions():
        dates.setdefault(customer, set()).add(datetime.strptime(day, "%Y%m%d"))  # noqa: DTZ007  (a date)
    end = datetime(1997, 9, 30)  # noqa: DTZ001
    seen = [sorted(day for day in days if day <= end) for days in dates.values()]
    counted = sorted(
        (len(days) - 1, round((days[-1] - days[0]).days / 7, 2), (end - days[0]).days / 7) for days in seen
    )
    sample = published_cdnow.purchases()
    given = sorted(zip(sample.repeats, sample.last, sample.watched, strict=True))
    np.testing.assert_allclose(np.array(counted), np.array(given), atol=0.011)


@pytest.mark.parametrize(
    ("law", "repeats", "last", "watched"),
    [
        (SHOP, 1.0, 2.0, 9.0),
        (SHOP, 6.0, 20.0, 26.0),
        (PUBLISHED, 2.0, 30.43, 38.86),
        (BgNbd(1.1, 4.0, 1.0, 3.0), 2.0, 3.0, 12.0),
    ],
)
def test_closed_forms_agree_with_numerical_integration(law: BgNbd, repeats: float, last: float, watched: float) -> None:
    one = np.array([repeats]), np.array([last]), np.array([watched])
    for after in (30 / 7, 365 / 7):
        alive, expected = _posterior(law, repeats, last, watched, after)
        assert law.p_alive(*one)[0] == pytest.approx(alive, rel=1e-5)
        assert law.expected(after, *one)[0] == pytest.approx(expected, rel=1e-5)


def test_expectation_is_continuous_where_the_published_formula_is_nought_by_nought() -> None:
    one = np.array([3.0]), np.array([5.0]), np.array([20.0])
    at_one = BgNbd(0.9, 4.0, 1.0, 4.5).expected(52, *one)[0]
    beside = [BgNbd(0.9, 4.0, 1 + step, 4.5).expected(52, *one)[0] for step in (-1e-3, 1e-3)]
    assert min(beside) < at_one < max(beside)
    assert at_one == pytest.approx(sum(beside) / 2, rel=1e-5)


def test_whoever_came_once_is_still_a_customer_and_nothing_overflows_for_those_who_came_a_thousand_times() -> None:
    repeats, last, watched = np.array([0.0, 1000.0, 1000.0]), np.array([0.0, 100.0, 1.0]), np.array([100.0] * 3)
    assert SHOP.p_alive(repeats, last, watched).tolist() == pytest.approx([1, 0.99, 0], abs=0.01)
    expected = SHOP.expected(52, repeats, last, watched)
    assert np.isfinite(expected).all()
    assert expected[2] == pytest.approx(0, abs=1e-9)


def test_customers_do_what_is_expected_of_them() -> None:
    """Those who look alike after half a year: how many of them are alive, and what they buy in the half after."""
    random = np.random.default_rng(11)
    weeks = np.full(60_000, 52.0)
    rate, leaves = random.gamma(SHOP.r, 1 / SHOP.alpha, len(weeks)), random.beta(SHOP.a, SHOP.b, len(weeks))
    now, repeats, last, later = (np.zeros(len(weeks)) for _ in range(4))
    there = np.ones(len(weeks), dtype=bool)
    alive = there.copy()
    while there.any():
        now += random.exponential(1 / np.maximum(rate, 1e-12))
        there &= now <= weeks
        early = there & (now <= 26)
        repeats += early
        last = np.where(early, now, last)
        later += there & ~early
        stays = random.random(len(weeks)) >= leaves
        alive &= ~early | stays
        there &= stays
    past = repeats, last, np.full(len(weeks), 26.0)
    for some in (repeats == 0, repeats == 1, repeats >= 4):
        part = tuple(column[some] for column in past)
        assert SHOP.p_alive(*part).mean() == pytest.approx(alive[some].mean(), abs=4 / np.sqrt(some.sum()))
        error = later[some].std() / np.sqrt(some.sum())
        assert SHOP.expected(26, *part).mean() == pytest.approx(later[some].mean(), abs=4 * error)


def test_intervals_cover_the_parameters_of_simulated_shops(full_counts: bool) -> None:
    rounds = 200 if full_counts else 5
    covered = np.zeros(4)
    for seed in range(rounds):
        random = np.random.default_rng(seed)
        found = bg_nbd.fit(_simulated(random, SHOP, random.uniform(4, 80, 2000)))
        truth = (SHOP.r, SHOP.alpha, SHOP.a, SHOP.b)
        covered += [
            one.low is not None and one.high is not None and one.low <= true <= one.high
            for one, true in zip(found.estimates, truth, strict=True)
        ]
    low, high = stats.binom.ppf([0.0005, 0.9995], rounds, 0.95)
    assert ((low <= covered) & (covered <= high)).all(), covered


def test_a_part_of_many_groups_leads_to_the_same_maximum(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    made = _simulated(random, SHOP, random.uniform(4, 80, 3000))
    whole = bg_nbd.fit(made)
    monkeypatch.setattr(bg_nbd, "_MANY_GROUPS", 500)
    assert bg_nbd.fit(made).values == pytest.approx(whole.values, rel=1e-4)


def test_impossible_histories_are_refused() -> None:
    one = np.ones(1)
    with pytest.raises(ValueError, match="last purchase lies between"):
        Purchases(one, one * 3, one * 2, one)
    with pytest.raises(ValueError, match="last purchase lies between"):
        Purchases(one * 0, one, one * 2, one)
    with pytest.raises(ValueError, match="one each a group"):
        Purchases(one, one, np.ones(2), one)
