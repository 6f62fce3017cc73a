"""Stating anew what changed gives what building from the start gives, whatever happened to the shop in between."""

import shutil
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.build import build
from tests.warehouse import hand_fed
from tests.warehouse.compiled import FACTS, SCHEMA, CompiledWarehouse, Models, compile_models
from tests.warehouse.hand_fed import SOURCE_INSTANT, close_batch, noon
from tests.warehouse.histories import BatchedShop, History
from transactional.ledger import rules

pytestmark = pytest.mark.xdist_group("dbt")


@pytest.fixture(scope="module")
def models(hand_fed_settings: Settings) -> Models:
    with warehouse.owned(hand_fed_settings, "test"):
        return compile_models(hand_fed_settings, *FACTS)


def test_increments_give_what_a_build_from_the_start_gives(models: Models, full_counts: bool) -> None:
    """Late commits, back-dated refunds, corrections, moved and re-priced orders, builds that broke half way."""
    for seed in range(100 if full_counts else 5):
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute("set timezone = 'UTC'; attach ':memory:' as warehouse; use warehouse")
            hand_fed.create(connection)
            shop = CompiledWarehouse(connection, models)
            shop.live(History(seed))
            stepwise = shop.tables()
            shop.build_from_the_start()
            at_once = shop.tables()
        for model, rows in at_once.items():
            assert stepwise[model] == rows, f"{model} of history {seed}"


@pytest.fixture
def settings(hand_fed_settings: Settings, tmp_path: Path) -> Settings:
    """The small shop, built from batch 1, to be changed."""
    apart = shutil.ignore_patterns("dbt", "pg")
    shutil.copytree(hand_fed_settings.var, tmp_path, ignore=apart, dirs_exist_ok=True)
    return Settings(var=tmp_path)


UNSTATED = "not stated anew"
MARKED = {
    "int_order_items": ("order_no", "order_item_row_id"),
    "fct_order_items": ("order_no", "order_item_id"),
    "fct_margin_lines": ("kind", "order_item_id"),
    "fct_ledger_entries": ("event", "reference"),
}
"""A text column of each fact that no test looks at, and what tells its rows."""


def test_a_refund_of_an_old_order_restates_the_rows_of_that_order_and_no_others(settings: Settings) -> None:
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        for fact, (column, _) in MARKED.items():
            connection.execute(f"update {SCHEMA}.{fact} set {column} = '{UNSTATED}'")
        shop = BatchedShop(connection, batch=2, after=1000)
        shop.post(rules.refund_granted(9, shop.unit(5, 31, 2000, 0, 1200, noon(2)), 500, True, noon(20)))
        close_batch(connection, 2, SOURCE_INSTANT + timedelta(hours=1))
    result = build(settings)
    assert result.publishable, result.summary()
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        stated = {
            fact: connection.execute(
                f"select {told} from {SCHEMA}.{fact} where {column} <> '{UNSTATED}' order by all"
            ).fetchall()
            for fact, (column, told) in MARKED.items()
        }
        refunds = f"select refunds_fen from {SCHEMA}.fct_order_items where order_item_id = ?"
        item = hand_fed.key_of("order_item", 31)
        assert connection.execute(refunds, [item]).fetchone() == (1500,)
    assert stated == {
        "int_order_items": [(31,)],
        "fct_order_items": [(item,)],
        "fct_margin_lines": [(item,)] * 4,  # sales, cost, the first refund and this one
        "fct_ledger_entries": [("refund:9",)] * 2,
    }
