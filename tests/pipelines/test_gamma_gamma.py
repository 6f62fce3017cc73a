"""Gamma–gamma against the published fit, against numerical integration, and against values made by its own law."""

import numpy as np
import pytest
from scipy import stats

from pipelines import gamma_gamma
from pipelines.gamma_gamma import GammaGamma
from tests.pipelines import published_cdnow

PUBLISHED = GammaGamma(6.25, 3.74, 15.44)
SHOP = GammaGamma(3.0, 4.5, 9000.0)


def test_the_published_fit_of_cdnow_is_found() -> None:
    purchases, mean = published_cdnow.repeat_values()
    assert len(purchases) == 946
    found = gamma_gamma.fit(purchases, mean)
    assert found.values == pytest.approx((PUBLISHED.p, PUBLISHED.q, PUBLISHED.gamma), abs=0.011)
    assert found.converged
    assert found.starts_agreeing == found.starts == 3


def test_another_unit_of_money_changes_gamma_and_the_height_and_nothing_else() -> None:
    purchases, mean = published_cdnow.repeat_values()
    dollars, cents = gamma_gamma.fit(purchases, mean), gamma_gamma.fit(purchases, mean * 100)
    assert cents.values == pytest.approx((*dollars.values[:2], dollars.values[2] * 100), rel=1e-6)
    assert cents.log_likelihood == pytest.approx(dollars.log_likelihood - len(mean) * np.log(100))
    density = sum(
        np.log(_over_customers(float(x), float(z), GammaGamma(*dollars.values)))
        for x, z in zip(purchases[:5], mean[:5], strict=True)
    )
    assert gamma_gamma._log_likelihood(
        purchases[:5], mean[:5], np.log(purchases[:5]), np.log(mean[:5]), np.array(dollars.values)
    )[0] == pytest.approx(density, rel=1e-6)


def _over_customers(purchases: float, mean: float, law: GammaGamma, power: int = 0) -> float:
    """The density of a mean times a power of a customer's true value, over all that customers may differ in."""
    ln_rate = np.linspace(-40, 15, 5000)
    rate = np.exp(ln_rate)
    prior = stats.gamma.pdf(rate, law.q, scale=1 / law.gamma) * rate
    density = stats.gamma.pdf(mean, law.p * purchases, scale=1 / (rate * purchases))
    return float((prior * density * (law.p / rate) ** power).sum() * (ln_rate[1] - ln_rate[0]))


@pytest.mark.parametrize(("purchases", "mean"), [(1.0, 400.0), (4.0, 9000.0), (12.0, 3000.0)])
def test_the_expected_value_agrees_with_numerical_integration(purchases: float, mean: float) -> None:
    whole, first = (_over_customers(purchases, mean, SHOP, power) for power in (0, 1))
    found = SHOP.expected_value(np.array([purchases]), np.array([mean]))[0]
    assert found == pytest.approx(first / whole, rel=1e-4)


def test_who_has_not_come_back_is_expected_to_spend_the_mean_and_an_infinite_mean_is_unknown() -> None:
    nobody = np.zeros(1), np.zeros(1)
    assert SHOP.expected_value(*nobody)[0] == pytest.approx(3.0 * 9000 / 3.5)
    assert np.isnan(GammaGamma(3.0, 0.9, 9000.0).expected_value(*nobody)).all()


def test_intervals_cover_the_parameters_of_simulated_values(full_counts: bool) -> None:
    rounds = 200 if full_counts else 5
    covered = np.zeros(3)
    for seed in range(rounds):
        random = np.random.default_rng(seed)
        purchases = random.integers(1, 8, 1000).astype(float)
        rate = random.gamma(SHOP.q, 1 / SHOP.gamma, 1000)
        mean = random.gamma(SHOP.p * purchases, 1 / (rate * purchases))
        found = gamma_gamma.fit(purchases, mean)
        covered += [
            one.low is not None and one.high is not None and one.low <= true <= one.high
            for one, true in zip(found.estimates, (SHOP.p, SHOP.q, SHOP.gamma), strict=True)
        ]
    low, high = stats.binom.ppf([0.0005, 0.9995], rounds, 0.95)
    assert ((low <= covered) & (covered <= high)).all(), covered


@pytest.mark.proof
def test_many_customers_who_do_not_differ_are_expected_to_spend_the_mean() -> None:
    """The ridge is so long and level that rounding ends the climb, which must not pass for a failure."""
    random = np.random.default_rng(3)
    purchases = random.integers(1, 6, 60_000).astype(float)
    mean = random.gamma(4 * purchases, 500 / purchases)
    found = gamma_gamma.fit(purchases, mean)
    assert found.converged
    expected = GammaGamma(*found.values).expected_value(purchases, mean)
    assert expected == pytest.approx(np.full(60_000, np.average(mean, weights=purchases)), rel=0.03)


def test_values_that_are_not_positive_are_refused() -> None:
    with pytest.raises(ValueError, match="positive value"):
        gamma_gamma.fit(np.ones(2), np.array([1.0, 0.0]))
