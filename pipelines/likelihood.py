"""Maximum likelihood of positive parameters from several starts, with standard errors from the observed information.

Knows nothing of customers; the models that use it say what a parameter means.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize

Floats = NDArray[np.float64]
LogLikelihood = Callable[[Floats], tuple[float, Floats]]
"""From parameters to the log-likelihood and its gradient by the parameters."""

Z_95 = 1.959963984540054
LOG_BOUND = 12.0
"""Parameters lie within e±12: beyond that a model is one of its limits, and nothing is learnt from data."""
_AGREEING = 1e-6
_STEP = 1e-4
_FLAT = 1e-5
"""A slope that is nought, relative to the height."""


@dataclass(frozen=True)
class Estimate:
    """A parameter with its standard error and 95 % interval, which is symmetric for its logarithm.

    All but the value are None when the data do not tell the parameter from others.
    """

    name: str
    value: float
    standard_error: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood is greatest; `starts_agreeing` counts the starts that ended at that height."""

    estimates: tuple[Estimate, ...]
    log_likelihood: float
    converged: bool
    starts: int
    starts_agreeing: int

    @property
    def values(self) -> tuple[float, ...]:
        return tuple(estimate.value for estimate in self.estimates)


def maximise(log_likelihood: LogLikelihood, names: Sequence[str], starts: Sequence[Sequence[float]]) -> Maximum:
    """Climb from every start in the logarithms of the parameters, within bounds, and keep the highest point."""
    ends = [_climbed(log_likelihood, np.log(start)) for start in starts]
    best = max(ends, key=lambda end: -float(end.fun))
    height = -float(best.fun)
    return Maximum(
        estimates=_estimates(log_likelihood, names, np.asarray(best.x)),
        log_likelihood=height,
        converged=bool(np.isfinite(height)) and bool(best.success or best.slope <= _FLAT),
        starts=len(ends),
        starts_agreeing=sum(height + float(end.fun) <= _AGREEING * (1 + abs(height)) for end in ends),
    )


def _climbed(log_likelihood: LogLikelihood, start: Floats) -> OptimizeResult:
    scale = max(abs(log_likelihood(np.exp(start))[0]), 1.0)

    def falling(logs: Floats) -> tuple[float, Floats]:
        value, gradient = log_likelihood(np.exp(logs))
        return -value / scale, -gradient * np.exp(logs) / scale

    end = minimize(
        falling,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-LOG_BOUND, LOG_BOUND)] * len(start),
        options={"maxiter": 500, "ftol": 1e-12, "gtol": 1e-8},
    )
    # Rounding may stop the last line search on the very top, which is told as a failure: the slope is the judge.
    inside = np.abs(end.x) < LOG_BOUND
    end.slope = float(np.abs(np.where(inside, end.jac, 0.0)).max())
    end.fun = float(end.fun) * scale
    return end


def _estimates(log_likelihood: LogLikelihood, names: Sequence[str], logs: Floats) -> tuple[Estimate, ...]:
    errors = _standard_errors_of_logs(log_likelihood, logs)
    values = np.exp(logs)
    if errors is None:
        return tuple(Estimate(name, float(value), None, None, None) for name, value in zip(names, values, strict=True))
    return tuple(
        Estimate(name, float(value), float(value * error), float(value * np.exp(-width)), float(value * np.exp(width)))
        for name, value, error, width in zip(names, values, errors, Z_95 * errors, strict=True)
    )


def _standard_errors_of_logs(log_likelihood: LogLikelihood, logs: Floats) -> Floats | None:
    """From minus the second derivative at the maximum; None where that is no maximum inside the bounds."""
    if (np.abs(logs) > LOG_BOUND - 1e-3).any():
        return None

    def slope(at: Floats) -> Floats:
        return log_likelihood(np.exp(at))[1] * np.exp(at)

    steps = np.eye(len(logs)) * _STEP
    curvature = np.array([(slope(logs + step) - slope(logs - step)) / (2 * _STEP) for step in steps])
    information = -(curvature + curvature.T) / 2
    roots, vectors = np.linalg.eigh(information)
    if not np.isfinite(roots).all() or roots.min() <= 1e-9 * roots.max():
        return None
    variances = np.asarray(((vectors**2) / roots).sum(axis=1), dtype=np.float64)
    return np.sqrt(variances)
