"""The Profit page shows the tiny shop's figures, filters them, and hands them out to the fen."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

Visit = Callable[..., AppTest]
Publish = Callable[..., Path]


def html(page: AppTest) -> str:
    return "\n".join(block.value for block in page.get("html"))


def downloads(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """What each download button would give, by file name."""
    caught: dict[str, Callable[[], bytes]] = {}

    def catch(label: str, data: Callable[[], bytes], file_name: str, **_: Any) -> None:
        caught[file_name] = data

    monkeypatch.setattr(streamlit, "download_button", catch)
    return caught


def test_the_headline_is_june_as_computed_by_hand_with_its_change(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit(lang="en")
    assert not page.exception
    assert [metric.value for metric in page.metric] == ["¥145.00", "¥45.00", "¥44.16", "¥32.16", "82.8%"]
    changes = [metric.delta for metric in page.metric]
    assert changes == ["+¥125.00", "+¥40.00", "+¥39.36", "+¥27.36", "−17.2 points"]
    assert "The shop earned, before unknown costs, " in html(page)
    assert "22.2% of ¥145.00 net sales, 3 units delivered" in html(page)


def test_unknown_costs_are_said_in_words(publish: Publish, visit: Visit) -> None:
    publish()
    warnings = [warning.value for warning in visit(lang="en").warning]
    assert "Cost unknown for 17.2% of net sales; the CM columns include only posted costs." in warnings


def test_the_statement_agrees_with_the_ledger_or_says_by_how_much_not(publish: Publish, visit: Visit) -> None:
    publish()
    assert "✓ agrees to the fen on all 2 days" in html(visit(lang="en"))
    publish(version="off", ledger_off_by=3)
    assert "✗ differs by −¥0.06, on 2 days" in html(visit(lang="en"))


def test_chinese_comes_first_and_both_languages_show_the_same_figures(publish: Publish, visit: Visit) -> None:
    publish()
    chinese, english = visit(), visit(lang="en")
    assert chinese.metric[0].label == "净销售额"
    assert english.metric[0].label == "Net sales"
    assert [m.value for m in chinese.metric] == [m.value for m in english.metric]
    assert "店铺真正赚了多少？" in html(chinese)


def test_filters_are_read_from_the_address_and_kept_there(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit(lang="en", category="games", period="7d")
    assert [metric.value for metric in page.metric] == ["¥120.00", "¥20.00", "¥19.31", "¥19.31", "100.0%"]
    page.selectbox(key="choice_category").set_value("vouchers").run()
    assert page.metric[0].value == "¥25.00"
    assert (page.query_params["category"], page.query_params["period"]) == ("vouchers", "7d")
    page.selectbox(key="choice_category").set_value("all").run()
    assert "category" not in page.query_params


def test_own_dates_come_from_the_address(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit(lang="en", dates="2026-06-30..2026-06-30")
    assert page.metric[3].value == "¥17.70"
    assert page.metric[3].delta == "+¥3.24"
    assert page.query_params["dates"] == "2026-06-30..2026-06-30"
    assert "dates" not in visit(lang="en", dates="nonsense").query_params


def test_no_change_is_shown_when_the_books_do_not_cover_the_period_before(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit(lang="en", period="all")
    assert [metric.delta for metric in page.metric] == [""] * 5
    assert page.metric[3].value == "¥39.96"


def test_the_rows_behind_a_product_add_up_to_its_profit(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit(lang="en", rows="postings", product="steam")
    assert "**8** postings add up to **¥19.31** of real profit." in [m.value for m in page.markdown]
    assert page.dataframe[1].value["profit_fen"].sum() == 1931
    page.selectbox(key="choice_day").set_value("2026-06-30").run()
    assert "**4** postings add up to **¥4.85** of real profit." in [m.value for m in page.markdown]
    orders = visit(lang="en", rows="orders")
    assert "**3** order lines, by order date, have earned **¥44.16** of real profit so far." in [
        m.value for m in orders.markdown
    ]


def test_products_are_listed_best_first_with_their_chinese_name_when_they_have_no_english_one(
    publish: Publish, visit: Visit
) -> None:
    publish()
    products = visit(lang="en").dataframe[0].value
    assert products["name"].tolist() == ["视频月卡", "Steam card", "Costs of no product"]
    assert products["cm3_fen"].tolist() == [2485, 1931, -1200]


def test_exports_equal_the_page_to_the_fen_and_carry_filters_and_dates(
    publish: Publish, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(simulated=True)
    files = downloads(monkeypatch)
    page = visit(lang="en", category="games", rows="postings")
    assert not page.exception
    assert len(files) == 6
    data, about = load_workbook(io.BytesIO(files["profit-and-loss-2026-06-01-2026-06-30.xlsx"]())).worksheets
    amounts = {row[0].value: round(row[1].value * 100) for row in data.iter_rows(min_row=2)}
    assert (amounts["Net sales"], amounts["Cost of goods"], amounts["Real profit (CM3)"]) == (12000, -10000, 1931)
    said = {row[0].value: row[1].value for row in about.iter_rows()}
    assert said["Period (business dates)"] == "2026-06-01 – 2026-06-30"
    assert (said["Category"], said["As of"], said["Data"]) == ("Games", "2026-06-30", "Simulated data")
    assert said["Source instant"] == "2026-06-30 12:10 Asia/Shanghai (UTC+08:00)"
    assert said["Version"] == "20260630T041000Z-7"
    assert said["Tests of this version"] == "1 passed, 1 warned, 0 failed"
    assert said["Real profit (CM3)"].startswith("CM2 −")
    postings = load_workbook(io.BytesIO(files["postings-2026-06-01-2026-06-30.xlsx"]())).worksheets[0]
    effects = [round(row[6].value * 100) for row in postings.iter_rows(min_row=2)]
    assert (len(effects), sum(effects)) == (8, 1931)


def test_a_shop_of_one_row_is_whole(publish: Publish, visit: Visit) -> None:
    publish(kind="one_row")
    page = visit(lang="en")
    assert not page.exception
    assert page.metric[3].value == "−¥80.00"
    assert page.metric[4].value == "—"
