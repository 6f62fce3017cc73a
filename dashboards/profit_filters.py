"""What the Profit page is asked for: period and category, kept in the address."""

from dataclasses import dataclass

import streamlit as st

from dashboards import filters, url
from dashboards import format as written
from dashboards.filters import EVERYTHING
from dashboards.periods import Period
from dashboards.queries import catalogue
from dashboards.view import View


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
    period = filters.period(view, days)
    names = {c["slug"]: view.named(c["name_zh"], c["name_en"], c["slug"]) for c in catalogue.categories(view.reader)}
    names[EVERYTHING] = _("All categories")
    slug = url.select(
        "category", _("Category"), [EVERYTHING, *(s for s in names if s != EVERYTHING)], EVERYTHING, names.__getitem__
    )
    keys = {c["slug"]: c["category_key"] for c in catalogue.categories(view.reader)}
    return Selection(period, keys.get(slug), names[slug])
