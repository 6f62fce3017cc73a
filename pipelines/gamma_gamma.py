"""Gamma–gamma: what a customer's purchases are worth on average (Fader and Hardie 2013).

A purchase is worth gamma(p, scale 1 / v), v differs between customers as gamma(q, scale 1 / gamma), and neither has to
do with how often a customer buys. Equations are those of "The Gamma-Gamma Model of Monetary Value".
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from pipelines.likelihood import Estimate, Floats, Maximum, maximise

NAMES = ("p", "q", "gamma")
_STARTS = ((2.0, 3.0, 1.0), (6.0, 4.0, 0.5), (1.0, 1.5, 1.0))
"""Gamma as a multiple of the mean value."""


@dataclass(frozen=True)
class GammaGamma:
    """The model with its parameters; gamma is in the unit of money."""

    p: float
    q: float
    gamma: float

    def expected_value(self, purchases: Floats, mean: Floats) -> Floats:
        """A customer's expected value of a purchase, given the mean of those seen (eq. 5); NaN where it is infinite."""
        weight = self.p * purchases + self.q - 1
        value = self.p * (self.gamma + purchases * mean) / np.where(weight > 0, weight, 1.0)
        return np.where(weight > 0, value, np.nan)


def fit(purchases: Floats, mean: Floats) -> Maximum:
    """The parameters of greatest likelihood, in the order of `NAMES`, from customers with purchases of a value.

    Raises ValueError when a number of purchases or a mean is not positive.
    """
    if (purchases <= 0).any() or (mean <= 0).any():
        raise ValueError("only customers with purchases of a positive value tell what purchases are worth")
    scale = float(np.average(mean, weights=purchases))
    relative = mean / scale
    ln_purchases, ln_mean = np.log(purchases), np.log(relative)

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        return _log_likelihood(purchases, relative, ln_purchases, ln_mean, parameters)

    found = maximise(likelihood, NAMES, _STARTS)
    # The density of a mean in the unit of money is that of the relative one divided by the scale.
    height = found.log_likelihood - len(mean) * float(np.log(scale))
    *others, gamma = found.estimates
    return Maximum((*others, _scaled(gamma, scale)), height, found.converged, found.starts, found.starts_agreeing)


def _scaled(estimate: Estimate, by: float) -> Estimate:
    parts = (estimate.standard_error, estimate.low, estimate.high)
    return Estimate(estimate.name, estimate.value * by, *(None if part is None else part * by for part in parts))


def _log_likelihood(x: Floats, mean: Floats, ln_x: Floats, ln_mean: Floats, parameters: Floats) -> tuple[float, Floats]:
    """Eq. 1a with its gradient."""
    p, q, gamma = (float(each) for each in parameters)
    px = p * x
    ln_both = np.log(gamma + x * mean)
    value = (
        gammaln(px + q)
        - gammaln(px)
        - gammaln(q)
        + q * np.log(gamma)
        + (px - 1) * ln_mean
        + px * ln_x
        - (px + q) * ln_both
    )
    rising = digamma(px + q)
    slopes = (
        (x * (rising - digamma(px) + ln_mean + ln_x - ln_both)).sum(),
        (rising - digamma(q) + np.log(gamma) - ln_both).sum(),
        (q / gamma - (px + q) / (gamma + x * mean)).sum(),
    )
    return float(value.sum()), np.array(slopes, dtype=np.float64)
