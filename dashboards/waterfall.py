"""From one total to another in steps that add up: floating bars from zero, a row a step, its amount above."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import altair as alt
import pandas as pd

from dashboards.charts import PALETTES, Spec, dressed, filled
from dashboards.format import amount, change, yuan
from dashboards.view import Theme

ROW_PIXELS = 44
BAR_PIXELS = 14
AXIS_PIXELS = 52


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: a `total` stands on zero at `fen`; a `step` moves by `fen` from where the row above ended."""

    label: str
    fen: int
    kind: Literal["total", "step"]


def drawing(bars: Sequence[Bar], currency: str, axis: str, theme: Theme) -> Spec:
    """The waterfall. Raises ValueError where a total after the first is not what the steps above it lead to."""
    rows = _rows(bars, currency)
    spec = filled(_spec(axis, theme), rows=rows)
    spec["height"] = ROW_PIXELS * len(rows) + AXIS_PIXELS
    return spec


def _rows(bars: Sequence[Bar], currency: str) -> pd.DataFrame:
    reached, rows = 0, []
    for place, bar in enumerate(bars):
        if bar.kind == "total" and place and bar.fen != reached:
            raise ValueError(f"{bar.label} is {bar.fen} fen, and the steps above it lead to {reached}")
        start, reached = (0, bar.fen) if bar.kind == "total" else (reached, reached + bar.fen)
        rows.append(
            {
                "label": bar.label,
                "start": float(yuan(start, currency)),
                "end": float(yuan(reached, currency)),
                "kind": bar.kind if bar.kind == "total" else ("loss" if bar.fen < 0 else "gain"),
                "text": amount(bar.fen, currency) if bar.kind == "total" else change(bar.fen, currency),
            }
        )
    return pd.DataFrame(rows, columns=["label", "start", "end", "kind", "text"])


@lru_cache(maxsize=64)
def _spec(axis: str, theme: Theme) -> Spec:
    colours = PALETTES[theme]
    value = alt.Axis(format="~s", tickCount=4)
    base = alt.Chart(alt.NamedData("rows")).encode(y=alt.Y("label:N", sort=None, axis=None))
    shades = alt.Scale(domain=["total", "gain", "loss"], range=[colours.muted, colours.accent, colours.loss])
    bars = base.mark_bar(height=BAR_PIXELS, yOffset=8).encode(
        x=alt.X("start:Q", title=axis, axis=value),
        x2="end:Q",
        color=alt.Color("kind:N", scale=shades, legend=None),
    )
    causes = base.mark_text(align="left", dy=-9, fontSize=13, color=colours.text).encode(x=alt.value(0), text="label:N")
    amounts = base.mark_text(align="right", dy=-9, fontSize=13, color=colours.text).encode(
        x=alt.value("width"), text="text:N"
    )
    zero = alt.Chart(alt.NamedData("rows")).mark_rule(color=colours.muted).encode(x=alt.datum(0))
    return dressed(alt.layer(bars, zero, causes, amounts), colours, height=ROW_PIXELS)
