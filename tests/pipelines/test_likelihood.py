"""The climb to a maximum, on hills whose top and curvature are known."""

from math import exp, log

import numpy as np
import pytest

from pipelines.likelihood import LOG_BOUND, Z_95, Floats, LogLikelihood, maximise

TOP, SPREAD = np.array([0.5, -2.0]), np.array([0.1, 0.4])


def _hill(at: Floats) -> tuple[float, Floats]:
    """Normal in the logarithms of the parameters."""
    far = (np.log(at) - TOP) / SPREAD
    return float(-1000 - (far**2).sum() / 2), -far / SPREAD / at


def test_the_top_of_a_known_hill_is_found_with_its_errors_and_intervals() -> None:
    found = maximise(_hill, ("one", "other"), [(1.0, 1.0), (20.0, 0.01)])
    assert found.converged
    assert (found.starts, found.starts_agreeing) == (2, 2)
    assert found.values == pytest.approx(np.exp(TOP), rel=1e-5)
    for one, top, spread in zip(found.estimates, TOP, SPREAD, strict=True):
        assert one.standard_error == pytest.approx(exp(top) * spread, rel=1e-4)
        assert (one.low, one.high) == (
            pytest.approx(exp(top - Z_95 * spread), rel=1e-4),
            pytest.approx(exp(top + Z_95 * spread), rel=1e-4),
        )


def test_the_highest_of_several_tops_is_kept() -> None:
    def two_tops(at: Floats) -> tuple[float, Floats]:
        x = np.log(at[0])
        value, slope = -((x**2 - 4) ** 2) / 50 + x / 10, -4 * x * (x**2 - 4) / 50 + 1 / 10
        return float(value), np.array([slope / at[0]])

    found = maximise(two_tops, ("one",), [(exp(-2.5),), (exp(2.5),)])
    assert log(found.values[0]) == pytest.approx(2.08, abs=0.1)
    assert (found.starts, found.starts_agreeing) == (2, 1)


def _rising(at: Floats) -> tuple[float, Floats]:
    return float(np.log(at[0])), np.array([1 / at[0]])


def _ridge(at: Floats) -> tuple[float, Floats]:
    """Knows the product of two parameters, and of neither anything more."""
    far = np.log(at).sum()
    return float(-(far**2)), -2 * far / at


@pytest.mark.parametrize(("hill", "starts"), [(_rising, [(1.0,)]), (_ridge, [(3.0, 0.1)])])
def test_a_limit_or_a_ridge_has_a_height_and_no_errors(hill: LogLikelihood, starts: list[tuple[float, ...]]) -> None:
    found = maximise(hill, ["a", "b"][: len(starts[0])], starts)
    assert found.converged
    assert {(one.standard_error, one.low, one.high) for one in found.estimates} == {(None, None, None)}
    assert max(found.values) <= exp(LOG_BOUND) * (1 + 1e-9)


def test_a_likelihood_that_is_no_number_has_no_maximum() -> None:
    def none(at: Floats) -> tuple[float, Floats]:
        return float("nan"), np.full(len(at), np.nan)

    assert not maximise(none, ("one",), [(1.0,)]).converged
