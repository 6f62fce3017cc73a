"""Charts keep their promises: bars from zero, steps, bands, exact amounts in tooltips."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from dashboards import charts
from dashboards.periods import Period

DAYS = pd.DataFrame(
    {
        "starts_on": [date(2026, 6, 29), date(2026, 6, 30)],
        "net_sales_fen": [9500, 5000],
        "cm3_fen": [1446, -1770],
    }
)
WORDS = charts.EarningsWords("CNY a day", "d", "n", "c")
CURVE = pd.DataFrame(
    {
        "t_days": [1, 94],
        "n_at_risk": [9, 5],
        "n_events": [1, 2],
        "survival": [0.9, 0.49],
        "survival_lo": [0.8, None],
        "survival_hi": [0.95, None],
    }
)
TITLES = charts.SurvivalWords("x", "y", "day", "survival", "band", "at_risk")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bars_start_at_zero_and_tooltips_are_exact(theme: Any) -> None:
    period = Period(date(2026, 6, 29), date(2026, 6, 30))
    spec = charts.earnings(DAYS, period, "day", "CNY", WORDS, theme)
    assert [layer["encoding"]["y2"] for layer in spec["layer"][:2]] == [{"datum": 0}] * 2
    assert spec["layer"][0]["encoding"]["y"]["title"] == "CNY a day"
    first, second = spec["datasets"]["bars"].to_dict("records")
    assert (first["net_sales_text"], second["cm3_text"], second["cm3"]) == ("¥95.00", "−¥17.70", -17.7)


def test_a_bar_of_a_week_names_only_days_of_the_period() -> None:
    weeks = pd.DataFrame({"starts_on": [date(2026, 6, 29)], "net_sales_fen": [1], "cm3_fen": [1]})
    period = Period(date(2026, 6, 30), date(2026, 7, 2))
    spec = charts.earnings(weeks, period, "week", "CNY", WORDS, "light")
    assert spec["datasets"]["bars"]["label"][0] == "2026-06-30 – 2026-07-02"


def test_survival_is_drawn_in_steps_from_all_to_the_last_with_its_band_and_its_marks_labelled() -> None:
    marks = [charts.Mark(94, "median 94", 0.5, 0.06, strong=True), charts.Mark(34, "naive 34", 1, 0.96, strong=False)]
    spec = charts.survival(CURVE, marks, TITLES, "light")
    band, line = spec["layer"][0], spec["layer"][1]
    assert (band["mark"]["interpolate"], line["mark"]["interpolate"]) == ("step-after", "step-after")
    assert line["encoding"]["y"]["scale"] == {"domain": [0, 1]}
    steps = spec["datasets"]["steps"].to_dict("records")
    assert [(step["t_days"], step["survival"]) for step in steps] == [(0, 1.0), (1, 0.9), (94, 0.49)]
    assert [step["band"] for step in steps] == ["100.0% – 100.0%", "80.0% – 95.0%", "—"]
    assert spec["datasets"]["marks"]["label"].tolist() == ["median 94", "naive 34"]


def test_a_drawing_that_is_used_again_is_not_touched_by_the_first_use() -> None:
    first = charts.survival(CURVE, [], TITLES, "light")
    first["layer"].clear()
    assert len(charts.survival(CURVE, [], TITLES, "light")["layer"]) == 5
