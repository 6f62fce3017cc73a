"""A published version small enough to compute by hand: three June days matter, one product has no known cost.

June 2026: gross 160.00, discounts 5.00, refunds 10.00, net 145.00, goods 100.00, fees 0.84, marketing 10.00,
goodwill 2.00: CM1 45.00, CM2 44.16, CM3 32.16; cost known for 120.00 of 145.00.
The 30 days before: net 20.00, CM3 4.80.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest
import streamlit.config
from streamlit.testing.v1 import AppTest

from dashboards import access, snapshots
from dashboards.access import Viewer
from dashboards.queries.asking import Reader
from mingsuan import clock
from mingsuan.semantics import declared as semantics
from pipelines.published_macros import create_macros
from pipelines.semantics import declared
from tests.dashboards import tiny_buying

Kind = Literal["full", "one_row", "empty"]
NOW = datetime(2026, 6, 30, 6, 15, tzinfo=UTC)
SOURCE_INSTANT = datetime(2026, 6, 30, 4, 10, tzinfo=UTC)

INPUT = ("gross_sales", "discounts", "refunds", "draw_income", "membership_income", "other_income", "cogs")
HANDLING = ("payment_fees", "delivery_costs", "supplier_losses", "card_losses", "chargebacks")
OVERHEAD = ("commissions", "marketing", "goodwill", "draw_prizes")
MONEY = (
    *INPUT[:3],
    "net_sales",
    *INPUT[3:6],
    "net_revenue",
    "cogs",
    "cm1",
    *HANDLING,
    "cm2",
    *OVERHEAD,
    "cm3",
    "net_sales_known_cost",
)

STEAM, VIDEO, UNSOLD = "p-steam", "p-video", "p-unsold"
GAMES, VOUCHERS = "c-games", "c-vouchers"
Posted = tuple[date, str, str, str, str, int]
"""Ledger date, order item or none, product, category, component, fen."""
POSTED: tuple[Posted, ...] = (
    (date(2026, 4, 15), "i-1", VIDEO, VOUCHERS, "gross_sales", 1000),
    (date(2026, 4, 15), "i-1", VIDEO, VOUCHERS, "cogs", 700),
    (date(2026, 5, 31), "i-2", STEAM, GAMES, "gross_sales", 2000),
    (date(2026, 5, 31), "i-2", STEAM, GAMES, "cogs", 1500),
    (date(2026, 5, 31), "i-2", STEAM, GAMES, "payment_fees", 20),
    (date(2026, 6, 29), "i-3", STEAM, GAMES, "gross_sales", 10000),
    (date(2026, 6, 29), "i-3", STEAM, GAMES, "discounts", 500),
    (date(2026, 6, 29), "i-3", STEAM, GAMES, "cogs", 8000),
    (date(2026, 6, 29), "i-3", STEAM, GAMES, "payment_fees", 54),
    (date(2026, 6, 30), "i-4", STEAM, GAMES, "gross_sales", 3500),
    (date(2026, 6, 30), "i-4", STEAM, GAMES, "refunds", 1000),
    (date(2026, 6, 30), "i-4", STEAM, GAMES, "cogs", 2000),
    (date(2026, 6, 30), "i-4", STEAM, GAMES, "payment_fees", 15),
    (date(2026, 6, 30), "i-5", VIDEO, VOUCHERS, "gross_sales", 2500),
    (date(2026, 6, 30), "i-5", VIDEO, VOUCHERS, "payment_fees", 15),
    (date(2026, 6, 30), "none", "none", "none", "marketing", 1000),
    (date(2026, 6, 30), "none", "none", "none", "goodwill", 200),
)
UNKNOWN_COST = {"i-5"}
ESTIMATES = {
    "km_q25_days": (22, 21, 23),
    "km_median_days": (94, 90, 98),
    "km_q75_days": (None, None, None),
    "km_p30": (0.308562, 0.3, 0.32),
    "km_p60": (0.428996, 0.42, 0.44),
    "km_p90": (0.494828, 0.48, 0.51),
    "km_p365": (0.6756, 0.66, 0.69),
}
SCOPES = (
    ("all", "all", 4, 9, 5, "clustered"),
    ("occasion_number", "1", 4, 4, 3, "greenwood"),
    ("occasion_number", "2", 3, 3, 2, "greenwood"),
    ("category", "games", 3, 6, 3, "clustered"),
    ("acquisition_channel", "import", 4, 9, 5, "clustered"),
)
CURVE = ((1, 9, 1, 0.9), (22, 8, 1, 0.75), (94, 5, 2, 0.49), (200, 2, 1, 0.33))


@pytest.fixture
def bound_to_this_machine() -> Iterator[None]:
    """What `mingsuan serve` tells Streamlit; open versions are let go afterwards."""
    before = streamlit.config.get_option("server.address")
    streamlit.config.set_option("server.address", "127.0.0.1")
    yield
    streamlit.config.set_option("server.address", before)
    snapshots.opened.clear()


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound_to_this_machine: None) -> Path:
    """An empty folder of published versions that the dashboards look into."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINGSUAN_VAR", str(tmp_path / "var"))
    monkeypatch.setattr(clock, "now", lambda: NOW)
    folder = tmp_path / "var" / "published"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def publish(published: Path) -> Callable[..., Path]:
    """Publishes the tiny shop, in one of its kinds."""
    return lambda **how: write_version(published, **how)


@pytest.fixture
def fail_attempt(published: Path) -> Callable[[], None]:
    """Records an attempt that a blocking test stopped."""
    return lambda: write_failed_attempt(published)


@pytest.fixture
def shop(publish: Callable[..., Path]) -> snapshots.Snapshot:
    """The whole tiny shop, opened."""
    return snapshots.opened(str(publish()))


@pytest.fixture
def read(published: Path) -> Callable[..., Reader]:
    """A version as its reader has it, by default the owner: `read(publish(), "buyer")`."""
    return lambda folder, *roles: Reader(snapshots.opened(str(folder)), Viewer(frozenset(roles or ("owner",))))


@pytest.fixture
def owner(publish: Callable[..., Path], read: Callable[..., Reader]) -> Reader:
    """The whole tiny shop, as its owner reads it."""
    return read(publish())


@pytest.fixture
def log_in(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Everyone who visits has these roles: `log_in("buyer")`."""
    return lambda *roles: monkeypatch.setattr(access, "single_user", lambda *_: Viewer(frozenset(roles)))


@pytest.fixture
def visit(published: Path) -> Callable[..., AppTest]:
    """Opens a page at an address: `visit("health", lang="en")`."""
    return open_page


def open_page(page: str = "profit", /, **query: str) -> AppTest:
    """One run of a page."""
    opened = AppTest.from_string(f"from dashboards.streamlit_app import main\nmain({page!r})", default_timeout=30)
    opened.query_params.update(query)
    return opened.run()


def write_version(
    published: Path,
    *,
    kind: Kind = "full",
    version: str = "20260630T041000Z-7",
    source_instant: datetime = SOURCE_INSTANT,
    simulated: bool = False,
    ledger_off_by: int = 0,
    missing_rows: int = 0,
    uncounted: bool = False,
    make_current: bool = True,
) -> Path:
    """Write a version's marts.duckdb and manifest.json as the publisher does, and let `current` point to it."""
    folder = published / "versions" / version
    folder.mkdir(parents=True)
    posted = {"full": POSTED, "one_row": POSTED[7:8], "empty": ()}[kind]
    with duckdb.connect(str(folder / "marts.duckdb")) as base:
        _money_tables(base, posted, ledger_off_by)
        _dimensions(base, empty=kind == "empty")
        _behaviour(base, empty=kind == "empty")
        create_macros(base)
        _health(base, missing_rows, uncounted)
        tiny_buying.tables(base, empty=kind == "empty", one_row=kind == "one_row")
    (folder / semantics.FILE).write_text(_declared(), encoding="utf-8")
    (folder / "manifest.json").write_text(json.dumps(_manifest(version, source_instant, simulated)))
    if make_current:
        link = published / "current"
        link.unlink(missing_ok=True)
        link.symlink_to(Path("versions") / version)
    return folder


def write_failed_attempt(published: Path, attempted_at: datetime = NOW) -> None:
    """The record of an attempt that a blocking test stopped."""
    test = {
        "name": "sum_of_cm3_is_the_ledgers_profit",
        "model": "mart_profit_daily",
        "column": None,
        "severity": "error",
        "status": "fail",
        "failures": 2,
        "message": "Got 2 results, configured to fail if != 0",
        "description": "Every day's CM3 equals the ledger's profit.",
        "failing_since": "2026-06-30T05:00:00+00:00",
    }
    record = {
        "attempted_at": attempted_at.isoformat(),
        "source_instant": attempted_at.isoformat(),
        "published": False,
        "version": None,
        "error": "1 blocking test failed",
        "tests": [test, {**test, "name": "fine", "status": "pass", "failures": 0, "failing_since": None}],
    }
    (published / "last_attempt.json").write_text(json.dumps(record))


def figures(posted: Iterable[Posted]) -> dict[str, int]:
    """The money columns of a group of postings, by the definitions."""
    rows = list(posted)
    at = {component: sum(row[5] for row in rows if row[4] == component) for component in (*INPUT, *HANDLING, *OVERHEAD)}
    net = at["gross_sales"] - at["discounts"] - at["refunds"]
    unknown = [row for row in rows if row[1] in UNKNOWN_COST]
    revenue = net + at["draw_income"] + at["membership_income"] + at["other_income"]
    cm1 = revenue - at["cogs"]
    cm2 = cm1 - sum(at[name] for name in HANDLING)
    return {
        **at,
        "net_sales": net,
        "net_revenue": revenue,
        "cm1": cm1,
        "cm2": cm2,
        "cm3": cm2 - sum(at[name] for name in OVERHEAD),
        "net_sales_known_cost": net - sum(row[5] for row in unknown if row[4] == "gross_sales"),
    }


def _money_tables(base: duckdb.DuckDBPyConnection, posted: tuple[Posted, ...], ledger_off_by: int) -> None:
    columns = ", ".join(f"{name}_fen bigint" for name in MONEY)
    base.execute(
        f"create table mart_profit_daily (ledger_date date, {columns}, cost_coverage double, ledger_profit_fen bigint,"
        " delivered_units bigint, order_count bigint)"
    )
    base.execute(
        "create table mart_profit_product_daily (ledger_date date, product_key varchar, category_key varchar,"
        f" {columns}, delivered_units bigint)"
    )
    sku_columns = ", ".join(f"{name}_fen bigint" for name in (*INPUT, *HANDLING, *OVERHEAD, "cm3"))
    base.execute(
        "create table mart_profit_sku_daily (ledger_date date, sku_key varchar, product_key varchar,"
        f" delivered_units bigint, {sku_columns})"
    )
    for day in sorted({row[0] for row in posted}):
        rows = [row for row in posted if row[0] == day]
        sums = figures(rows)
        units = len({row[1] for row in rows if row[1] != "none"})
        coverage = sums["net_sales_known_cost"] / sums["net_sales"] if sums["net_sales"] else None
        _insert(
            base,
            "mart_profit_daily",
            (day, *(sums[name] for name in MONEY), coverage, sums["cm3"] + ledger_off_by, units, units),
        )
        for product, category in sorted({row[2:4] for row in rows}):
            part = [row for row in rows if row[2] == product]
            sums = figures(part)
            units = len({row[1] for row in part if row[1] != "none"})
            values = (day, product, category, *(sums[name] for name in MONEY), units)
            _insert(base, "mart_profit_product_daily", values)
            known = {**sums, "cogs": sums["cogs"] or None}
            by_sku = (known[name] for name in (*INPUT, *HANDLING, *OVERHEAD, "cm3"))
            _insert(base, "mart_profit_sku_daily", (day, f"s-{product}", product, units, *by_sku))
    _breakdown(base, posted)
    _rows(base, posted)


def _breakdown(base: duckdb.DuckDBPyConnection, posted: tuple[Posted, ...]) -> None:
    """Sold from the shop's own stock, but for the vouchers, which a channel delivers; customers came by search."""
    columns = ", ".join(f"{name}_fen bigint" for name in MONEY)
    base.execute(
        "create table mart_profit_breakdown_daily (ledger_date date, product_key varchar, category_key varchar,"
        f" channel_key varchar, campaign_key varchar, acquisition_channel varchar, {columns}, delivered_units bigint)"
    )
    base.execute("create table dim_channels (channel_key varchar, code varchar, name varchar)")
    if posted:
        _insert(base, "dim_channels", ("ch-1", "cardhouse", "卡屋"))
    for day, product, category in sorted({(row[0], row[2], row[3]) for row in posted}):
        part = [row for row in posted if (row[0], row[2]) == (day, product)]
        keys = (
            "ch-1" if product == VIDEO else "none",
            "spring" if product == "none" else "none",
            "none" if product == "none" else "search",
        )
        sums, units = figures(part), len({row[1] for row in part if row[1] != "none"})
        row = (day, product, category, *keys, *(sums[name] for name in MONEY), units)
        _insert(base, "mart_profit_breakdown_daily", row)


def _rows(base: duckdb.DuckDBPyConnection, posted: tuple[Posted, ...]) -> None:
    base.execute(
        "create table fct_margin_lines (document_line_id varchar, kind varchar, component varchar, amount_fen bigint,"
        " profit_fen bigint, effective_at timestamptz, ledger_date date, order_item_id varchar, product_key varchar,"
        " category_key varchar, customer_key varchar)"
    )
    money = ", ".join(f"{name}_fen bigint" for name in MONEY)
    base.execute(
        "create table fct_order_items (order_item_id varchar, order_id varchar, order_no varchar, line_no integer,"
        " customer_key varchar, product_key varchar, sku_key varchar, category_key varchar, source varchar,"
        " ordered_at timestamptz, ordered_date date, first_delivered_at timestamptz, quantity integer,"
        f" has_known_cost boolean, {money})"
    )
    for number, (day, item, product, category, component, fen) in enumerate(posted):
        at = datetime(day.year, day.month, day.day, 2, number % 60, tzinfo=UTC)
        income = component == "gross_sales"
        line = (f"l-{number:03}", "delivery", component, fen, fen if income else -fen, at, day, item)
        _insert(base, "fct_margin_lines", (*line, product, category, "u-1"))
    for item in sorted({row[1] for row in posted} - {"none"}):
        rows = [row for row in posted if row[1] == item]
        day, _, product, category, *_ = rows[0]
        at = datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)
        known = item not in UNKNOWN_COST
        sums: dict[str, int | None] = {**figures(rows)}
        sums["cogs"] = sums["cogs"] if known else None
        keys = (item, f"o-{item}", f"NO-{item[2:]}", 1, "u-1", product, f"s-{product}", category, "shop")
        _insert(base, "fct_order_items", (*keys, at, day, at, 1, known, *(sums[name] for name in MONEY)))


def _dimensions(base: duckdb.DuckDBPyConnection, *, empty: bool) -> None:
    base.execute("create table dim_categories (category_key varchar, slug varchar, name_zh varchar, name_en varchar)")
    base.execute(
        "create table dim_products (product_key varchar, slug varchar, title_zh varchar, title_en varchar,"
        " kind varchar, category_key varchar)"
    )
    if empty:
        return
    _insert(base, "dim_categories", (GAMES, "games", "游戏点卡", "Games"))
    _insert(base, "dim_categories", (VOUCHERS, "vouchers", "视频会员", "Vouchers"))
    _insert(base, "dim_products", (STEAM, "steam", "蒸汽充值卡", "Steam card", "card_code", GAMES))
    _insert(base, "dim_products", (VIDEO, "video", "视频月卡", None, "card_code", VOUCHERS))
    _insert(base, "dim_products", (UNSOLD, "unsold", "未售商品", "Never sold", "card_code", VOUCHERS))


def _behaviour(base: duckdb.DuckDBPyConnection, *, empty: bool) -> None:
    ends = ", ".join(f"{name}{end} double" for name in ESTIMATES for end in ("", "_lo", "_hi"))
    base.execute(
        "create table mart_repurchase_intervals (scope varchar, scope_value varchar, as_of_date date,"
        f" n_customers bigint, n_occasions bigint, n_intervals bigint, {ends}, naive_median_days double,"
        " interval_method varchar)"
    )
    base.execute(
        "create table mart_repurchase_curve (scope varchar, scope_value varchar, t_days integer, n_at_risk bigint,"
        " n_events bigint, survival double, survival_lo double, survival_hi double)"
    )
    if empty:
        return
    for scope, value, customers, occasions, intervals, method in SCOPES:
        estimates = [figure for triple in ESTIMATES.values() for figure in triple]
        counts = (customers, occasions, intervals)
        row = (scope, value, date(2026, 6, 30), *counts, *estimates, 34.0, method)
        _insert(base, "mart_repurchase_intervals", row)
        for day, at_risk, events, survival in CURVE:
            band = (survival, survival - 0.05, survival + 0.05)
            _insert(base, "mart_repurchase_curve", (scope, value, day, at_risk, events, *band))


def _health(base: duckdb.DuckDBPyConnection, missing_rows: int, uncounted: bool) -> None:
    base.execute(
        "create table health_tests (name varchar, model varchar, column_name varchar, severity varchar, status varchar,"
        " failures bigint, message varchar, description varchar, run_at timestamptz, failing_since timestamptz)"
    )
    base.execute(
        "create table health_tables (table_name varchar, source_rows bigint, raw_current_rows bigint,"
        " raw_versions bigint, source_instant timestamptz)"
    )
    since = datetime(2026, 6, 28, 1, 0, tzinfo=UTC)
    ledger = ("sum_of_cm3_is_the_ledgers_profit", "mart_profit_daily", None, "error", "pass", 0, None)
    _insert(base, "health_tests", (*ledger, "Every day's CM3 equals the ledger's profit.", NOW, None))
    warns = ("names_are_there", "dim_products", "title_en", "warn", "warn", 1, "Got 1 result")
    _insert(base, "health_tests", (*warns, "Products have a name in both languages.", NOW, since))
    _insert(base, "health_tables", ("customer", 4, 4, 5, SOURCE_INSTANT))
    if uncounted:
        _insert(base, "health_tables", ("ledger_entry", None, 1200000, 1300000, SOURCE_INSTANT))
    _insert(base, "health_tables", ("orders", 12345, 12345 - missing_rows, 20000, SOURCE_INSTANT))


@cache
def _declared() -> str:
    """The metrics that the warehouse declares."""
    return declared().dump()


def _manifest(version: str, source_instant: datetime, simulated: bool) -> dict[str, Any]:
    return {
        "version": version,
        "source_instant": source_instant.isoformat(),
        "batch_id": 7,
        "source_snapshot": "812:815:812",
        "system_identifier": "7420000000000000000",
        "as_of_date": source_instant.date().isoformat(),
        "built_at": source_instant.isoformat(),
        "published_at": source_instant.isoformat(),
        "git_revision": "0123abc",
        "currency": "CNY",
        "timezone": "Asia/Shanghai",
        "simulated": simulated,
        "oldest_transaction_age_s": 1.5,
        "tests": {"passed": 1, "warned": 1, "failed": 0},
        "row_counts": {"orders": 12345},
        "segments": [],
    }


def _insert(base: duckdb.DuckDBPyConnection, table: str, row: tuple[object, ...]) -> None:
    base.execute(f"insert into {table} values ({', '.join('?' * len(row))})", list(row))
