"""The page on why profit moved tells steps that add up to the fen, and the largest of them in words."""

from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboards import snapshots, waterfall
from dashboards.periods import Period
from dashboards.queries import bridge
from dashboards.queries.asking import Reader
from dashboards.waterfall import Bar

Visit = Callable[..., AppTest]
Publish = Callable[..., Path]
MAY, JUNE = Period(date(2026, 5, 2), date(2026, 5, 31)), Period(date(2026, 6, 1), date(2026, 6, 30))


def html(page: AppTest) -> str:
    return "\n".join(block.value for block in page.get("html"))


def test_steps_by_hand_lead_from_one_real_profit_to_the_other(owner: Reader) -> None:
    """One unit that left 5.00 against two Steam cards (30.00 left) and one video card (25.00 left, no known cost)."""
    steps = bridge.steps(owner, MAY, JUNE)
    moved = {step.step: step.amount_fen for step in steps if step.amount_fen}
    assert moved == {
        "volume": 5500 - 1833,
        "mix": 1833 - 1500,
        "list_price": 6750 - 2000,
        "discount": -250,
        "refunds": -1000,
        "unit_cost": 1500 - 5000,
        "fees": 20 - 84,
        "marketing_and_goodwill": -1200,
    }
    assert (steps[0].profit_before_fen, steps[-1].profit_after_fen) == (480, 3216)
    assert all(a.profit_after_fen == b.profit_before_fen for a, b in pairwise(steps))


def test_products_behind_a_step_add_up_to_it(publish: Publish, read: Callable[..., Reader]) -> None:
    folder = publish()
    owner = read(folder)
    for step in bridge.steps(owner, MAY, JUNE):
        assert bridge.by_product(owner, MAY, JUNE, step.step)["amount_fen"].sum() == step.amount_fen
    whole = bridge.by_product(owner, MAY, JUNE, None)
    sql = """select product_key, sum(case when ledger_date < date '2026-06-01' then -profit_fen else profit_fen end)
        as fen from fct_margin_lines where ledger_date between '2026-05-02' and '2026-06-30' group by 1"""
    by_hand = {row["product_key"]: row["fen"] for row in snapshots.opened(str(folder)).rows(sql)}
    assert dict(zip(whole["product_key"], whole["amount_fen"], strict=True)) == by_hand


def test_the_sentence_names_the_three_largest_causes_and_their_products(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit("bridge", lang="en")
    assert not page.exception
    said = html(page)
    assert '<p class="ms-figure">¥27.36</p>' in said
    assert "From ¥4.80 (2026-05-02 – 2026-05-31) to ¥32.16 (2026-06-01 – 2026-06-30)." in said
    assert "Above all: List prices +¥47.50 (Steam card alone +¥47.50); Units sold +¥36.67 (" in said
    assert "; Unit costs −¥35.00 (Steam card alone −¥35.00)." in said
    assert [metric.value for metric in page.metric] == ["¥32.16", "+¥47.50", "−¥35.00", "3", "82.8%"]
    assert any("Not all costs are known: 100.0% of net sales in the earlier" in each.value for each in page.warning)


def test_filters_are_read_from_the_address_and_kept_there(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit(
        "bridge", lang="en", dates="2026-06-30..2026-06-30", against_dates="2026-06-29..2026-06-29", step="unit_cost"
    )
    assert "From ¥14.46 (2026-06-29) to ¥17.70 (2026-06-30)." in html(page)
    assert page.dataframe[0].value["amount_fen"].tolist() == [6000]
    page.selectbox(key="choice_step").set_value("all").run()
    assert page.dataframe[0].value["amount_fen"].sum() == 324
    page.selectbox(key="choice_against").set_value("before").run()
    assert "against_dates" not in page.query_params
    assert page.query_params["dates"] == "2026-06-30..2026-06-30"
    page.selectbox(key="choice_period").set_value("7d").run()
    assert page.metric[0].value == "¥32.16"


def test_a_shop_of_nothing_and_one_of_one_row_are_whole(publish: Publish, visit: Visit) -> None:
    publish(kind="empty")
    assert "Nothing has been delivered yet" in html(visit("bridge", lang="en"))
    publish(kind="one_row", version="one")
    page = visit("bridge", lang="en")
    assert not page.exception
    assert "Above all: Units sold −¥80.00 (Steam card alone −¥80.00)." in html(page)


def test_bars_float_from_where_the_row_above_ended() -> None:
    bars = [Bar("a", 500, "total"), Bar("b", -700, "step"), Bar("c", 100, "step"), Bar("d", -100, "total")]
    rows = waterfall.drawing(bars, "CNY", "yuan", "light")["datasets"]["rows"]
    assert rows[["start", "end", "kind"]].to_numpy().tolist() == [
        [0.0, 5.0, "total"],
        [5.0, -2.0, "loss"],
        [-2.0, -1.0, "gain"],
        [0.0, -1.0, "total"],
    ]
    assert rows["text"].tolist() == ["¥5.00", "−¥7.00", "+¥1.00", "−¥1.00"]
    with pytest.raises(ValueError, match="lead to 500"):
        waterfall.drawing([*bars[:1], Bar("d", 499, "total")], "CNY", "yuan", "light")
