"""Whether the models of customer value can be fitted to a shop's customers, how well they fit, and what they expect.

Times are in weeks, as in the papers; money is in fen. Pure: histories come in as arrays, one place a customer.
"""

from dataclasses import dataclass

import numpy as np

from pipelines import bg_nbd, gamma_gamma
from pipelines.bg_nbd import BgNbd, Purchases
from pipelines.gamma_gamma import GammaGamma
from pipelines.likelihood import Floats, Maximum

DAYS_A_WEEK = 7
LEAST_CUSTOMERS = 100
LEAST_REPEAT_CUSTOMERS = 30
TOO_FEW_CUSTOMERS, TOO_FEW_REPEATS = "too_few_customers", "too_few_repeats"
NO_MAXIMUM, NOT_IDENTIFIED = "no_maximum", "not_identified"
HORIZONS_DAYS = (30, 90, 365)
VALUE_DAYS = 365


@dataclass(frozen=True)
class Fit:
    """A model held against its customers; `found` is None, and a reason given, when it was not fitted.

    A fit with a reason stands, but its parameters cannot be told from others that do as well.
    """

    model: str
    customers: int
    repeat_customers: int
    found: Maximum | None
    reason: str | None


@dataclass(frozen=True)
class Holdout:
    """Repeat purchases in the last days of the window: expected from what came before them, and what came."""

    days: int
    customers: int
    expected: float
    actual: int


def fit_occasions(groups: Purchases) -> tuple[Fit, BgNbd | None]:
    """BG/NBD on groups of customers alike."""
    customers = int(groups.customers.sum())
    repeat_customers = int(groups.customers[groups.repeats > 0].sum())
    reason = _too_few(customers, repeat_customers)
    found = bg_nbd.fit(groups) if reason is None else None
    fit = _judged("bg_nbd", customers, repeat_customers, found, reason)
    return fit, BgNbd(*fit.found.values) if fit.found else None


def fit_values(purchases: Floats, mean_fen: Floats) -> tuple[Fit, GammaGamma | None]:
    """Gamma–gamma on customers with repeat purchases of a positive value."""
    customers = len(purchases)
    reason = None
    if customers < LEAST_REPEAT_CUSTOMERS:
        reason = TOO_FEW_REPEATS
    found = gamma_gamma.fit(purchases, mean_fen) if reason is None else None
    fit = _judged("gamma_gamma", customers, customers, found, reason)
    return fit, GammaGamma(*fit.found.values) if fit.found else None


def expected_in_holdout(groups: Purchases, days: int, actual: int) -> Holdout | None:
    """What a fit to the time before the last `days` expects of them; None when it cannot be fitted to that."""
    _, model = fit_occasions(groups)
    if model is None:
        return None
    expected = model.expected(days / DAYS_A_WEEK, groups.repeats, groups.last, groups.watched)
    return Holdout(days, int(groups.customers.sum()), float((expected * groups.customers).sum()), actual)


def expected_of(
    history: dict[str, Floats], visits: BgNbd | None, worth: GammaGamma | None, margin: float | None
) -> dict[str, Floats]:
    """Columns of `computed.customer_value`, one place a customer; NaN stands for what no model says.

    `margin` turns net sales into contribution margin 2.
    """
    unknown = np.full(len(history["frequency"]), np.nan)
    past = history["frequency"], history["recency_days"] / DAYS_A_WEEK, history["age_days"] / DAYS_A_WEEK
    columns = {"p_alive": visits.p_alive(*past) if visits else unknown}
    for days in HORIZONS_DAYS:
        within = visits.expected(days / DAYS_A_WEEK, *past) if visits else unknown
        columns[f"expected_occasions_{days}_days"] = within
    value = worth.expected_value(history["valued_occasions"], history["mean_fen"]) if worth else unknown
    sales = columns[f"expected_occasions_{VALUE_DAYS}_days"] * value
    columns["expected_net_sales_per_occasion_fen"] = np.round(value)
    columns[f"expected_net_sales_{VALUE_DAYS}_days_fen"] = np.round(sales)
    columns[f"expected_cm2_{VALUE_DAYS}_days_fen"] = np.round(sales * (np.nan if margin is None else margin))
    return columns


def correlation(one: Floats, other: Floats) -> float | None:
    """Pearson's; None where it is not defined."""
    if len(one) < 2 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _too_few(customers: int, repeat_customers: int) -> str | None:
    if customers < LEAST_CUSTOMERS:
        return TOO_FEW_CUSTOMERS
    if repeat_customers < LEAST_REPEAT_CUSTOMERS:
        return TOO_FEW_REPEATS
    return None


def _judged(model: str, customers: int, repeats: int, found: Maximum | None, reason: str | None) -> Fit:
    if found is not None and not found.converged:
        return Fit(model, customers, repeats, None, NO_MAXIMUM)
    if found is not None and any(estimate.standard_error is None for estimate in found.estimates):
        reason = NOT_IDENTIFIED
    return Fit(model, customers, repeats, found, reason)
