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
WORDS = {"period": "d", "net_sales": "n", "cm3": "c"}
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
TITLES = {name: name for name in ("x", "y", "day", "survival", "band", "at_risk")}


def rows(spec: dict[str, Any], layer: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec["datasets"][spec["layer"][layer]["data"]["name"]]
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_bars_start_at_zero_and_tooltips_are_exact(theme: Any) -> None:
    period = Period(date(2026, 6, 29), date(2026, 6, 30))
    spec = charts.earnings(DAYS, period, "day", "CNY", "CNY a day", WORDS, theme).to_dict()
    assert [layer["encoding"]["y2"] for layer in spec["layer"][:2]] == [{"datum": 0}] * 2
    assert spec["layer"][0]["encoding"]["y"]["title"] == "CNY a day"
    first, second = rows(spec, 0)
    assert (first["net_sales_text"], second["cm3_text"], second["cm3"]) == ("¥95.00", "−¥17.70", -17.7)


def test_a_bar_of_a_week_names_only_days_of_the_period() -> None:
    weeks = pd.DataFrame({"starts_on": [date(2026, 6, 29)], "net_sales_fen": [1], "cm3_fen": [1]})
    period = Period(date(2026, 6, 30), date(2026, 7, 2))
    spec = charts.earnings(weeks, period, "week", "CNY", "", WORDS, "light").to_dict()
    assert rows(spec, 0)[0]["label"] == "2026-06-30 – 2026-07-02"


def test_survival_is_drawn_in_steps_from_all_to_the_last_with_its_band_and_its_marks_labelled() -> None:
    marks = {"median": (94.0, "median 94"), "naive": (34.0, "naive 34")}
    spec = charts.survival(CURVE, marks, TITLES, "light").to_dict()
    band, line = spec["layer"][0], spec["layer"][1]
    assert (band["mark"]["interpolate"], line["mark"]["interpolate"]) == ("step-after", "step-after")
    assert line["encoding"]["y"]["scale"] == {"domain": [0, 1]}
    steps = rows(spec, 1)
    assert [(step["t_days"], step["survival"]) for step in steps] == [(0, 1.0), (1, 0.9), (94, 0.49)]
    assert [step["band"] for step in steps] == ["100.0% – 100.0%", "80.0% – 95.0%", "—"]
    labels = [row["label"] for data in spec["datasets"].values() for row in data if "label" in row]
    assert set(labels) == {"median 94", "naive 34"}
