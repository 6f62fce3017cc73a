"""The figures at the end of a demo: from the published version alone, whole on narrow terminals, in two languages."""

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from mingsuan import demo
from mingsuan.demo import show_figures

MANIFEST: dict[str, Any] = {
    "source_instant": "2026-02-28T17:30:00+00:00",
    "as_of_date": "2026-03-01",
    "currency": "CNY",
    "timezone": "Asia/Shanghai",
    "simulated": True,
    "segments": [],
}
ZEROS = {row[0]: 0 for row in demo.ROWS}
EARLY = {"gross_sales_fen": 1_000_000, "net_sales_fen": 1_000_000, "cogs_fen": 900_000, "cm1_fen": 100_000}
LATE = {"gross_sales_fen": 120_000, "discounts_fen": 20_000, "net_sales_fen": 100_000, "cogs_fen": 150_000}
MARGINS = {"cm1_fen": -50_000, "payment_fees_fen": 600, "cm2_fen": -50_600, "goodwill_fen": 400, "cm3_fen": -51_000}
REST = {"net_revenue_fen": 100_000, "net_sales_known_cost_fen": 25_000}
DAYS = (
    ("2025-12-01", ZEROS | EARLY | {"cm2_fen": 100_000, "cm3_fen": 100_000, "net_revenue_fen": 1_000_000}),
    ("2026-02-28", ZEROS | LATE | MARGINS | REST),
)
SCOPE = {
    "n_occasions": 23_570,
    "n_intervals": 11_623,
    **{f"km_{name}_days{end}": None for name in ("q25", "median", "q75") for end in ("", "_lo", "_hi")},
    **{f"km_{name}{end}": None for name in ("p30", "p60", "p90", "p365") for end in ("", "_lo", "_hi")},
    "naive_median_days": 34.0,
} | {"km_median_days": 94, "km_median_days_lo": 91, "km_p30": 0.308562, "km_p30_lo": 0.302, "km_p30_hi": 0.315}


def published(folder: Path, about: dict[str, Any], days: Sequence[tuple[str, dict[str, int]]] = DAYS) -> Path:
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(about), encoding="utf-8")
    with duckdb.connect(str(folder / "marts.duckdb")) as marts:
        columns = [*ZEROS, "net_revenue_fen", "net_sales_known_cost_fen"]
        marts.execute(f"create table mart_profit_daily (ledger_date date, {', '.join(f'{c} bigint' for c in columns)})")
        for day, fen in days:
            values = [day, *(fen.get(column, 0) for column in columns)]
            marts.execute(f"insert into mart_profit_daily values ({', '.join('?' * len(values))})", values)
        types = ", ".join(f"{name} double" for name in SCOPE if name not in ("n_occasions", "n_intervals"))
        marts.execute(
            "create table mart_repurchase_intervals"
            f" (scope varchar, scope_value varchar, n_occasions bigint, n_intervals bigint, {types})"
        )
        for scope in (["occasion_number", "1"], ["all", "all"], ["category", "music"]):
            values = [*scope, *SCOPE.values()]
            marts.execute(f"insert into mart_repurchase_intervals values ({', '.join('?' * len(values))})", values)
    return folder


def shown(folder: Path, language: str = "en", width: int = 80) -> str:
    text = io.StringIO()
    show_figures(Console(file=text, width=width), folder, language)
    return text.getvalue()


def row(text: str, label: str) -> list[str]:
    [line] = [line for line in text.splitlines() if label in line]
    return [cell.strip() for cell in line.split("│")[2:-1]]


def test_each_period_is_summed_with_its_margins_and_its_coverage(tmp_path: Path) -> None:
    text = shown(published(tmp_path / "v", MANIFEST))
    assert "2026-01-30" in text
    assert "2025-09-02" in text
    assert row(text, "Gross sales") == ["¥1,200.00", "", "¥11,200.00", ""]
    assert row(text, "(CM1)") == ["−¥500.00", "−50.0 %", "¥500.00", "4.5 %"]
    assert row(text, "(CM3)") == ["−¥510.00", "−51.0 %", "¥490.00", "4.5 %"]
    assert row(text, "cost known") == ["", "25.0 %", "", "2.3 %"]
    assert "Draw income" not in text


def test_the_median_stands_with_its_interval_above_the_naive_one(tmp_path: Path) -> None:
    text = shown(published(tmp_path / "v", MANIFEST))
    assert row(text, "median)") == ["94 (91 – open)"] * 2
    assert row(text, "Three quarters") == ["not reached"] * 2
    assert row(text, "within 30 days") == ["30.9 % (30.2 – 31.5)"] * 2
    assert row(text, "within 365 days") == ["–"] * 2
    assert row(text, "Naive median") == ["34"] * 2


def test_a_simulated_shop_says_so_and_a_real_one_does_not(tmp_path: Path) -> None:
    assert "SIMULATED" in shown(published(tmp_path / "v", MANIFEST))
    assert "模拟店铺" in shown(tmp_path / "v", "zh_CN")
    assert "SIMULATED" not in shown(published(tmp_path / "real", MANIFEST | {"simulated": False}))


def test_the_stamp_names_as_of_date_instant_and_zone(tmp_path: Path) -> None:
    text = shown(published(tmp_path / "v", MANIFEST))
    assert "As of 2026-03-01 · data up to 2026-03-01 01:30 Asia/Shanghai" in text


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_nothing_is_cut_off_on_eighty_columns(tmp_path: Path, language: str) -> None:
    text = shown(published(tmp_path / "v", MANIFEST), language)
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 80


def test_every_text_of_the_figures_has_its_chinese(tmp_path: Path) -> None:
    every_row = [("2026-02-28", dict.fromkeys(ZEROS, 100))]
    text = shown(published(tmp_path / "v", MANIFEST, every_row), "zh_CN")
    assert set(re.findall(r"[A-Za-z]{2,}", text)) == {"CM", "Asia", "Shanghai", "Kaplan", "Meier"}
    assert text.count("¥1.00") == 2 * len(ZEROS)
