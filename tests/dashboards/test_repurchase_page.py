"""The Repurchase page tells the law of coming back with its uncertainty, and why the naive figure is short."""

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


def test_the_median_stands_first_with_its_interval_and_the_naive_one_beside_it(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit("repurchase", lang="en")
    assert not page.exception
    assert '<p class="ms-figure">94 days</p>' in html(page)
    assert "95 % interval 90–98 days, by Kaplan–Meier" in html(page)
    assert [metric.value for metric in page.metric] == ["30.9%", "42.9%", "49.5%", "67.6%", "34 days"]
    assert page.metric[0].delta == "30.0%–32.0%"
    assert "4 customers, 9 purchase days, 5 completed intervals" in html(page)
    assert "it is biased short" in page.info[0].value


def test_a_quartile_that_is_not_reached_is_said_in_words(publish: Publish, visit: Visit) -> None:
    publish()
    row = '<th scope="row" class="text">Three quarters</th><td class="number">not reached</td>'
    assert row in html(visit("repurchase", lang="en"))
    assert "尚未达到" in html(visit("repurchase"))


def test_the_scope_is_chosen_in_the_address_and_kept_there(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit("repurchase", lang="en", scope="occasion_number", value="2")
    assert "Purchase 2 to 3: half have bought again within" in html(page)
    page.selectbox(key="choice_value").set_value("1").run()
    assert "Purchase 1 to 2: half have bought again within" in html(page)
    page.selectbox(key="choice_scope").set_value("category").run()
    assert "Games: half have bought again within" in html(page)
    assert page.query_params["scope"] == "category"
    assert "value" not in page.query_params


def test_the_method_of_the_interval_follows_the_scope(publish: Publish, visit: Visit) -> None:
    publish()
    pooled, first = visit("repurchase", lang="en"), visit("repurchase", lang="en", scope="occasion_number")
    assert any("clustered by customer" in caption.value for caption in pooled.caption)
    assert any("Greenwood" in caption.value for caption in first.caption)


def test_the_export_holds_every_scope_as_the_table_shows_it(
    publish: Publish, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    files: dict[str, Callable[[], bytes]] = {}

    def catch(label: str, data: Callable[[], bytes], file_name: str, **_: Any) -> None:
        files[file_name] = data

    monkeypatch.setattr(streamlit, "download_button", catch)
    page = visit("repurchase", lang="en")
    data, about = load_workbook(io.BytesIO(files["repurchase-2026-06-30.xlsx"]())).worksheets
    rows = [[cell.value for cell in row] for row in data.iter_rows(min_row=2)]
    assert [row[0] for row in rows] == page.dataframe[0].value["name"].tolist()
    assert rows[0][4:9] == [94, 90, 98, 22, None]
    assert rows[0][9] == 0.308562
    assert "Naive median" in [row[0].value for row in about.iter_rows()]


def test_a_shop_without_customers_says_what_it_waits_for(publish: Publish, visit: Visit) -> None:
    publish(kind="empty")
    page = visit("repurchase", lang="en")
    assert not page.exception
    assert "Nobody has bought yet" in html(page)
