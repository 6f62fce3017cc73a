"""Charts as questions: bars from zero, steps for survival, bands for uncertainty, labels on the marks.

Values arrive in fen and are plotted in whole units; the exact amounts stand in tooltips and tables. Drawing is
described with Altair once per wording and theme, which costs ten times more than filling in the data.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from dashboards.format import amount, yuan
from dashboards.periods import Grain, Period
from dashboards.view import Theme

Spec = dict[str, Any]
"""A Vega-Lite specification, its `datasets` being frames."""
FONT = '"PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif'


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a theme, each with enough contrast on its surface."""

    accent: str
    quiet: str
    loss: str
    text: str
    muted: str
    grid: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A number of days marked on the curve: a line up to `height`, its label at the height `at`."""

    days: float
    label: str
    height: float
    at: float
    strong: bool


PALETTES: dict[Theme, Palette] = {
    "light": Palette("#0b6e5f", "#c3d3d1", "#b3372f", "#1c2b2a", "#566462", "#e3e9e8"),
    "dark": Palette("#45c4ae", "#3a4b4a", "#f08a7e", "#e4eceb", "#a3b3b1", "#2a3736"),
}


@dataclass(frozen=True, slots=True)
class EarningsWords:
    """Texts on the chart of earnings: its axis and the rows of its tooltip."""

    axis: str
    period: str
    net_sales: str
    cm3: str


@dataclass(frozen=True, slots=True)
class SurvivalWords:
    """Texts on the survival curve: its axes and the rows of its tooltip."""

    x: str
    y: str
    day: str
    survival: str
    band: str
    at_risk: str


def earnings(
    frame: pd.DataFrame, period: Period, grain: Grain, currency: str, words: EarningsWords, theme: Theme
) -> Spec:
    """What was left (cm3) inside what was sold (net sales), one pair of bars from zero per day, week or month."""
    return filled(_earnings_spec(grain, words, theme), bars=_bars(frame, period, grain, currency))


def survival(curve: pd.DataFrame, marks: Sequence[Mark], words: SurvivalWords, theme: Theme) -> Spec:
    """Share that has not bought again, as steps over days, with its 95 % band and marked days."""
    marked = pd.DataFrame([asdict(mark) for mark in marks], columns=["days", "label", "height", "at", "strong"])
    return filled(_survival_spec(words, theme), steps=_steps(curve), marks=marked)


@lru_cache(maxsize=64)
def _earnings_spec(grain: Grain, words: EarningsWords, theme: Theme) -> Spec:
    colours = PALETTES[theme]
    x = alt.X("from:T", title=None, scale=alt.Scale(type="utc"), axis=_dates(grain))
    tooltip = [
        alt.Tooltip("label:N", title=words.period),
        alt.Tooltip("net_sales_text:N", title=words.net_sales),
        alt.Tooltip("cm3_text:N", title=words.cm3),
    ]
    base = alt.Chart(alt.NamedData("bars")).encode(x=x, x2="to:T", tooltip=tooltip)
    value = alt.Y("net_sales:Q", title=words.axis, axis=alt.Axis(format=",.0f", tickCount=5, titlePadding=12))
    ground = alt.datum(0)
    sold = base.mark_rect(color=colours.quiet).encode(y=value, y2=ground)
    colour = alt.condition("datum.cm3 < 0", alt.value(colours.loss), alt.value(colours.accent))
    earned = base.mark_rect().encode(y=alt.Y("cm3:Q"), y2=ground, color=colour)
    zero = alt.Chart(alt.NamedData("bars")).mark_rule(color=colours.muted).encode(y=ground)
    return dressed(alt.layer(sold, earned, zero), colours, height=300)


@lru_cache(maxsize=64)
def _survival_spec(words: SurvivalWords, theme: Theme) -> Spec:
    colours = PALETTES[theme]
    x = alt.X("t_days:Q", title=words.x, scale=alt.Scale(domainMin=0, nice=False), axis=alt.Axis(tickCount=8))
    y_axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], titlePadding=12)
    y = alt.Y("survival:Q", title=words.y, scale=alt.Scale(domain=[0, 1]), axis=y_axis)
    tooltip = [
        alt.Tooltip("t_days:Q", title=words.day),
        alt.Tooltip("survival:Q", title=words.survival, format=".1%"),
        alt.Tooltip("band:N", title=words.band),
        alt.Tooltip("n_at_risk:Q", title=words.at_risk, format=","),
    ]
    base = alt.Chart(alt.NamedData("steps")).encode(x=x)
    band = base.mark_area(interpolate="step-after", color=colours.accent, opacity=0.3).encode(
        y=alt.Y("survival_lo:Q", title=words.y), y2="survival_hi:Q"
    )
    line = base.mark_line(interpolate="step-after", color=colours.accent, strokeWidth=2).encode(y=y)
    points = base.mark_point(opacity=0, size=80).encode(y=y, tooltip=tooltip)
    return dressed(alt.layer(band, line, *_rules(colours), points), colours, height=340)


def _rules(colours: Palette) -> list[Any]:
    colour = alt.condition("datum.strong", alt.value(colours.text), alt.value(colours.muted))
    dash = alt.condition("datum.strong", alt.value([1, 0]), alt.value([4, 3]))
    base = alt.Chart(alt.NamedData("marks")).encode(x="days:Q", color=colour)
    line = base.mark_rule().encode(y="height:Q", y2=alt.datum(0), strokeDash=dash)
    text = base.mark_text(align="left", dx=6, fontSize=13).encode(y="at:Q", text="label:N")
    return [line, text]


def _bars(frame: pd.DataFrame, period: Period, grain: Grain, currency: str) -> pd.DataFrame:
    starts = pd.to_datetime(frame["starts_on"])
    ends = {"day": starts + pd.Timedelta(days=1), "week": starts + pd.Timedelta(days=7)}.get(
        grain, starts + pd.offsets.MonthBegin(1)
    )
    width = ends - starts
    last = ends.dt.date.map(lambda day: min(day - timedelta(days=1), period.last))
    first = starts.dt.date.map(lambda day: max(day, period.first))
    return pd.DataFrame(
        {
            "from": (starts + width * 0.1).dt.tz_localize("UTC"),
            "to": (ends - width * 0.1).dt.tz_localize("UTC"),
            "label": [f"{a}" if a == b else f"{a} – {b}" for a, b in zip(first, last, strict=True)],
            "net_sales": [float(yuan(fen, currency)) for fen in frame["net_sales_fen"]],
            "cm3": [float(yuan(fen, currency)) for fen in frame["cm3_fen"]],
            "net_sales_text": [amount(fen, currency) for fen in frame["net_sales_fen"]],
            "cm3_text": [amount(fen, currency) for fen in frame["cm3_fen"]],
        }
    )


def _steps(curve: pd.DataFrame) -> pd.DataFrame:
    start = pd.DataFrame({"t_days": [0], "survival": [1.0], "survival_lo": [1.0], "survival_hi": [1.0]})
    start["n_at_risk"] = int(curve["n_at_risk"].max()) if len(curve) else 0
    steps = curve if (curve["t_days"] == 0).any() else pd.concat([start, curve], ignore_index=True)
    steps = steps.astype({"t_days": float, "survival": float, "survival_lo": float, "survival_hi": float})
    known = steps["survival_lo"].notna() & steps["survival_hi"].notna()
    texts = [
        f"{low:.1%} – {high:.1%}" if ok else "—"
        for low, high, ok in zip(steps["survival_lo"], steps["survival_hi"], known, strict=True)
    ]
    return steps.assign(n_at_risk=steps["n_at_risk"].astype(float), band=texts).drop(
        columns="n_events", errors="ignore"
    )


def _dates(grain: Grain) -> alt.Axis:
    pattern = "%m-%d" if grain == "day" else "%Y-%m"
    return alt.Axis(format=pattern, labelOverlap="greedy", labelSeparation=10, tickCount=8, grid=False)


def filled(spec: Spec, **datasets: pd.DataFrame) -> Spec:
    """A copy of a cached drawing with its data."""
    return {**deepcopy(spec), "datasets": datasets}


def dressed(chart: Any, colours: Palette, height: int | alt.Step) -> Spec:
    """The specification in the theme's colours and the pages' font; a step is pixels a row of a categorical axis."""
    styled = (
        chart.properties(
            height=height, background="transparent", padding={"top": 8, "right": 12, "left": 4, "bottom": 4}
        )
        .configure(font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=colours.muted,
            titleColor=colours.muted,
            gridColor=colours.grid,
            domainColor=colours.grid,
            tickColor=colours.grid,
            labelFontSize=13,
            titleFontSize=13,
            titleFontWeight="normal",
        )
    )
    spec: Spec = styled.to_dict()
    return spec
