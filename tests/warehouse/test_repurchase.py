"""How long customers take to come back: by hand, against scikit-survival, and against a clustered bootstrap."""

from math import exp, log, sqrt
from typing import Any

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray
from sksurv.nonparametric import kaplan_meier_estimator

pytestmark = pytest.mark.xdist_group("dbt")
Z = 1.959963984540054


def _figures(connection: duckdb.DuckDBPyConnection, scope: str, value: str) -> dict[str, Any]:
    cursor = connection.execute(
        "select * from mart_repurchase_intervals where scope = ? and scope_value = ?", [scope, value]
    )
    row = cursor.fetchone()
    assert row is not None
    return dict(zip([column[0] for column in cursor.description or ()], row, strict=True))


def _curve(connection: duckdb.DuckDBPyConnection, scope: str, value: str) -> dict[str, NDArray[Any]]:
    return connection.execute(
        "select t_days, n_at_risk, n_events, survival, survival_lo, survival_hi from mart_repurchase_curve"
        " where scope = ? and scope_value = ? order by t_days",
        [scope, value],
    ).fetchnumpy()


def _intervals(connection: duckdb.DuckDBPyConnection, first_only: bool) -> dict[str, NDArray[Any]]:
    """Intervals recomputed from the orders, beside the models: customer, length in days, whether completed."""
    return connection.execute(
        "with occasions as (select distinct customer_key, ordered_date as d from fct_order_items"
        "  where ordered_date <= date '1998-06-30'),"
        " nexts as (select customer_key, d, lead(d) over w as n, row_number() over w as k from occasions"
        "  window w as (partition by customer_key order by d))"
        " select dense_rank() over (order by customer_key) - 1 as customer,"
        " coalesce(n, date '1998-06-30') - d as t, n is not null as completed from nexts"
        " where coalesce(n, date '1998-06-30') > d and (k = 1 or not ?)",
        [first_only],
    ).fetchnumpy()


def test_a_hand_computed_pooled_curve_with_its_clustered_band(small: duckdb.DuckDBPyConnection) -> None:
    # Customer 1 bought on days 0 and 2, customers 2 and 3 on days 2 and 5; all are censored on day 29.
    curve = _curve(small, "all", "all")
    assert curve["t_days"].tolist() == [2, 24, 27]
    assert curve["n_at_risk"].tolist() == [4, 3, 2]
    assert curve["n_events"].tolist() == [1, 0, 0]
    # G = 1/12, h = 1/3. Influences: customer 1 (G - h) + G = -2/12, the others 1/12 each; V = (4 + 1 + 1) / 144.
    half = Z * sqrt(6 / 144) / -log(0.75)
    assert curve["survival"] == pytest.approx([0.75] * 3, abs=1e-15)
    assert curve["survival_lo"] == pytest.approx([exp(log(0.75) * exp(half))] * 3, abs=1e-14)
    assert curve["survival_hi"] == pytest.approx([exp(log(0.75) * exp(-half))] * 3, abs=1e-14)


def test_hand_computed_figures_of_each_scope(small: duckdb.DuckDBPyConnection) -> None:
    pooled = _figures(small, "all", "all")
    assert (pooled["n_customers"], pooled["n_occasions"], pooled["n_intervals"]) == (3, 4, 1)
    assert (pooled["km_q25_days"], pooled["km_median_days"], pooled["naive_median_days"]) == (2, None, 2.0)
    assert pooled["km_p30"] is None, "nobody was watched for 30 days"
    assert pooled["interval_method"] == "clustered"
    first = _figures(small, "occasion_number", "1")
    assert (first["n_occasions"], first["n_intervals"], first["interval_method"]) == (3, 1, "greenwood")
    assert _curve(small, "occasion_number", "1")["survival"] == pytest.approx([2 / 3] * 3)
    assert _figures(small, "category", "games")["n_intervals"] == 1
    assert _figures(small, "category", "music")["n_intervals"] == 0
    assert _figures(small, "acquisition_channel", "search")["n_occasions"] == 3
    assert _figures(small, "acquisition_channel", "friends")["n_intervals"] == 0


@pytest.mark.real_data
def test_a_real_history_gives_the_published_figures(history: duckdb.DuckDBPyConnection) -> None:
    assert history.execute(
        "select count(*), count(distinct customer_key), sum(gross_sales_fen) from fct_order_items"
    ).fetchone() == (69_659, 23_570, 250_031_563)
    figures = _figures(history, "all", "all")
    assert (figures["n_customers"], figures["n_occasions"], figures["n_intervals"]) == (23_570, 67_591, 44_021)
    assert (figures["km_q25_days"], figures["km_median_days"], figures["km_q75_days"]) == (22, 94, None)
    assert figures["naive_median_days"] == 34
    again = {days: round(figures[f"km_p{days}"], 6) for days in (30, 60, 90, 365)}
    assert again == {30: 0.308562, 60: 0.428996, 90: 0.494828, 365: 0.675600}


@pytest.mark.real_data
def test_the_first_interval_equals_scikit_survival_with_its_band(history: duckdb.DuckDBPyConnection) -> None:
    intervals = _intervals(history, first_only=True)
    times, survival, (low, high) = kaplan_meier_estimator(
        intervals["completed"], intervals["t"], conf_type="log-log", conf_level=0.95
    )
    curve = _curve(history, "occasion_number", "1")
    assert curve["t_days"].tolist() == times.tolist()
    np.testing.assert_allclose(curve["survival"], survival, rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve["survival_lo"].astype(float), low, rtol=0, atol=1e-9)
    np.testing.assert_allclose(curve["survival_hi"].astype(float), high, rtol=0, atol=1e-9)
    figures = _figures(history, "occasion_number", "1")
    assert figures["km_q25_days"] == times[np.argmax(survival <= 0.75)]
    assert figures["km_p365_lo"] == pytest.approx(1 - high[times <= 365][-1], abs=1e-9)


@pytest.mark.real_data
def test_the_pooled_curve_equals_scikit_survival(history: duckdb.DuckDBPyConnection) -> None:
    intervals = _intervals(history, first_only=False)
    times, survival = kaplan_meier_estimator(intervals["completed"], intervals["t"])
    curve = _curve(history, "all", "all")
    assert curve["t_days"].tolist() == times.tolist()
    np.testing.assert_allclose(curve["survival"], survival, rtol=0, atol=1e-12)


@pytest.mark.real_data
def test_the_pooled_band_is_that_of_a_bootstrap_over_customers(
    history: duckdb.DuckDBPyConnection, full_counts: bool
) -> None:
    """Resampling whole customers shows the spread of ln S; Greenwood's variance would give half of it, or less."""
    intervals = _intervals(history, first_only=False)
    horizons = np.array([30, 60, 90, 365])
    spread = _bootstrap_spread(intervals, horizons, 4000 if full_counts else 300)
    curve = _curve(history, "all", "all")
    at = np.searchsorted(curve["t_days"], horizons, side="right") - 1
    survival, low, high = (curve[name].astype(float)[at] for name in ("survival", "survival_lo", "survival_hi"))
    # The band is ln(-ln S) ± Z·sd(ln S)/-ln S, on both sides.
    half = (np.log(-np.log(low)) - np.log(-np.log(high))) / 2
    ours = half * -np.log(survival) / Z
    np.testing.assert_allclose(ours, spread, rtol=0.05 if full_counts else 0.15)
    greenwood = np.sqrt(np.cumsum(curve["n_events"] / (curve["n_at_risk"] * (curve["n_at_risk"] - curve["n_events"]))))
    assert (greenwood[at] < 0.6 * spread).all()


def _bootstrap_spread(intervals: dict[str, NDArray[Any]], horizons: NDArray[Any], resamples: int) -> NDArray[Any]:
    """Standard deviation of ln S at the horizons over resamples of customers."""
    random = np.random.default_rng(20260322)
    customer, t, completed = (np.asarray(intervals[name]) for name in ("customer", "t", "completed"))
    customers, longest = int(customer.max()) + 1, int(t.max())
    ln_s = np.empty((resamples, len(horizons)))
    for resample in range(resamples):
        weight = np.bincount(random.integers(0, customers, customers), minlength=customers)[customer]
        events = np.bincount(t, weight * completed, longest + 1)
        at_risk = np.bincount(t, weight, longest + 1)[::-1].cumsum()[::-1]
        steps = np.log1p(-np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0))
        ln_s[resample] = steps.cumsum()[horizons]
    return ln_s.std(axis=0, ddof=1)
