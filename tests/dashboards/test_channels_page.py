"""The Channels page says what codes really cost and how sure that is, and hands out the rows behind it."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import streamlit
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from dashboards.access import Viewer
from dashboards.queries import channels
from dashboards.queries.asking import Reader
from mingsuan import clock
from tests.dashboards.warehouse import AsVersion, hand_fed

Visit = Callable[..., AppTest]
Publish = Callable[..., Path]
BORNE = """sum(case when has_code then cost_fen else 0 end) + sum(written_off_fen) - sum(written_off_back_fen)
    + sum(replacement_fen) - sum(credited_fen)"""


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with hand_fed(tmp_path_factory.getbasetemp()) as connection:
        yield connection


def html(page: AppTest) -> str:
    return "\n".join(block.value for block in page.get("html"))


def test_the_cheapest_channel_stands_first_with_its_interval_and_sample(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit("channels", lang="en")
    assert not page.exception
    assert '<p class="ms-figure">快卡 · 极速</p>' in html(page)
    assert "101.3% of list cost, 95 % interval 99.4%–104.6%, 38 good units." in html(page)
    assert [metric.value for metric in page.metric] == ["¥46.60", "1.1%", "96.0%", "2.1%", "1"]
    assert [metric.delta for metric in page.metric] == [
        "47 good units",
        "+¥0.50",
        "of 50 ended",
        "of 48 codes",
        "the worst lacks ¥0.12",
    ]
    assert "50 of 51 attempts have ended" in html(page)


def test_a_sku_is_compared_by_fen_and_a_small_sample_decides_nothing(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit("channels", lang="en", sku="ST-50")
    assert "ST-50 · Steam card, 50 yuan, Last 90 days: the cheapest by effective cost" in html(page)
    assert '<p class="ms-figure">快卡 · 极速</p>' in html(page), "slow is cheaper, by nine units"
    assert "¥1.01 a good unit, 95 % interval ¥0.99–¥1.05, 38 good units." in html(page)


def test_small_samples_have_no_interval_in_the_table(publish: Publish, visit: Visit) -> None:
    publish()
    table = visit("channels", lang="en").dataframe[0].value
    assert table["channel_name"].tolist() == ["慢卡", "快卡 · 极速"]
    assert table["unit_fen"].tolist() == [90, 101]
    assert table["unit_lo_fen"].isna().tolist() == [True, False]


@pytest.mark.parametrize("measure", ["cost", "success", "defects", "unknown", "seconds"])
@pytest.mark.parametrize("sku", ["all", "ST-50"])
def test_every_measure_is_drawn_for_everything_and_for_one_sku(
    publish: Publish, visit: Visit, measure: str, sku: str
) -> None:
    publish()
    page = visit("channels", measure=measure, sku=sku, window="all")
    assert not page.exception
    assert len(page.get("vega_lite_chart")) == 1
    assert (page.query_params.get("window"), page.query_params.get("measure", "cost")) == ("all", measure)


def test_inversions_are_those_of_now_and_on_demand_all_ever(publish: Publish, visit: Visit) -> None:
    publish()
    now, ever = visit("channels", lang="en"), visit("channels", lang="en", inverted="ever")
    assert now.dataframe[1].value["shortfall_fen"].tolist() == [12]
    assert sorted(ever.dataframe[1].value["shortfall_fen"]) == [12, 99]
    assert "codes sold for less than they cost lost **¥3.45**" in "".join(each.value for each in ever.markdown)


def test_moves_of_prices_are_those_of_the_window_with_what_they_cost(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit("channels", lang="en")
    said = "**1** moves; against the prices before, codes bought since were ordered for **¥0.40** more."
    assert said in [each.value for each in page.markdown]
    assert page.dataframe[2].value["how"].tolist() == ["asked for"]


def test_attempts_behind_a_channel_add_up_and_are_exported_whole(
    publish: Publish, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    files: dict[str, Callable[[], bytes]] = {}

    def catch(label: str, data: Callable[[], bytes], file_name: str, **_: Any) -> None:
        files[file_name] = data

    monkeypatch.setattr(streamlit, "download_button", catch)
    page = visit("channels", lang="en", rows="attempts", channel="fast")
    assert "**2** attempts bore **¥1.50** in all." in [each.value for each in page.markdown]
    data, about = load_workbook(io.BytesIO(files["attempts-fast-last_90_days-all.xlsx"]())).worksheets
    rows = [[cell.value for cell in row] for row in data.iter_rows(min_row=2)]
    assert sum(round(row[10] * 100) for row in rows) == 150
    said = {row[0].value: row[1].value for row in about.iter_rows()}
    assert (said["Channel"], said["Borne in all"], said["Attempts begun"]) == ("fast", "¥1.50", "Last 90 days")


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_a_shop_that_bought_nothing_says_so_and_one_of_one_row_is_whole(
    publish: Publish, visit: Visit, lang: str
) -> None:
    publish(kind="empty")
    empty = visit("channels", lang=lang, rows="attempts", inverted="ever")
    assert not empty.exception
    assert '<p class="ms-figure">—</p>' in html(empty)
    publish(version="one", kind="one_row")
    one = visit("channels", lang=lang)
    assert not one.exception
    assert one.metric[0].value == "¥38.50"


def test_old_figures_and_missing_ones_are_called_so(publish: Publish, visit: Visit) -> None:
    assert visit("channels", lang="en").title[0].value == "No figures yet"
    publish(source_instant=clock.now() - timedelta(days=3))
    assert visit("channels", lang="en").warning[0].value.startswith("These figures are 3 d 0 h old.")


@pytest.mark.xdist_group("dbt")
def test_figures_of_the_built_shop_are_those_of_its_purchases(small: duckdb.DuckDBPyConnection) -> None:
    buyer = Reader(AsVersion(small), Viewer(frozenset({"buyer"})))
    scores = channels.scorecard(buyer, "all", None)
    facts = small.execute(
        f"""select c.code, count(*), sum(is_ended::int), {BORNE} from fct_supplier_purchases
        join dim_channels c using (channel_key) group by c.code order by c.code"""
    ).fetchall()
    told = scores.sort_values("channel_code")[["channel_code", "n_purchases", "n_ended", "borne_fen"]]
    assert facts
    assert told.to_records(index=False).tolist() == facts
    for code, attempts, _ended, borne in facts:
        behind = channels.purchases(buyer, code, None, None, None)
        assert (behind.total_rows, behind.total_fen, int(behind.frame["borne_fen"].sum())) == (attempts, borne, borne)
    extra = small.execute("select count(*), sum(extra_fen) from mart_price_moves").fetchone()
    moves = channels.price_moves(buyer, None, None, None)
    assert (moves.total_rows, moves.total_fen) == extra
