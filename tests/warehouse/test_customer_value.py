"""Customer value and cohorts in a built warehouse: by hand on the small shop, and on a real history."""

from datetime import date

import duckdb
import pytest

from tests.warehouse.hand_fed import key_of

pytestmark = pytest.mark.xdist_group("dbt")


def test_customers_of_the_small_shop_by_hand(small: duckdb.DuckDBPyConnection) -> None:
    rows = small.execute(
        "select customer_key, recency_days, n_occasions, net_sales_fen, cm2_fen,"
        " recency_score, frequency_score, monetary_score, segment, p_alive, valued_at is not null"
        " from mart_customer_value order by customer_key"
    ).fetchall()
    assert rows == [
        (key_of("customer", 1), 27, 2, 8500, 3846, 1, 4, 4, "must_not_lose", None, True),
        (key_of("customer", 2), 27, 1, 1000, -200, 1, 1, 2, "lost", None, True),
        (key_of("customer", 3), 24, 1, 0, 0, 4, 1, 1, "new", None, True),
    ]


def test_the_small_shop_is_told_why_it_has_no_expectations(small: duckdb.DuckDBPyConnection) -> None:
    reasons = small.execute("select model, is_fitted, reason from mart_customer_value_fits order by model").fetchall()
    assert reasons == [
        ("bg_nbd", False, "too_few_customers"),
        ("gamma_gamma", False, "too_few_repeats"),
    ]


def test_the_cohort_of_a_month_that_is_not_over_has_money_and_no_share(small: duckdb.DuckDBPyConnection) -> None:
    rows = small.execute(
        "select cohort_month, months_since, is_complete, n_customers, n_retained_customers, retained_share,"
        " net_sales_fen, cm3_fen from mart_cohort_retention"
    ).fetchall()
    assert rows == [(date(2026, 3, 1), 0, False, 3, 3, None, 9500, 3646)]


@pytest.mark.real_data
def test_both_models_fit_a_real_history_and_foresee_its_last_days(history: duckdb.DuckDBPyConnection) -> None:
    fits = dict(
        history.execute("select model, (is_fitted, reason, n_customers) from mart_customer_value_fits").fetchall()
    )
    assert fits["bg_nbd"] == (True, None, 23_570)
    assert fits["gamma_gamma"][:2] == (True, None)
    days, expected, actual = history.execute(
        "select holdout_days, holdout_expected_occasions, holdout_actual_occasions"
        " from mart_customer_value_fits where model = 'bg_nbd'"
    ).fetchall()[0]
    assert days == 90
    assert actual == len(
        history.execute(
            "select distinct customer_key, ordered_date from fct_order_items where ordered_date > date '1998-04-01'"
        ).fetchall()
    )
    assert expected == pytest.approx(actual, rel=0.15)


@pytest.mark.real_data
def test_expectations_of_a_real_history_are_plausible(history: duckdb.DuckDBPyConnection) -> None:
    customers, valued, within_year = history.execute(
        "select count(*), count(expected_net_sales_365_days_fen), sum(expected_occasions_365_days)"
        " from mart_customer_value"
    ).fetchall()[0]
    assert customers == valued == 23_570
    last_year = history.execute(
        "select count(*) from (select distinct customer_key, ordered_date from fct_order_items"
        " where ordered_date > date '1997-06-30')"
    ).fetchall()[0][0]
    assert 0.5 * last_year < within_year < last_year, "nobody new comes, and some leave"


@pytest.mark.real_data
def test_cohorts_of_a_real_history_are_counted_from_its_orders(history: duckdb.DuckDBPyConnection) -> None:
    rows = history.execute(
        "select cohort_month, months_since, n_customers, n_retained_customers from mart_cohort_retention"
        " where is_complete order by cohort_month, months_since"
    ).fetchall()
    counted = history.execute(
        "with firsts as (select customer_key, date_trunc('month', min(ordered_date)) as cohort_month"
        "  from fct_order_items group by customer_key)"
        " select cohort_month::date,"
        " date_diff('month', cohort_month, date_trunc('month', ordered_date)) as months_since,"
        " count(distinct customer_key) from fct_order_items join firsts using (customer_key) group by all order by all"
    ).fetchall()
    assert [(month, since, retained) for month, since, _, retained in rows] == counted
    assert {month: size for month, since, size, _ in rows if since == 0} == {
        month: retained for month, since, retained in counted if since == 0
    }
    assert len(rows) == 18 + 17 + 16
