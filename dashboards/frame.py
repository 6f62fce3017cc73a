"""What surrounds every page: stamp of time and coverage, warnings that cannot be overlooked, headline, exports."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import pandas as pd
import streamlit as st

from dashboards import export, tables, visits
from dashboards import format as written
from dashboards.drill import Drill
from dashboards.export import Column, Export
from dashboards.view import View


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the headline figures. `better`: whether its change is good news; `drill` leads to what is behind it."""

    label: str
    value: str
    definition: str
    change: str | None = None
    rises: bool = False
    better: bool | None = None
    drill: Drill | None = None


def stamp(view: View, *parts: str) -> None:
    """As-of, source instant and whatever the page adds (its coverage), always in sight."""
    _ = view.gettext
    manifest = view.manifest
    st.html(
        tables.stamp(
            (
                _("As of {date}").format(date=manifest.as_of_date),
                _("figures of {instant}, {age} ago").format(
                    instant=view.local(manifest.source_instant), age=written.age(view.age, _)
                ),
                *parts,
            ),
            _("Simulated data") if manifest.simulated else None,
        )
    )


def notices(view: View, full: bool = False) -> None:
    """Older version, failed or unknown attempt, stale figures: in this order, above everything else."""
    _ = view.gettext
    if view.is_older:
        st.info(
            _("You are looking at an older version, {version}. Newer figures exist.").format(
                version=view.manifest.version
            ),
            icon=":material/history:",
        )
    if view.failed_attempt and not full:
        names = ", ".join(test.name for test in view.failed_attempt.failed_tests) or _("see Data health")
        st.error(
            _("The last update was not published ({what}); these are the figures from before it.").format(what=names),
            icon=":material/error:",
        )
    if view.attempt_unreadable:
        st.warning(
            _(
                "Whether the last update was published is not known: its record cannot be read ({why})."
                " The figures below passed every blocking test. Run `mingsuan refresh` to write a new record."
            ).format(why=view.attempt_unreadable),
            icon=":material/help:",
        )
    if view.is_stale:
        st.warning(
            _("These figures are {age} old. Run `mingsuan refresh` or look at the schedule.").format(
                age=written.age(view.age, _)
            ),
            icon=":material/schedule:",
        )


def left_out(view: View, asked: Mapping[str, str]) -> None:
    """What the address asked for and this version or page does not have."""
    _ = view.gettext
    words = "; ".join(f"`{name}={value[:80].replace('`', '')}`" for name, value in asked.items())
    st.info(
        _("The address asks for what there is not here: {words}. It was left out.").format(words=words),
        icon=":material/filter_alt_off:",
    )


def headline(figures: Iterable[Figure], note: str | None = None) -> None:
    """At most five figures in a row that wraps on narrow screens, definitions on hover; `note` explains the changes."""
    with st.container(horizontal=True, key="headline", gap="small"):
        for figure in figures:
            with st.container(gap="xxsmall", height="stretch"):
                _metric(figure)
                if figure.drill:
                    figure.drill.show()
    if note:
        st.caption(note)


def _metric(figure: Figure) -> None:
    st.metric(
        figure.label,
        figure.value,
        delta=figure.change,
        delta_color=_colour(figure),
        delta_arrow=_arrow(figure),
        help=figure.definition,
        border=True,
        width="stretch",
        height="stretch",
    )


def about(view: View, filters: Iterable[tuple[str, str]], notes: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What an export says of itself: filters, dates, version, test status, definitions."""
    _ = view.gettext
    manifest = view.manifest
    tests = _("{passed} passed, {warned} warned, {failed} failed").format(
        passed=manifest.passed, warned=manifest.warned, failed=manifest.failed
    )
    return [
        *filters,
        (_("As of"), str(manifest.as_of_date)),
        (_("Source instant"), view.local(manifest.source_instant)),
        (_("Version"), manifest.version),
        (_("Data"), _("Simulated data") if manifest.simulated else _("The shop's own")),
        (_("Tests of this version"), tests),
        (_("Currency"), manifest.currency),
        (_("Exported"), view.local(view.now)),
        *notes,
    ]


def downloads(
    view: View,
    name: str,
    title: str,
    columns: Iterable[Column],
    frame: Callable[[], pd.DataFrame],
    notes: Iterable[tuple[str, str]],
) -> None:
    """Two buttons; files are made when asked for, and carry the filters and dates of this moment."""
    _ = view.gettext
    manifest = view.manifest
    asked = visits.filters()
    empty = Export(title, tuple(columns), pd.DataFrame(), tuple(notes), _("About"), manifest.currency, manifest.zone)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.download_button(
            "Excel",
            data=partial(_made, export.xlsx, empty, frame, partial(visits.taken, view, asked, f"{name}.xlsx")),
            file_name=f"{name}.xlsx",
            mime=export.XLSX,
            key=f"xlsx_{name}",
            on_click="ignore",
            icon=":material/download:",
        )
        st.download_button(
            "CSV",
            data=partial(
                _made,
                partial(export.csv_zip, name=name),
                empty,
                frame,
                partial(visits.taken, view, asked, f"{name}.zip"),
            ),
            file_name=f"{name}.zip",
            mime=export.ZIP,
            key=f"csv_{name}",
            on_click="ignore",
            icon=":material/download:",
        )
        st.caption(
            _("Excel: a second sheet names filters, dates and definitions. CSV: a ZIP of the data and about.csv."),
            width="stretch",
        )


def _made(
    make: Callable[[Export], bytes], empty: Export, frame: Callable[[], pd.DataFrame], log: Callable[[], None]
) -> bytes:
    log()
    return make(replace(empty, frame=frame()))


def _colour(figure: Figure) -> Literal["green", "red", "gray"]:
    if figure.better is None:
        return "gray"
    return "green" if figure.better else "red"


def _arrow(figure: Figure) -> Literal["up", "down", "off"]:
    if figure.change is None or figure.better is None:
        return "off"
    return "up" if figure.rises else "down"
