"""Stock, payments, cases and wallets of the small shop against what was written by hand, and against the ledger."""

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.dbt_run import run_dbt
from tests.warehouse import built
from tests.warehouse.hand_fed import key_of

pytestmark = pytest.mark.xdist_group("dbt")
GUARDS = "stock_is_never_negative not_after_source_fct_card_movements_moved_at wallets_equal_ledger"


@pytest.fixture
def copied(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Settings:
    """A built shop of its own, to be broken."""
    made = built.hand_fed_shop(tmp_path_factory.getbasetemp())
    shutil.copytree(made.var / "warehouse", tmp_path / "warehouse")
    return Settings(var=tmp_path)


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[object, ...]:
    [row] = connection.execute(sql).fetchall()
    return tuple(row)


def test_stock_is_what_came_in_less_what_left(small: duckdb.DuckDBPyConnection) -> None:
    stock = small.execute(
        "select sku_key, sum(quantity_units), sum(cost_fen) from fct_card_movements group by sku_key order by sku_key"
    ).fetchall()
    assert stock == [(key_of("sku", 1), 1, 1250), (key_of("sku", 2), 1, None)]
    inventory = "select sum(amount_fen) from fct_ledger_entries where account = 'card_inventory'"
    assert _one(small, inventory) == (1250,)
    kinds = dict(small.execute("select kind, count(*) from fct_card_movements group by kind").fetchall())
    assert kinds == {
        "bought": 9,
        "delivered": 5,
        "replacement": 1,
        "found_bad": 1,
        "reported_bad": 1,
        "credited": 1,
    }


def test_stock_and_its_age_agree_with_the_movements(small: duckdb.DuckDBPyConnection) -> None:
    ages = small.execute(
        "select sku_key, age_from_days, fifo_units, stock_units, stock_cost_fen, unknown_cost_units, expiring_units"
        " from mart_stock_ageing order by sku_key"
    ).fetchall()
    assert ages == [(key_of("sku", 1), 8, 1, 1, 1250, 0, 1), (key_of("sku", 2), 8, 1, 1, 0, 1, 1)]
    cover = small.execute(
        "select stock_units, demanded_units, units_per_day, cover_days from mart_stock_cover order by sku_key"
    ).fetchall()
    assert cover == [(1, 3, None, None), (1, 2, None, None)]


def test_what_a_supplier_sold_badly_is_told_of_its_batch(small: duckdb.DuckDBPyConnection) -> None:
    batch = key_of("card_batch", 1)
    rates = "select n_deliveries, n_bad, n_in_cases, n_faults from mart_defect_rates where scope_value = "
    assert _one(small, f"{rates}'{batch}'") == (3, 1, 1, 1)
    assert _one(small, f"{rates}'all'") == (5, 1, 1, 1)
    lo, hi = _one(small, f"select bad_rate_lo, bad_rate_hi from mart_defect_rates where scope_value = '{batch}'")
    # scipy.stats.binomtest(1, 3).proportion_ci(method="wilson")
    assert (lo, hi) == (pytest.approx(0.06149194472039638), pytest.approx(0.7923403991979522))


def test_payments_and_refunds_are_those_of_the_ledger(small: duckdb.DuckDBPyConnection) -> None:
    ledger = "select sum(case when amount_fen > 0 then amount_fen end) from fct_ledger_entries where event = "
    paid = _one(small, "select sum(amount_fen) from fct_payments where state = 'succeeded'")
    assert paid == _one(small, f"{ledger}'order_paid'") == (15000,)
    back = _one(small, "select sum(amount_fen) from fct_refunds where paid_out_at is not null")
    assert back == _one(small, f"{ledger}'refund_paid_out'") == (5500,)
    assert _one(small, "select sum(paid_back_fen) from fct_payments") == back
    earned = _one(small, "select sum(amount_fen) from fct_refunds where is_earned")
    assert earned == _one(small, "select sum(refunds_fen) from fct_order_items") == (1000,)


def test_wallets_owe_what_came_in_less_what_was_spent(small: duckdb.DuckDBPyConnection) -> None:
    days = small.execute(
        "select ledger_date, credited_fen, refunded_fen, spent_fen from mart_wallet_liabilities"
        " where credited_fen <> 0 or refunded_fen <> 0 or spent_fen <> 0 order by ledger_date"
    ).fetchall()
    assert days == [
        (date(2026, 3, 2), 7000, 0, 0),
        (date(2026, 3, 4), 0, 0, -6000),
        (date(2026, 3, 5), 0, 1000, 0),
        (date(2026, 3, 6), 300, 0, 0),
    ]
    moved = "credited_fen + refunded_fen + spent_fen + staked_fen + stakes_back_fen"
    last = f"select max_by(wallets_owed_fen, ledger_date), sum({moved}) from mart_wallet_liabilities"
    owed = small.execute("select sum(balance_fen) from raw_current.wallet").fetchall()[0][0]
    assert _one(small, last) == (owed, owed)


def test_a_case_and_a_benefit_are_told_without_a_word_of_the_customer(small: duckdb.DuckDBPyConnection) -> None:
    case = "select is_fault, n_units, refund_units, refund_fen, is_decided_by_rule, decision_seconds"
    assert _one(small, f"{case} from fct_aftersales_cases") == (True, 1, 1, 1000, False, 86400)
    moves = "select from_state, to_state, cause, state_now from fct_benefit_events order by happened_at"
    assert small.execute(moves).fetchall() == [
        (None, "ready", "delivered", "revealed"),
        ("ready", "revealed", "shown", "revealed"),
    ]
    assert _one(small, "select role, is_active from dim_staff") == ("operator", True)


def test_a_code_too_many_a_future_instant_and_a_wallet_beside_the_books_are_found(copied: Settings) -> None:
    with warehouse.owned(copied, "test"):
        with warehouse.connect(copied) as connection:
            connection.execute(
                "insert into analytics.fct_card_movements select * replace (card_movement_key || 'x' as"
                " card_movement_key, moved_at + interval 1 year as moved_at) from analytics.fct_card_movements"
                " where quantity_units < 0"
            )
            connection.execute("update raw_current.wallet set balance_fen = balance_fen + 1 where customer_id = 1")
        outcome = run_dbt(copied, "test", "--select", *GUARDS.split())
    assert {(result.name, result.status, result.severity) for result in outcome.results} == {
        (name, "fail", "error") for name in GUARDS.split()
    }


def test_every_product_sku_channel_and_member_of_staff_has_a_history(small: duckdb.DuckDBPyConnection) -> None:
    for dimension, table in (("product", "dim_products"), ("sku", "dim_skus"), ("channel", "dim_channels")):
        known = small.execute(f"select {dimension}_key from {table}").fetchall()
        told = small.execute(
            "select distinct dimension_key from dim_attribute_history where dimension = ? and is_current", [dimension]
        ).fetchall()
        assert sorted(told) == sorted(known)
    assert _one(
        small,
        "select count(distinct dimension_key) = (select count(*) from dim_staff) from dim_attribute_history"
        " where dimension = 'staff'",
    ) == (True,)
    titles = small.execute(
        "select dim_products.title_zh = history.attribute_value from dim_products inner join dim_attribute_history"
        " as history on product_key = dimension_key where attribute = 'title_zh'"
    ).fetchall()
    assert set(titles) == {(True,)}
