"""Filters that pages share, each kept in the address: days, size of a bar, and any of several words."""

from collections.abc import Mapping
from datetime import date
from typing import get_args

import streamlit as st

from dashboards import format as written
from dashboards import periods, url
from dashboards.periods import Grain, Period
from dashboards.view import View

EVERYTHING = "all"
FITTING = "auto"


def period(view: View, days: Period) -> Period:
    """The days that are asked for, as a preset or own dates. `days` are the first and last with anything to show."""
    _ = view.gettext
    last = periods.anchor(view.manifest.as_of_date, days.last)
    wording = {
        "7d": _("7 days"),
        "30d": _("30 days"),
        "90d": _("90 days"),
        "month": _("This month"),
        "last_month": _("Last month"),
        "all": _("Everything"),
        "custom": _("Own dates"),
    }
    asked = st.query_params.get("dates")
    custom = periods.parsed(asked)
    if custom is None:
        url.ignore("dates", asked)
    name = url.select(
        "period", _("Period"), periods.PRESETS, "custom" if custom else "30d", lambda preset: wording[preset]
    )
    chosen = periods.preset(name, days.first, last)  # type: ignore[arg-type]
    if name == "custom":
        chosen = own_dates(view, "dates", custom or chosen, days, last)
    else:
        url.keep("dates", None, None)
    st.caption(written.period(chosen.first, chosen.last))
    return chosen


def grain(view: View, chosen: Period) -> Grain:
    """The size of a bar: as it fits the period, or as asked for."""
    _ = view.gettext
    wording = {FITTING: _("As it fits"), "day": _("Day"), "week": _("Week"), "month": _("Month")}
    name = url.select("grain", _("Bars"), [FITTING, *get_args(Grain)], FITTING, wording.__getitem__)
    return next((size for size in get_args(Grain) if size == name), chosen.grain)


def several(view: View, name: str, label: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Any of the words, which `names` says for people; nothing chosen means all of them."""
    return url.several(
        name, label, list(names), lambda word: names[word], placeholder=view.gettext("All"), filter_mode="contains"
    )


def described(view: View, chosen: tuple[str, ...], names: Mapping[str, str]) -> str:
    """What was chosen, as exports say it."""
    return ", ".join(names[word] for word in chosen) if chosen else view.gettext("All")


def own_dates(view: View, name: str, start: Period, days: Period, last: date) -> Period:
    """Two dates picked freely, kept in the address as `name`; what the address newly says goes before what was picked.

    `start` is where the picker begins, `days` those with anything to show, `last` the day that presets count back from.
    """
    _ = view.gettext
    key, asked = f"own_{name}", st.query_params.get(name)
    if asked != st.session_state.get(f"kept_{name}") and periods.parsed(asked):
        st.session_state.pop(key, None)
    earliest, latest = min(days.first, start.first), max(days.last, last, start.last)
    picked = st.date_input(
        _("From and to"),
        (start.first, start.last),
        min_value=earliest,
        max_value=latest,
        format="YYYY-MM-DD",
        key=key,
        persist_state="session",
    )
    period = Period(picked[0], picked[-1]) if isinstance(picked, tuple) and picked else start
    url.keep(name, periods.written(period), None)
    return period
