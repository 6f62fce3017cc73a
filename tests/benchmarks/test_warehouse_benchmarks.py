"""The benchmarks of the warehouse run as `make bench` runs them, on small shops; the shop that is laid is sound."""

import json
import os
import subprocess
import sys
from typing import Any

import duckdb
import pytest

from benchmarks.building.shop_of_orders import lay
from pipelines.tables import TABLES


def _bench(name: str, **environment: str) -> Any:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", name],
        env={k: v for k, v in os.environ.items() if not k.endswith("_DATABASE_URL")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    report = json.loads(run.stdout.splitlines()[-1])
    assert report["name"] == name
    return report


@pytest.mark.proof
@pytest.mark.xdist_group("heavy")
def test_a_full_build_is_measured_on_both_engines() -> None:
    report = _bench("build_full", MINGSUAN_BENCH_ORDERS="300", MINGSUAN_BENCH_ORDERS_ALONE="600")
    assert report["ratios"].keys() == {"postgres_over_duckdb"}
    figures = report["figures"]
    assert (figures["orders_on_both"], figures["orders_on_duckdb_alone"]) == (300, 600)
    assert min(report["ratios"]["postgres_over_duckdb"], figures["build_peak_mib"], figures["dbt_share"]) > 0


@pytest.mark.proof
@pytest.mark.xdist_group("heavy")
def test_an_increment_is_measured_over_a_long_and_a_short_history() -> None:
    report = _bench("ingest_incremental", MINGSUAN_BENCH_ROWS="1000000", MINGSUAN_BENCH_ROUNDS="1")
    assert report["ratios"].keys() == {"growth"}
    assert report["ratios"]["growth"] > 0
    assert (report["figures"]["rows_long"], report["figures"]["rows_short"]) == (1_000_000, 10_000)


@pytest.mark.proof
@pytest.mark.xdist_group("heavy")
def test_a_whole_shop_is_measured_with_every_followed_table() -> None:
    report = _bench("ingest_shop", MINGSUAN_BENCH_DAYS="5", MINGSUAN_BENCH_CUSTOMERS="40", MINGSUAN_BENCH_ROUNDS="1")
    assert report["ratios"].keys() == {"vs_copy"}
    assert report["ratios"]["vs_copy"] > 0
    assert report["figures"]["tables"] == len(TABLES)
    assert report["figures"]["rows"] > 1_000


def test_the_shop_that_is_laid_has_balanced_books_and_the_orders_that_were_asked_for() -> None:
    with duckdb.connect() as connection:
        lay(connection, 100)
        counts = {
            table: connection.execute(f"select count(*) from raw_current.{table}").fetchall()[0][0]
            for table in ("orders", "order_item", "fulfilment", "customer")
        }
        assert counts == {"orders": 100, "order_item": 100, "fulfilment": 100, "customer": 12}
        unbalanced = connection.execute(
            "select transaction_id from raw_current.ledger_entry group by all having sum(amount_fen) <> 0"
        ).fetchall()
        assert unbalanced == []
        profit = connection.execute(
            "select sum(if(component = 'gross_sales', amount_fen, -amount_fen)) from raw_current.document_line"
        ).fetchone()
        income = connection.execute(
            "select -sum(amount_fen) from raw_current.ledger_entry join raw_current.ledger_account on account = code"
            " where kind in ('income', 'expense')"
        ).fetchone()
        assert profit == income
