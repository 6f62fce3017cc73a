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
        column_config={column.name: _config(column, first=column is chosen[0]) for column in chosen},
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
        "instant": lambda value: written.short_instant(value, view.snapshot.manifest.zone),
    }
    return lambda value: written.NOTHING if pd.isna(value) else write.get(column.kind, str)(value)


def _config(column: Column, first: bool) -> Any:
    if column.kind in {"money", "count", "rate", "days"}:
        return st.column_config.NumberColumn(column.title)
    return st.column_config.Column(column.title, pinned=first)
