"""Estimates of several things beside each other: a dot each, its interval as whiskers, a tick at what it is held to."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from dashboards.charts import PALETTES, Spec, dressed, filled
from dashboards.view import Theme

ROW_PIXELS = 48


@dataclass(frozen=True, slots=True)
class WhiskerWords:
    """Texts of the chart. `format` is D3's of the axis; `is_log` where values differ by powers of ten."""

    axis: str
    name: str
    value: str
    interval: str
    tick: str
    sample: str
    format: str
    is_log: bool = False


def whiskers(frame: pd.DataFrame, words: WhiskerWords, theme: Theme) -> Spec:
    """One row per name, in this order: name, value, low, high, tick, and texts value_text, interval_text, sample.

    The sample stands below the name.

    Where `low` and `high` are null the dot is hollow: too small a sample for an interval.
    """
    labels = [f"{name}\n{sample}" for name, sample in zip(frame["name"], frame["sample"], strict=True)]
    return filled(_spec(words, theme), estimates=frame.assign(label=labels))


@lru_cache(maxsize=64)
def _spec(words: WhiskerWords, theme: Theme) -> Spec:
    colours = PALETTES[theme]
    tooltip = [
        alt.Tooltip("name:N", title=words.name),
        alt.Tooltip("value_text:N", title=words.value),
        alt.Tooltip("interval_text:N", title=words.interval),
        alt.Tooltip("sample:N", title=words.sample),
    ]
    scale = alt.Scale(type="log", nice=True) if words.is_log else alt.Scale(zero=False, nice=True)
    x = alt.X("value:Q", title=words.axis, scale=scale, axis=alt.Axis(format=words.format, tickCount=5))
    y_axis = alt.Axis(
        labelLimit=150,
        labelPadding=8,
        labelLineHeight=17,
        labelBaseline="middle",
        labelExpr="split(datum.label, '\\n')",
        ticks=False,
        domain=False,
        labelColor=colours.text,
    )
    y = alt.Y("label:N", sort=None, title=None, axis=y_axis)
    base = alt.Chart(alt.NamedData("estimates")).encode(y=y, tooltip=tooltip)
    whisker = base.mark_rule(color=colours.accent, strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q")
    caps: list[Any] = [
        base.mark_tick(color=colours.accent, thickness=2, size=10).encode(x=alt.X(f"{end}:Q"))
        for end in ("low", "high")
    ]
    held = base.mark_tick(color=colours.muted, thickness=2, size=22).encode(x=alt.X("tick:Q"))
    fill = alt.condition("isValid(datum.low)", alt.value(colours.accent), alt.value("transparent"))
    dot = base.mark_point(color=colours.accent, filled=False, size=90, strokeWidth=2).encode(x=x, fill=fill)
    return dressed(alt.layer(whisker, *caps, held, dot), colours, height=alt.Step(ROW_PIXELS))
