"""The definitions of profit, on a small shop whose figures were summed by hand (see `hand_fed`)."""

from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from tests.warehouse.hand_fed import FIRST_DAY, key_of

pytestmark = pytest.mark.xdist_group("dbt")


def _row(connection: duckdb.DuckDBPyConnection, sql: str, *values: object) -> dict[str, Any]:
    cursor = connection.execute(sql, list(values))
    rows = cursor.fetchall()
    assert len(rows) == 1, rows
    return dict(zip([column[0] for column in cursor.description or ()], rows[0], strict=True))


def _day(connection: duckdb.DuckDBPyConnection, day: int) -> dict[str, Any]:
    return _row(connection, "select * from mart_profit_daily where ledger_date = ?", FIRST_DAY + timedelta(days=day))


def _item(connection: duckdb.DuckDBPyConnection, number: int) -> dict[str, Any]:
    return _row(connection, "select * from fct_order_items where order_item_id = ?", key_of("order_item", number))


def _has(row: dict[str, Any], **expected: object) -> None:
    assert {name: row[name] for name in expected} == expected


def test_the_worked_example_earns_446_fen(small: duckdb.DuckDBPyConnection) -> None:
    earned = {"gross_sales_fen": 5000, "discounts_fen": 500, "refunds_fen": 0, "net_sales_fen": 4500, "cogs_fen": 4000}
    margins = {"cm1_fen": 500, "payment_fees_fen": 54, "cm2_fen": 446, "cm3_fen": 446}
    _has(
        _day(small, 0), **earned, **margins, ledger_profit_fen=446, cost_coverage=1.0, delivered_units=1, order_count=1
    )
    _has(_item(small, 11), **earned, **margins, has_known_cost=True, quantity=2, delivered_units=1)


def test_a_delivery_counts_on_the_business_date_and_unknown_cost_lowers_the_coverage(
    small: duckdb.DuckDBPyConnection,
) -> None:
    day = _day(small, 2)
    _has(day, ledger_date=date(2026, 3, 4), net_sales_fen=6000, cogs_fen=1800, cm3_fen=4200, ledger_profit_fen=4200)
    _has(day, net_sales_known_cost_fen=3000, cost_coverage=0.5, delivered_units=3, unknown_cost_units=1, order_count=2)


def test_a_refund_after_delivery_lowers_sales_on_its_own_day(small: duckdb.DuckDBPyConnection) -> None:
    _has(_day(small, 3), gross_sales_fen=0, refunds_fen=1000, net_sales_fen=-1000, cogs_fen=0, cm3_fen=-1000)
    _has(_item(small, 31), net_sales_fen=1000, cogs_fen=1200, cm1_fen=-200, cm3_fen=-200, ordered_date=date(2026, 3, 4))


def test_goodwill_of_no_item_is_in_the_day_but_in_no_order_line(small: duckdb.DuckDBPyConnection) -> None:
    _has(_day(small, 4), cm2_fen=0, goodwill_fen=300, cm3_fen=-300, ledger_profit_fen=-300, cost_coverage=None)
    none = _row(small, "select * from mart_profit_product_daily where product_key = 'none'")
    _has(none, category_key="none", goodwill_fen=300, cm3_fen=-300, ledger_profit_fen=-300, delivered_units=0)
    assert small.execute("select sum(goodwill_fen) from fct_order_items").fetchone() == (0,)


def test_a_unit_given_away_is_delivered_at_an_unknown_cost(small: duckdb.DuckDBPyConnection) -> None:
    _has(_day(small, 5), net_sales_fen=0, cogs_fen=None, cm3_fen=0, delivered_units=1, unknown_cost_units=1)
    _has(_item(small, 41), cogs_fen=None, cm1_fen=0, cm3_fen=0, has_known_cost=False)


def test_unknown_cost_of_a_line_is_null_and_its_margin_is_what_is_posted(small: duckdb.DuckDBPyConnection) -> None:
    _has(_item(small, 21), cogs_fen=None, has_known_cost=False, cm1_fen=3000, cm3_fen=3000, net_sales_known_cost_fen=0)
    _has(_item(small, 22), cogs_fen=600, has_known_cost=True, cm1_fen=400, cm3_fen=400, net_sales_known_cost_fen=1000)


def test_every_order_line_is_there_even_before_payment(small: duckdb.DuckDBPyConnection) -> None:
    assert small.execute("select count(*) from fct_order_items").fetchone() == (6,)
    _has(_item(small, 51), order_state="pending_payment", gross_sales_fen=0, cogs_fen=0, cm3_fen=0, delivered_units=0)


def test_products_of_a_day_have_their_own_margins(small: duckdb.DuckDBPyConnection) -> None:
    products = small.execute(
        "select product_key, gross_sales_fen, cogs_fen, cm3_fen, cost_coverage from mart_profit_product_daily"
        " where ledger_date = '2026-03-04' order by product_key"
    ).fetchall()
    assert products == [
        (key_of("product", 1), 3000, 1800, 1200, 1.0),
        (key_of("product", 2), 3000, None, 3000, 0.0),
    ]


def test_margins_of_all_days_equal_the_ledger(small: duckdb.DuckDBPyConnection) -> None:
    assert small.execute("select sum(cm3_fen), sum(ledger_profit_fen) from mart_profit_daily").fetchone() == (
        3346,
        3346,
    )
    entries = "select -sum(amount_fen) from fct_ledger_entries where account_kind in ('income', 'expense')"
    assert small.execute(entries).fetchone() == (3346,)


def test_dimensions_describe_customers_and_skus_as_of_the_source(small: duckdb.DuckDBPyConnection) -> None:
    customers = small.execute(
        "select acquisition_channel, source, first_ordered_date, n_orders from dim_customers order by customer_key"
    ).fetchall()
    assert customers == [
        ("search", "shop", date(2026, 3, 2), 2),
        ("friends", "shop", date(2026, 3, 4), 1),
        ("search", "shop", date(2026, 3, 7), 1),
    ]
    # The price of 5500 is not in force before the source's instant.
    assert small.execute("select code, list_price_fen from dim_skus order by code").fetchall() == [
        ("games-50", 5000),
        ("music-50", 5000),
    ]
