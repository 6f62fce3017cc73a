"""Declared metrics against the postings that they are made of, to the fen."""

from datetime import date, timedelta

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
    channel = "acquisition_channel"
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
    ours = _ask(small, Question(("registered_customers",), by=("acquisition_channel",), grain="year"))
    assert [row[1:] for row in ours] == [("friends", 1), ("search", 2)]


def test_every_metric_can_be_asked_by_each_of_its_dimensions(small: duckdb.DuckDBPyConnection) -> None:
    semantics = declared()
    for table in semantics.tables:
        metrics = [m.name for m in semantics.metrics if semantics.measures_of(m)[0][1] is table]
        for dimension in semantics.dimensions_of(table) if metrics else ():
            rows = _ask(small, Question(tuple(metrics), by=(dimension,), grain="month"))
            assert {len(row) for row in rows} <= {2 + len(metrics)}, dimension


def test_profit_and_orders_stand_side_by_side_by_how_customers_came(small: duckdb.DuckDBPyConnection) -> None:
    """Orders of order lines, profit of its own mart: one name, and so one row a channel."""
    ours = _ask(small, Question(("orders", "net_sales", "cm3"), by=("acquisition_channel",)))
    theirs = small.execute(
        "select acquisition_channel, orders, net_sales, cm3 from"
        " (select acquisition_channel, sum(case component when 'gross_sales' then amount_fen when 'discounts' then"
        " -amount_fen when 'refunds' then -amount_fen else 0 end) as net_sales, sum(profit_fen) as cm3"
        "  from fct_margin_lines group by 1) full join"
        " (select acquisition_channel, count(distinct order_id) as orders"
        "  from fct_order_items join dim_customers using (customer_key) group by 1) using (acquisition_channel)"
        " order by 1"
    ).fetchall()
    assert [(channel, orders or None, sales, cm3) for channel, orders, sales, cm3 in ours] == theirs
    assert {"search", "friends"} <= {row[0] for row in ours}


def test_payments_and_their_fees_are_those_of_the_facts(small: duckdb.DuckDBPyConnection) -> None:
    metrics = ("payments_received", "payment_count", "gateway_fees", "estimated_gateway_fees", "billed_gateway_fees")
    rates = ("paid_back", "gateway_fee_rate", "paid_back_share")
    ours = _ask(small, Question((*metrics, *rates), by=("payment_method",)))
    assert (
        ours
        == small.execute(
            "select method, sum(amount_fen), count(*), sum(coalesce(fee_billed_fen, fee_estimated_fen)),"
            " sum(fee_estimated_fen), sum(fee_billed_fen), sum(paid_back_fen), sum(fee_fen) / sum(amount_fen),"
            " sum(paid_back_fen) / sum(amount_fen) from fct_payments where paid_at is not null group by 1 order by 1"
        ).fetchall()
    )
    assert [row[:4] for row in ours] == [("wallet", 6000, 2, 0), ("wechat", 9000, 1, 54)]


def test_refunds_are_those_of_the_facts_on_the_day_they_were_granted(small: duckdb.DuckDBPyConnection) -> None:
    metrics = ("refunds_granted", "refund_count", "refunded_orders", "refunds_paid_out")
    ours = _ask(small, Question(metrics, by=("refund_after_delivery", "refund_method"), grain="day"))
    assert (
        ours
        == small.execute(
            "select refunded_date, is_earned, method, sum(amount_fen), count(*), count(distinct order_id),"
            " sum(case when paid_out_at is not null then amount_fen end) from fct_refunds group by all order by all"
        ).fetchall()
    )
    assert [row[1:4] for row in ours] == [(False, "wechat", 4500), (True, "wallet", 1000)]


def test_changes_of_wallets_summed_up_to_a_day_are_what_was_owed_on_it(small: duckdb.DuckDBPyConnection) -> None:
    moved = ("top_ups", "refunds", "credits", "stakes_back", "spending", "stakes", "withdrawals", "lapses", "other")
    metrics = (*(f"wallet_{name}" for name in moved), "wallet_change", "withdrawals_change")
    for day, owed, unpaid in small.execute(
        "select ledger_date, -sum(sum(amount_fen) filter (account = 'customer_wallet')) over days,"
        " coalesce(-sum(sum(amount_fen) filter (account = 'withdrawals_payable')) over days, 0)"
        " from fct_ledger_entries group by 1 window days as (order by ledger_date)"
    ).fetchall():
        [(*parts, change, withdrawals)] = _ask(small, Question(metrics, period=(date.min, day)))
        assert (change, withdrawals) == (owed or 0, unpaid)
        assert sum(part for part in parts if isinstance(part, int)) == change


def test_changes_of_stock_summed_up_to_a_day_are_the_stock_of_it(small: duckdb.DuckDBPyConnection) -> None:
    units = ("stock_units_in", "stock_units_out", "stock_units_delivered", "stock_units_lost", "bad_stock_units")
    metrics = (*units, "stock_change_units", "stock_cost_in", "stock_change_cost", "batch_credits")
    assert (
        _ask(small, Question(metrics, by=("sku",)))
        == small.execute(
            "select sku_key, sum(n) filter (kind = 'bought'), -sum(quantity_units) filter (quantity_units < 0),"
            " sum(n) filter (kind in ('delivered', 'replacement')),"
            " coalesce(sum(n) filter (kind in ('found_bad', 'voided', 'expired')), 0),"
            " coalesce(sum(n) filter (kind in ('found_bad', 'reported_bad')), 0), sum(quantity_units),"
            " sum(cost_fen) filter (quantity_units > 0), sum(cost_fen), sum(credited_fen)"
            " from (select *, 1 as n from fct_card_movements) group by 1 order by 1"
        ).fetchall()
    )
    [last] = small.execute("select max(moved_date) from fct_card_movements").fetchall()[0]
    at_the_end = Question(("stock_change_units", "stock_change_cost"), by=("sku",), period=(date.min, last))
    stock = small.execute("select sku_key, stock_units, stock_cost_fen from mart_stock_cover order by 1").fetchall()
    assert [(sku, units_left, cost or 0) for sku, units_left, cost in _ask(small, at_the_end)] == stock
    before = Question(("stock_change_units",), period=(date.min, last - timedelta(days=1)))
    assert (
        _ask(small, before)
        == small.execute("select sum(quantity_units) from fct_card_movements where moved_date < ?", [last]).fetchall()
    )
