"""What the Channels page is asked for: how far back, and everything or one SKU; kept in the address."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, get_args

import streamlit as st

from dashboards import url
from dashboards.queries import channels
from dashboards.queries.channels import Window
from dashboards.view import View
from mingsuan import clock

WINDOWS: dict[Window, int | None] = dict(zip(get_args(Window), (None, 90, 30), strict=True))
EVERYTHING = "all"


@dataclass(frozen=True, slots=True)
class Selection:
    """What the filters say. `since` is the window's first business date, None without a beginning."""

    window: Window
    window_name: str
    since: date | None
    sku: str | None
    sku_name: str

    def described(self, view: View) -> list[tuple[str, str]]:
        """The filters as exports carry them."""
        _ = view.gettext
        return [(_("Attempts begun"), self.window_name), (_("SKU"), self.sku_name)]


def selection(view: View) -> Selection:
    _ = view.gettext
    st.subheader(_("Filters"))
    wording = {"all": _("At any time"), "last_90_days": _("Last 90 days"), "last_30_days": _("Last 30 days")}
    window: Window = url.select(  # type: ignore[assignment]
        "window", _("Attempts begun"), list(WINDOWS), "last_90_days", wording.__getitem__
    )
    names = {EVERYTHING: _("Everything that was bought")}
    names |= {row["sku_code"]: sku_name(view, row) for row in channels.skus(view.reader)}
    sku = url.select("sku", _("SKU"), list(names), EVERYTHING, names.__getitem__)
    chosen = None if sku == EVERYTHING else sku
    return Selection(window, wording[window], _since(view, window), chosen, names[sku])


def sku_name(view: View, row: dict[str, Any]) -> str:
    """`XM-T-30D · Star Curtain Theatre, 30 days`."""
    product = view.named(row["title_zh"], row["title_en"], row["sku_code"])
    return f"{row['sku_code']} · {product}, {view.named(row['name_zh'], row['name_en'], row['sku_code'])}"


def _since(view: View, window: Window) -> date | None:
    days = WINDOWS[window]
    today = clock.business_date(view.manifest.source_instant, view.manifest.zone)
    return None if days is None else today - timedelta(days=days - 1)
