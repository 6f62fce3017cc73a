"""The same models on a PostgreSQL warehouse: they compile, they run, and give the same figures."""

from urllib.parse import parse_qs, urlsplit

import duckdb
import psycopg
import pytest
from psycopg.rows import tuple_row

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.dbt_run import PROJECT, run_dbt

pytestmark = pytest.mark.xdist_group("dbt")
PARTS = ("raw_current", "ingest", "meta", "computed")
TYPES = {"TIMESTAMP WITH TIME ZONE": "timestamptz", "DOUBLE": "double precision", "BLOB": "bytea"}


def _copy(source: duckdb.DuckDBPyConnection, target: psycopg.Connection) -> None:
    """Every table that ingest and build keep, row by row: the small shop has few."""
    for part in PARTS:
        target.execute(f"create schema {part}")
    tables = source.execute(
        "select schema_name, table_name from duckdb_tables() where list_contains(?, schema_name)", [list(PARTS)]
    ).fetchall()
    for part, table in tables:
        described = source.execute(f"describe {part}.{table}").fetchall()
        columns = ", ".join(f'"{name}" {TYPES.get(kind, kind)}' for name, kind, *_ in described)
        target.execute(f"create table {part}.{table} ({columns})")
        marks = ", ".join(["%s"] * len(described))
        rows = source.execute(f"select * from {part}.{table}").fetchall()
        target.cursor().executemany(f"insert into {part}.{table} values ({marks})", rows)


def _environment(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    parts = urlsplit(url)
    place = parse_qs(parts.query)
    monkeypatch.setenv("MINGSUAN_WAREHOUSE_HOST", place["host"][0])
    monkeypatch.setenv("MINGSUAN_WAREHOUSE_PORT", place["port"][0])
    monkeypatch.setenv("MINGSUAN_WAREHOUSE_USER", parts.username or "")
    monkeypatch.setenv("MINGSUAN_WAREHOUSE_DATABASE", parts.path.removeprefix("/"))


def _rows(
    connection: duckdb.DuckDBPyConnection | psycopg.Connection, model: str, order: str
) -> list[tuple[object, ...]]:
    return list(connection.execute(f"select * from analytics.{model} order by {order}").fetchall())


def _rounded(value: object) -> object:
    """Engines sum floats in orders of their own."""
    return round(value, 12) if isinstance(value, float) else value


def test_postgresql_gives_the_same_figures_as_duckdb(
    hand_fed_settings: Settings,
    fresh_database: DatabaseUrls,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with (
        warehouse.owned(hand_fed_settings, "test"),
        warehouse.connect(hand_fed_settings) as ours,
        psycopg.connect(fresh_database.owner, autocommit=True, row_factory=tuple_row) as theirs,
    ):
        theirs.execute("set timezone = 'UTC'")
        _copy(ours, theirs)
        _environment(monkeypatch, fresh_database.owner)
        outcome = run_dbt(Settings(var=hand_fed_settings.var / "pg", warehouse="postgres"), "run")
        assert outcome.error is None
        assert [(node.name, node.message) for node in outcome.results if node.status != "success"] == []
        assert len(outcome.results) == len([*(PROJECT / "models").rglob("*.sql")])
        exact = {
            "mart_profit_daily": "ledger_date",
            "mart_profit_product_daily": "ledger_date, product_key",
            "fct_order_items": "order_item_id",
            "fct_margin_lines": "document_line_id",
            "fct_ledger_entries": "ledger_entry_id",
            "dim_customers": "customer_key",
            "dim_skus": "sku_key",
            "fct_draws": "draw_key",
            "fct_draw_entries": "draw_entry_key",
            "mart_draw_economics": "draw_no",
            "mart_draw_audit": "draw_no",
            "mart_draw_uniformity": "scope, test",
            "mart_customer_value": "customer_key",
            "mart_cohort_retention": "cohort_month, months_since",
            "dim_staff": "staff_key",
            "dim_product_prices": "sku_key, valid_from_at",
            "fct_payments": "payment_key",
            "fct_refunds": "refund_key",
            "fct_card_movements": "card_movement_key",
            "fct_benefit_events": "benefit_event_key",
            "fct_aftersales_cases": "aftersales_case_key",
            "mart_stock_ageing": "sku_key, age_from_days",
            "mart_wallet_liabilities": "ledger_date",
        }
        for model, order in exact.items():
            assert _rows(theirs, model, order) == _rows(ours, model, order), model
        for model, order in {
            "mart_repurchase_curve": "scope, scope_value, t_days",
            "mart_repurchase_intervals": "scope, scope_value",
            "mart_stock_cover": "sku_key",
            "mart_defect_rates": "scope, scope_value",
        }.items():
            for here, there in zip(_rows(ours, model, order), _rows(theirs, model, order), strict=True):
                assert [_rounded(value) for value in there] == [_rounded(value) for value in here], model
