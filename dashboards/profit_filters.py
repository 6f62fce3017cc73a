"""What the Profit page is asked for: period and category, kept in the address."""

from dataclasses import dataclass
from datetime import date

import streamlit as st

from dashboards import format as written
from dashboards import periods, url
from dashboards.periods import Period
from dashboards.queries import catalogue
from dashboards.view import View

EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the filters say."""

    period: Period
    category: str | None
    category_name: str

    def described(self, view: View) -> list[tuple[str, str]]:
        """The filters as exports carry them."""
        _ = view.gettext
        return [
            (_("Period (business dates)"), written.period(self.period.first, self.period.last)),
            (_("Category"), self.category_name),
        ]


def selection(view: View, days: Period) -> Selection:
    _ = view.gettext
    st.subheader(_("Filters"))
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
    custom = periods.parsed(st.query_params.get("dates"))
    name = url.select(
        "period", _("Period"), periods.PRESETS, "custom" if custom else "30d", lambda preset: wording[preset]
    )
    period = periods.preset(name, days.first, last)  # type: ignore[arg-type]
    if name == "custom":
        period = _own_dates(view, custom or period, days, last)
    else:
        url.keep("dates", None, None)
    st.caption(written.period(period.first, period.last))
    names = {c["slug"]: view.named(c["name_zh"], c["name_en"], c["slug"]) for c in catalogue.categories(view.reader)}
    names[EVERYTHING] = _("All categories")
    slug = url.select(
        "category", _("Category"), [EVERYTHING, *(s for s in names if s != EVERYTHING)], EVERYTHING, names.__getitem__
    )
    keys = {c["slug"]: c["category_key"] for c in catalogue.categories(view.reader)}
    return Selection(period, keys.get(slug), names[slug])


def _own_dates(view: View, start: Period, days: Period, last: date) -> Period:
    _ = view.gettext
    earliest, latest = min(days.first, start.first), max(days.last, last, start.last)
    picked = st.date_input(
        _("From and to"),
        (start.first, start.last),
        min_value=earliest,
        max_value=latest,
        format="YYYY-MM-DD",
        key="own_dates",
        persist_state="session",
    )
    period = Period(picked[0], picked[-1]) if isinstance(picked, tuple) and picked else start
    url.keep("dates", periods.written(period), None)
    return period
