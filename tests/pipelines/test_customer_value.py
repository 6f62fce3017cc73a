"""Customer value from the warehouse's facts: what is counted, what is written, and what is left unknown."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest

from mingsuan.progress import silent
from mingsuan.settings import Settings
from pipelines import customer_value
from pipelines.build_context import BuildContext
from simulation.customers import planned_customers
from simulation.seasons import dates

AS_OF = date(2026, 6, 30)
Occasion = tuple[str, date, int, int | None]
"""Customer, day, net sales, and margin where the cost is known (all in fen)."""


def _facts(occasions: Iterable[Occasion]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(
        "create schema analytics; create temp table occasion"
        " (customer_key varchar, day date, net_sales_fen bigint, cm2_fen bigint)"
    )
    rows = ", ".join(f"('{who}', date '{day}', {sales}, {margin or 'null'})" for who, day, sales, margin in occasions)
    connection.execute(f"insert into occasion values {rows}")
    connection.execute(
        "create table analytics.int_repurchase_intervals as"
        " select 'all' as scope, customer_key, day as occasion_date,"
        f" row_number() over (partition by customer_key order by day) as occasion_number, date '{AS_OF}' as as_of_date"
        f" from occasion where day <= date '{AS_OF}'"
        " union all select 'category', customer_key, day, 1, null from occasion"
    )
    connection.execute(
        "create table analytics.fct_order_items as select customer_key, day as ordered_date, net_sales_fen,"
        " coalesce(cm2_fen, net_sales_fen) as cm2_fen, cm2_fen is not null as has_known_cost from occasion"
    )
    return connection


def _computed(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    instant = datetime(2026, 7, 1, 4, tzinfo=UTC)
    context = BuildContext(AS_OF, instant, 1, "CNY", "Asia/Shanghai", False)
    customer_value.compute(connection, Settings(var=Path("/nowhere")), context, silent)
    return connection


def _shop(customers: int) -> list[Occasion]:
    """Customers who follow the simulation's law; each spends about what they always spend, a fifth of it margin."""
    rng = Random(20260630)  # noqa: S311  (repeatable)
    people = planned_customers(rng, customers, dates(AS_OF - timedelta(days=364), AS_OF))
    means = {one.number: 2000 + rng.gammavariate(3, 2000) for one in people}
    sales = [
        (str(one.number), day, round(rng.gammavariate(4, means[one.number] / 4)) + 1)
        for one in people
        for day in one.occasions
    ]
    return [(who, day, fen, fen // 5 + 1) for who, day, fen in sales]


@pytest.fixture(scope="module")
def shop() -> duckdb.DuckDBPyConnection:
    return _computed(_facts(_shop(1500)))


def test_histories_are_counted_by_hand() -> None:
    day = AS_OF - timedelta(days=30)
    connection = _computed(
        _facts(
            [
                ("ann", day, 1000, 100),
                ("ann", day + timedelta(days=10), 3000, None),
                ("ann", day + timedelta(days=20), 0, None),
                ("ann", day + timedelta(days=21), 6000, 100),
                ("ann", AS_OF + timedelta(days=1), 90_000, None),
                ("ben", AS_OF, 500, None),
            ]
        )
    )
    rows = connection.execute(
        "select customer_key, frequency, recency_days, age_days, valued_occasions from computed.customer_value"
    ).fetchall()
    assert rows == [("ann", 3, 21, 30, 2), ("ben", 0, 0, 0, 0)]
    means = connection.execute("select cm2_share from computed.customer_value_fit where model = 'gamma_gamma'")
    assert means.fetchall() == [(pytest.approx(200 / 7000),)]


def test_a_shop_of_few_customers_has_reasons_and_no_estimates() -> None:
    connection = _computed(_facts([("ann", AS_OF - timedelta(days=90), 1000, 100), ("ben", AS_OF, 500, 50)]))
    assert connection.execute("select model, is_fitted, reason from computed.customer_value_fit").fetchall() == [
        ("bg_nbd", False, "too_few_customers"),
        ("gamma_gamma", False, "too_few_repeats"),
    ]
    assert connection.execute("select count(*) from computed.customer_value_parameter").fetchone() == (0,)
    assert connection.execute(
        "select count(*), count(p_alive), count(expected_occasions_365_days), count(expected_net_sales_365_days_fen)"
        " from computed.customer_value"
    ).fetchone() == (2, 0, 0, 0)


def test_a_shop_that_opens_today_is_no_error() -> None:
    connection = _computed(_facts([("ann", AS_OF + timedelta(days=1), 1000, 100)]))
    assert connection.execute("select count(*) from computed.customer_value").fetchone() == (0,)
    assert connection.execute("select distinct n_customers from computed.customer_value_fit").fetchall() == [(0,)]


def test_every_customer_has_estimates_that_hang_together(shop: duckdb.DuckDBPyConnection) -> None:
    assert shop.execute(
        "select count(*), bool_and(p_alive between 0 and 1),"
        " bool_and(0 <= expected_occasions_30_days and expected_occasions_30_days <= expected_occasions_90_days"
        "  and expected_occasions_90_days <= expected_occasions_365_days),"
        " bool_and(abs(expected_net_sales_365_days_fen"
        "  - expected_occasions_365_days * expected_net_sales_per_occasion_fen) <= expected_occasions_365_days + 1),"
        " bool_and(frequency > 0 or p_alive = 1)"
        " from computed.customer_value"
    ).fetchone() == (1500, True, True, True, True)
    share, margin, sales = shop.execute(
        "select min(cm2_share), sum(expected_cm2_365_days_fen), sum(expected_net_sales_365_days_fen)"
        " from computed.customer_value, computed.customer_value_fit where model = 'gamma_gamma'"
    ).fetchall()[0]
    assert share == pytest.approx(0.2, abs=0.001)
    assert margin / sales == pytest.approx(share, abs=1e-4)


def test_the_fit_foresees_what_was_held_out(shop: duckdb.DuckDBPyConnection) -> None:
    days, customers, expected, actual = shop.execute(
        "select holdout_days, n_holdout_customers, holdout_expected_occasions, holdout_actual_occasions"
        " from computed.customer_value_fit where model = 'bg_nbd'"
    ).fetchall()[0]
    assert (days, customers < 1500) == (90, True)
    counted = shop.execute(
        "select count(*) from analytics.int_repurchase_intervals as later where scope = 'all'"
        f" and occasion_date > date '{AS_OF}' - 90"
        " and exists (select 1 from analytics.int_repurchase_intervals as early"
        f" where early.customer_key = later.customer_key and early.occasion_date <= date '{AS_OF}' - 90)"
    ).fetchone()
    assert (actual,) == counted
    assert expected == pytest.approx(actual, rel=0.15)


def test_parameters_come_with_their_units_and_intervals(shop: duckdb.DuckDBPyConnection) -> None:
    rows = shop.execute(
        "select model, parameter, unit, estimate_lo < estimate and estimate < estimate_hi"
        " from computed.customer_value_parameter"
    ).fetchall()
    assert rows == [
        *(("bg_nbd", name, "weeks" if name == "alpha" else "1", True) for name in ("r", "alpha", "a", "b")),
        *(("gamma_gamma", name, "fen" if name == "gamma" else "1", True) for name in ("p", "q", "gamma")),
    ]
    correlation = shop.execute("select max(frequency_value_correlation) from computed.customer_value_fit").fetchone()
    assert correlation is not None
    assert abs(correlation[0]) < 0.15


def test_the_same_facts_give_the_same_tables(shop: duckdb.DuckDBPyConnection) -> None:
    queries = [f"select * exclude (computed_at) from computed.{table}" for table in customer_value.TABLES]
    again = _computed(_facts(_shop(1500)))
    assert [again.execute(query).fetchall() for query in queries] == [
        shop.execute(query).fetchall() for query in queries
    ]
    leftovers = "select table_name from duckdb_tables() where table_name like 'customer_value_%' and temporary"
    assert shop.execute(leftovers).fetchall() == []
