"""The rows behind a figure: the first of them with the count and the sum of all, and all of them to take away."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboards import format as written
from dashboards import frame
from dashboards.export import Column
from dashboards.grid import grid
from dashboards.queries.lines import Lines
from dashboards.view import View

SHOWN_ROWS = 200
EXPORTED_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class RowsBehind:
    """What the part needs to know.

    `ask` gives at most so many rows, in the order of the question; `sentence` says what all of them add up to;
    `total` is what the sum is called in the export; `worded` puts names in place of keys before rows are shown.
    `file` is the export's name without its ending, `key` the grid's.
    """

    key: str
    file: str
    title: str
    columns: tuple[Column, ...]
    ask: Callable[[int], Lines]
    sentence: Callable[[Lines], str]
    total: str
    filters: tuple[tuple[str, str], ...] = ()
    worded: Callable[[pd.DataFrame], pd.DataFrame] = lambda rows: rows


def show(view: View, rows: RowsBehind) -> Lines:
    """The part of a page; gives back what was shown."""
    _ = view.gettext
    lines = rows.ask(SHOWN_ROWS)
    st.markdown(rows.sentence(lines))
    st.caption(_shown(view, rows, lines))
    grid(view, rows.columns, rows.worded(lines.frame), f"grid_{rows.key}", rows.title)
    total = written.count(lines.total_rows)
    included = _("{included} of {total}").format(
        included=written.count(min(lines.total_rows, EXPORTED_ROWS)), total=total
    )
    frame.downloads(
        view,
        rows.file,
        rows.title,
        rows.columns,
        lambda: rows.worded(rows.ask(EXPORTED_ROWS).frame),
        frame.about(view, rows.filters, [(_("Rows"), included), (rows.total, view.money(lines.total_fen))]),
    )
    return lines


def _shown(view: View, rows: RowsBehind, lines: Lines) -> str:
    _ = view.gettext
    counts = {"shown": written.count(len(lines.frame)), "total": written.count(lines.total_rows)}
    if any(column.kind == "instant" for column in rows.columns):
        zone = view.manifest.zone.key
        return _("Shown: the newest {shown} of {total} rows. Times in {zone}.").format(**counts, zone=zone)
    return _("Shown: the first {shown} of {total} rows.").format(**counts)
