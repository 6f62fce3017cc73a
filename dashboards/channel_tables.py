"""The tables below the comparison of channels: inversions, moves of prices, and the attempts behind the figures."""

from functools import partial

import pandas as pd
import streamlit as st

from dashboards import channel_columns, rows_behind, url
from dashboards import format as written
from dashboards.channel_filters import Selection
from dashboards.queries import channels
from dashboards.queries.lines import Lines
from dashboards.rows_behind import RowsBehind
from dashboards.view import View

WHOLE = "all"


def inversions(view: View, chosen: Selection, current: Lines) -> None:
    """Where a unit costs more than it may: now, or ever."""
    _ = view.gettext
    st.subheader(_("Where does a unit cost more than it may?"))
    wording = {"now": _("Now"), "ever": _("At any time")}
    when = url.segments("inverted", _("When"), list(wording), "now", wording.__getitem__, label_visibility="collapsed")
    if when == "now" and not current.total_rows:
        st.caption(_("None: every price of every active offer leaves the floor."))
        return
    text = _("**{rows}** stretches of time; codes sold for less than they cost lost **{sum}**.")
    meaning = _("List price less the floor less the cost, where that is below zero; before discounts.")
    rows_behind.show(
        view,
        RowsBehind(
            key="inversions",
            file=f"inversions-{when}-{chosen.sku or WHOLE}",
            title=_("Cost inversions"),
            columns=channel_columns.inversions(_),
            ask=partial(channels.inversions, view.reader, when == "now", chosen.sku),
            sentence=partial(_sum_said, view, text),
            total=_("Lost"),
            filters=((_("When"), wording[when]), (_("SKU"), chosen.sku_name), (_("Lacks"), meaning)),
        ),
    )
    st.caption(_("An inverted offer is no loss yet: routing passes over it while another channel keeps the floor."))


def price_moves(view: View, chosen: Selection) -> None:
    """Which prices moved in the window, and what that cost since."""
    _ = view.gettext
    st.subheader(_("Which prices moved?"))
    text = _("**{rows}** moves; against the prices before, codes bought since were ordered for **{sum}** more.")
    meaning = _("Codes bought at the new price until the next move, by how much it moved.")
    ask = partial(channels.price_moves, view.reader, chosen.since, chosen.sku)
    if not ask(0).total_rows:
        st.caption(_("None in this time."))
        return
    rows_behind.show(
        view,
        RowsBehind(
            key="price_moves",
            file=f"price-moves-{chosen.window}-{chosen.sku or WHOLE}",
            title=_("Price moves"),
            columns=channel_columns.price_moves(_),
            ask=ask,
            sentence=partial(_sum_said, view, text),
            total=_("Cost so far"),
            filters=(*chosen.described(view), (_("Definition"), meaning)),
            worded=partial(_moves_worded, view),
        ),
    )


def purchases(view: View, chosen: Selection, codes: list[str]) -> None:
    """Down to single attempts; asked only when opened."""
    _ = view.gettext
    st.subheader(_("Which attempts are behind this?"))
    wording = {"none": _("Hide"), "attempts": _("Attempts")}
    rows = url.segments("rows", _("Rows"), list(wording), "none", wording.__getitem__, label_visibility="collapsed")
    if rows == "none":
        st.caption(_("What the attempts of a channel bore adds up to its figures above."))
        return
    every = _("Every channel")
    channel = url.select("channel", _("Channel"), [WHOLE, *codes], WHOLE, lambda c: every if c == WHOLE else c)
    of = None if channel == WHOLE else channel
    rows_behind.show(
        view,
        RowsBehind(
            key="attempts",
            file=f"attempts-{channel}-{chosen.window}-{chosen.sku or WHOLE}",
            title=_("Attempts"),
            columns=channel_columns.purchases(_),
            ask=partial(channels.purchases, view.reader, of, chosen.sku, chosen.since),
            sentence=partial(_sum_said, view, _("**{rows}** attempts bore **{sum}** in all.")),
            total=_("Borne in all"),
            filters=(*chosen.described(view), (_("Channel"), of or every)),
            worded=partial(_attempts_worded, view),
        ),
    )


def _sum_said(view: View, text: str, lines: Lines) -> str:
    return text.format(rows=written.count(lines.total_rows), sum=view.money(lines.total_fen))


def _moves_worded(view: View, data: pd.DataFrame) -> pd.DataFrame:
    _ = view.gettext
    how = {
        "pull": _("asked for"),
        "push": _("told by the supplier"),
        "order": _("at an order"),
        "sheet": _("quote sheet"),
        "staff": _("by staff"),
    }
    states = {"active": _("in force"), "quarantined": _("not believed, nothing is bought")}
    return data.assign(
        how=[how.get(each, each) for each in data["source"]],
        believed=[states.get(each, each) for each in data["state"]],
    )


def _attempts_worded(view: View, data: pd.DataFrame) -> pd.DataFrame:
    _ = view.gettext
    bad = _("brought a bad code")
    states = {
        "created": _("not sent yet"),
        "submitted": _("sent, not ended"),
        "processing": _("sent, not ended"),
        "succeeded": _("brought a code"),
        "failed": _("failed"),
        "unknown": _("not known yet"),
        "written_off": _("written off"),
        "late_succeeded": _("written off, code came later"),
        "late_failed": _("written off, money came back"),
    }
    names = [
        bad if defective else states.get(state, state)
        for state, defective in zip(data["state"], data["is_defective"], strict=True)
    ]
    return data.assign(state_name=names)
