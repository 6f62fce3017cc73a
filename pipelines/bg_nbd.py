"""BG/NBD: how often a customer will come back, and whether they are still one (Fader, Hardie and Lee 2005).

While a customer is one, they buy at a rate of their own, gamma(r, scale 1 / alpha) over customers; after each purchase
they leave for good with a probability of their own, beta(a, b). Any unit of time does, alpha is in that unit.
Equations are those of "Counting Your Customers the Easy Way", Marketing Science 24 (2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, expit, gammaln, hyp2f1

from pipelines.likelihood import Floats, Maximum, maximise

NAMES = ("r", "alpha", "a", "b")
_STARTS = ((1.0, 1.0, 1.0, 1.0), (0.3, 0.3, 0.5, 3.0), (1.0, 1.0, 0.1, 5.0))
"""Alpha as a multiple of the mean time watched."""
_MANY_GROUPS = 20_000
_REMOVABLE = 1e-5


@dataclass(frozen=True)
class Purchases:
    """Groups of customers alike: repeat purchases, time of the last one, time watched (both since the first one)."""

    repeats: Floats
    last: Floats
    watched: Floats
    customers: Floats

    def __post_init__(self) -> None:
        if not (len(self.repeats) == len(self.last) == len(self.watched) == len(self.customers)):
            raise ValueError("repeats, last, watched and customers are one each a group")
        if ((self.last > self.watched) | (self.last < 0) | ((self.repeats == 0) & (self.last > 0))).any():
            raise ValueError("the last purchase lies between the first one, itself without repeats, and the end")

    def every(self, nth: int) -> "Purchases":
        """A part of the groups."""
        return Purchases(self.repeats[::nth], self.last[::nth], self.watched[::nth], self.customers[::nth])


@dataclass(frozen=True)
class BgNbd:
    """The model with its parameters."""

    r: float
    alpha: float
    a: float
    b: float

    def p_alive(self, repeats: Floats, last: Floats, watched: Floats) -> Floats:
        """P(still a customer); 1 before the first repeat, since customers leave only after one (the note of 2008)."""
        ln_odds = np.log(np.maximum(self.b + repeats - 1, np.finfo(float).tiny) / self.a)
        ln_odds -= (self.r + repeats) * np.log((self.alpha + watched) / (self.alpha + last))
        return np.where(repeats > 0, expit(ln_odds), 1.0)

    def expected(self, time: float, repeats: Floats, last: Floats, watched: Floats) -> Floats:
        """Expected purchases within `time` from now on, given the past (eq. 10)."""
        return self.p_alive(repeats, last, watched) * self._expected_if_alive(time, repeats, watched)

    def _expected_if_alive(self, time: float, repeats: Floats, watched: Floats) -> Floats:
        """Eq. 10 after Pfaff's transformation, bounded where the published series overflows.

        At a = 1 it is nought by nought; there the mean of both sides stands for the limit.
        """
        if abs(self.a - 1) < _REMOVABLE:
            sides = (BgNbd(self.r, self.alpha, 1 + side, self.b) for side in (-2 * _REMOVABLE, 2 * _REMOVABLE))
            below, above = (side._expected_if_alive(time, repeats, watched) for side in sides)
            return (below + above) / 2
        whole = self.a + self.b + repeats - 1
        series = hyp2f1(self.r + repeats, self.a - 1, whole, -time / (self.alpha + watched))
        return np.asarray(whole / (self.a - 1) * (1 - series), dtype=np.float64)


def fit(purchases: Purchases) -> Maximum:
    """The parameters of greatest likelihood, in the order of `NAMES`.

    Where there are many groups, the starts climb on a part of them, and the last climb, on all, begins near the top.
    """
    nth = len(purchases.repeats) // _MANY_GROUPS + 1
    scale = float(np.average(purchases.watched, weights=purchases.customers)) or 1.0
    found = _climb(purchases.every(nth), [(r, alpha * scale, a, b) for r, alpha, a, b in _STARTS])
    if nth == 1:
        return found
    return replace(_climb(purchases, [found.values]), starts=found.starts, starts_agreeing=found.starts_agreeing)


def _climb(purchases: Purchases, starts: Sequence[Sequence[float]]) -> Maximum:
    distinct, of_group = np.unique(purchases.repeats, return_inverse=True)

    def likelihood(parameters: Floats) -> tuple[float, Floats]:
        return _log_likelihood(purchases, distinct, of_group, parameters)

    return maximise(likelihood, NAMES, starts)


def _log_likelihood(
    purchases: Purchases, distinct: Floats, of_group: NDArray[np.intp], parameters: Floats
) -> tuple[float, Floats]:
    """Eq. 6 with its gradient. Gamma functions depend on the number of repeats alone, of which there are few."""
    r, alpha, a, b = (float(each) for each in parameters)
    x, customers = purchases.repeats, purchases.customers
    until_end, until_last = alpha + purchases.watched, alpha + purchases.last
    ln_end, ln_last = np.log(until_end), np.log(until_last)
    after = np.where(x > 0, b + x - 1, 1.0)
    ln_stays = -(r + x) * ln_end
    ln_leaves = np.where(x > 0, np.log(a / after) - (r + x) * ln_last, -np.inf)
    ln_either = np.logaddexp(ln_stays, ln_leaves)
    stays = np.exp(ln_stays - ln_either)
    leaves = 1 - stays
    of_repeats, by_repeats = _gamma_terms(distinct, r, a, b)
    slopes = (
        by_repeats[0][of_group] + np.log(alpha) - stays * ln_end - leaves * ln_last,
        r / alpha - (r + x) * (stays / until_end + leaves / until_last),
        by_repeats[1][of_group] + leaves / a,
        by_repeats[2][of_group] - leaves / after,
    )
    value = of_repeats[of_group] + r * np.log(alpha) + ln_either
    return float((value * customers).sum()), np.array([(slope * customers).sum() for slope in slopes])


def _gamma_terms(x: Floats, r: float, a: float, b: float) -> tuple[Floats, tuple[Floats, Floats, Floats]]:
    """The logarithms of gamma functions in eq. 6, and their derivatives by r, a and b, for each number of repeats."""
    value = gammaln(r + x) - gammaln(r) + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    both = digamma(a + b) - digamma(a + b + x)
    return value, (digamma(r + x) - digamma(r), both, both + digamma(b + x) - digamma(b))
