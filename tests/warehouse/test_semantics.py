"""Declared metrics against the postings that they are made of, to the fen."""

import duckdb
import pytest

from mingsuan.semantics.compiler import Filter, Grain, Question, compiled
from pipelines.semantics import declared

pytestmark = pytest.mark.xdist_group("dbt")
COMPONENTS = (
    *("gross_sales", "discounts", "refunds", "draw_income", "membership_income", "other_income", "cogs"),
    *("payment_fees", "delivery_costs", "supplier_losses", "card_losses", "chargebacks"),
    *("commissions", "marketing", "goodwill", "draw_prizes"),
)


def _ask(connection: duckdb.DuckDBPyConnection, question: Question) -> list[tuple[object, ...]]:
    asked = compiled(declared(), question)
    return connection.execute(asked.sql, asked.parameters).fetchall()


@pytest.mark.parametrize("grain", ["day", "week", "month", "quarter", "year"])
def test_the_account_of_every_period_and_product_equals_its_postings(
    small: duckdb.DuckDBPyConnection, grain: Grain
) -> None:
    ours = _ask(small, Question((*COMPONENTS, "cm3"), by=("product",), grain=grain))
    sums = ", ".join(f"coalesce(sum(amount_fen) filter (component = '{name}'), 0)" for name in COMPONENTS)
    theirs = small.execute(
        f"select date_trunc('{grain}', ledger_date)::date, product_key, {sums}, sum(profit_fen) from fct_margin_lines"
        " group by 1, 2 order by 1, 2"
    ).fetchall()
    posted = [row for row in ours if any(row[2:])]
    assert [tuple(0 if value is None else value for value in row) for row in posted] == theirs
    assert len(posted) >= 2


def test_orders_by_channel_of_acquisition_equal_the_orders_themselves(small: duckdb.DuckDBPyConnection) -> None:
    metrics = ("orders", "paid_orders", "buyers", "ordered_units", "ordered_cm3", "cm3_per_order")
    channel = "customer__acquisition_channel"
    ours = _ask(small, Question(metrics, by=(channel,)))
    theirs = small.execute(
        "select acquisition_channel, count(distinct order_id), count(distinct order_id) filter (was_paid),"
        " count(distinct customer_key) filter (was_paid), sum(quantity), sum(cm3_fen),"
        " sum(cm3_fen) / count(distinct order_id) filter (was_paid)"
        " from (select *, order_state not in ('pending_payment', 'cancelled') as was_paid from fct_order_items)"
        " join dim_customers using (customer_key) group by 1 order by 1"
    ).fetchall()
    assert ours == theirs
    assert [row[0] for row in ours] == ["friends", "search"]
    others = Question(
        (*metrics, "registered_customers"), (channel,), where=(Filter(channel, ("friends",), exclude=True),)
    )
    assert _ask(small, others) == [(*theirs[1], 2)]


def test_customers_are_counted_when_they_registered(small: duckdb.DuckDBPyConnection) -> None:
    ours = _ask(small, Question(("registered_customers",), by=("customer__acquisition_channel",), grain="year"))
    assert [row[1:] for row in ours] == [("friends", 1), ("search", 2)]


def test_every_metric_can_be_asked_by_each_of_its_dimensions(small: duckdb.DuckDBPyConnection) -> None:
    semantics = declared()
    for table in semantics.tables:
        metrics = [m.name for m in semantics.metrics if semantics.measures_of(m)[0][1] is table]
        for dimension in semantics.dimensions_of(table) if metrics else ():
            rows = _ask(small, Question(tuple(metrics), by=(dimension,), grain="month"))
            assert {len(row) for row in rows} <= {2 + len(metrics)}, dimension
