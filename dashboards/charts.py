"""Charts as questions: bars from zero, steps for survival, bands for uncertainty, labels on the marks.

Values arrive in fen and are plotted in whole units; the exact amounts stand in tooltips and tables.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import altair as alt
import pandas as pd

from dashboards.format import amount, yuan
from dashboards.periods import Grain, Period
from dashboards.view import Theme

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


PALETTES: dict[Theme, Palette] = {
    "light": Palette("#0b6e5f", "#c3d3d1", "#b3372f", "#1c2b2a", "#566462", "#e3e9e8"),
    "dark": Palette("#45c4ae", "#3a4b4a", "#f08a7e", "#e4eceb", "#a3b3b1", "#2a3736"),
}


def earnings(
    frame: pd.DataFrame,
    period: Period,
    grain: Grain,
    currency: str,
    axis_title: str,
    words: dict[str, str],
    theme: Theme,
) -> alt.LayerChart:
    """What was left (cm3) inside what was sold (net sales), one pair of bars from zero per day, week or month.

    `words` names the tooltip rows: period, net_sales, cm3.
    """
    colours = PALETTES[theme]
    data = _bars(frame, period, grain, currency)
    x = alt.X("from:T", title=None, scale=alt.Scale(type="utc"), axis=_dates(grain))
    tooltip = [
        alt.Tooltip("label:N", title=words["period"]),
        alt.Tooltip("net_sales_text:N", title=words["net_sales"]),
        alt.Tooltip("cm3_text:N", title=words["cm3"]),
    ]
    base = alt.Chart(data).encode(x=x, x2="to:T", tooltip=tooltip)
    value = alt.Y("net_sales:Q", title=axis_title, axis=alt.Axis(format=",.0f", tickCount=5, titlePadding=12))
    ground = alt.datum(0)
    sold = base.mark_rect(color=colours.quiet).encode(y=value, y2=ground)
    earned = base.mark_rect().encode(
        y=alt.Y("cm3:Q"),
        y2=ground,
        color=alt.condition("datum.cm3 < 0", alt.value(colours.loss), alt.value(colours.accent)),
    )
    zero = alt.Chart(pd.DataFrame({"zero": [0]})).mark_rule(color=colours.muted).encode(y="zero:Q")
    return _dressed(alt.layer(sold, earned, zero), colours, height=300)


def survival(
    curve: pd.DataFrame, marks: dict[str, tuple[float, str]], titles: dict[str, str], theme: Theme
) -> alt.LayerChart:
    """Share that has not bought again, as steps over days, with its 95 % band.

    `marks` are vertical rules: name → (days, label); the first is drawn strong, others dashed. `titles`: x, y, day,
    survival, band, at_risk.
    """
    colours = PALETTES[theme]
    data = _steps(curve)
    x = alt.X("t_days:Q", title=titles["x"], scale=alt.Scale(domainMin=0, nice=False), axis=alt.Axis(tickCount=8))
    y_axis = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1], titlePadding=12)
    y = alt.Y("survival:Q", title=titles["y"], scale=alt.Scale(domain=[0, 1]), axis=y_axis)
    tooltip = [
        alt.Tooltip("t_days:Q", title=titles["day"]),
        alt.Tooltip("survival:Q", title=titles["survival"], format=".1%"),
        alt.Tooltip("band:N", title=titles["band"]),
        alt.Tooltip("n_at_risk:Q", title=titles["at_risk"], format=","),
    ]
    base = alt.Chart(data).encode(x=x)
    band = base.mark_area(interpolate="step-after", color=colours.accent, opacity=0.22).encode(
        y=alt.Y("survival_lo:Q", title=titles["y"]), y2="survival_hi:Q"
    )
    line = base.mark_line(interpolate="step-after", color=colours.accent, strokeWidth=2).encode(y=y)
    points = base.mark_point(opacity=0, size=80).encode(y=y, tooltip=tooltip)
    return _dressed(alt.layer(band, line, *_rules(marks, colours), points), colours, height=340)


def _rules(marks: dict[str, tuple[float, str]], colours: Palette) -> list[Any]:
    drawn: list[Any] = []
    for order, (days, label) in enumerate(marks.values()):
        colour = colours.text if order == 0 else colours.muted
        at = alt.Chart(pd.DataFrame({"t_days": [days], "label": [label], "height": [0.05 + 0.09 * order]}))
        dash = [1, 0] if order == 0 else [4, 3]
        drawn.append(at.mark_rule(color=colour, strokeDash=dash).encode(x="t_days:Q"))
        text = at.mark_text(align="left", dx=6, color=colour, fontSize=13, fontWeight=600 if order == 0 else 400)
        drawn.append(text.encode(x="t_days:Q", y="height:Q", text="label:N"))
    return drawn


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
    pattern = "%Y-%m" if grain == "month" else "%m-%d"
    return alt.Axis(format=pattern, labelOverlap="greedy", labelSeparation=10, tickCount=8, grid=False)


def _dressed(chart: Any, colours: Palette, height: int) -> alt.LayerChart:
    dressed: alt.LayerChart = (
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
    return dressed
