"""Long tables: sortable, their cells exact fen or rates underneath, written for people on top."""

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import streamlit as st

from dashboards import format as written
from dashboards.export import Column
from dashboards.view import View

MOST_ROWS_SHOWN = 12
ROW_PIXELS = 36


def grid(view: View, columns: Iterable[Column], data: pd.DataFrame, key: str, description: str) -> None:
    """The columns of `data` in this order, under their titles; scrolls when there are more than a dozen rows."""
    chosen = list(columns)
    shown = data[[column.name for column in chosen]]
    styler = shown.style.format({column.name: _writer(view, column) for column in chosen})
    st.dataframe(
        styler,
        hide_index=True,
        column_config={column.name: _config(column, column is chosen[0], shown[column.name]) for column in chosen},
        height=ROW_PIXELS * (min(MOST_ROWS_SHOWN, len(shown)) + 1) + 2,
        row_height=ROW_PIXELS,
        key=key,
        placeholder=written.NOTHING,
        alt=description,
    )


def _writer(view: View, column: Column) -> Callable[[Any], str]:
    write: dict[str, Callable[[Any], str]] = {
        "money": view.money,
        "count": written.count,
        "rate": written.rate,
        "days": written.days,
        "instant": lambda value: written.short_instant(value, view.manifest.zone),
    }
    return lambda value: written.NOTHING if pd.isna(value) else write.get(column.kind, str)(value)


def _config(column: Column, first: bool, values: "pd.Series[Any]") -> Any:
    if column.kind in {"money", "count", "rate", "days"}:
        return st.column_config.NumberColumn(column.title)
    if column.kind == "prose":
        return st.column_config.Column(column.title, width="large")
    return st.column_config.Column(column.title, pinned=first, width=_width(values, column.title))


def _width(values: "pd.Series[Any]", title: str) -> int:
    """Pixels for the longest text, within reason on a phone; a Chinese character is as wide as two Latin ones."""
    texts = (title, *("" if pd.isna(value) else str(value) for value in values))
    longest = max(sum(2 if ord(char) > 0x2E80 else 1 for char in text) for text in texts)
    return min(240, max(90, 24 + 7 * longest))
