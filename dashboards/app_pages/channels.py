"""Channels: what each really costs beside its list price, how it delivers, and what moved. No SQL here."""

import pandas as pd
import streamlit as st

from dashboards import (
    channel_columns,
    channel_filters,
    channel_tables,
    channel_words,
    drill,
    frame,
    rows_behind,
    tables,
    url,
    whiskers,
)
from dashboards import format as written
from dashboards.channel_filters import Selection
from dashboards.channel_words import MEASURES
from dashboards.frame import Figure
from dashboards.grid import grid
from dashboards.page import Page
from dashboards.queries import channels
from dashboards.queries.lines import Lines
from dashboards.view import View


def show(view: View) -> None:
    """The whole page."""
    with view.filters:
        chosen = channel_filters.selection(view)
    frame.notices(view)
    scores = channels.scorecard(view.reader, chosen.window, chosen.sku)
    inverted = channels.inversions(view.reader, True, chosen.sku, rows_behind.SHOWN_ROWS)
    if scores.empty:
        _empty(view, chosen)
    else:
        _answer(view, chosen, scores)
        frame.headline(_figures(view, scores, inverted), view.gettext("Below each figure: what it rests on."))
        _chart(view, chosen, scores)
        _table(view, chosen, scores)
    channel_tables.inversions(view, chosen, inverted)
    channel_tables.price_moves(view, chosen)
    channel_tables.purchases(view, chosen, scores["channel_code"].tolist())


def _empty(view: View, chosen: Selection) -> None:
    _ = view.gettext
    st.html(
        tables.answer(
            _("What does a supplier's code really cost?"),
            _("{what}, {window}").format(what=chosen.sku_name, window=chosen.window_name),
            written.NOTHING,
            _("Nothing was bought from a channel then. Choose a longer time; after a purchase run `mingsuan refresh`."),
        )
    )
    frame.stamp(view)


def _answer(view: View, chosen: Selection, scores: pd.DataFrame) -> None:
    _ = view.gettext
    verdict = channel_words.verdict(view, scores, chosen.sku is not None)
    st.html(
        tables.answer(
            _("What does a supplier's code really cost?"),
            _("{what}, {window}: {sentence}").format(
                what=chosen.sku_name, window=chosen.window_name, sentence=verdict.sentence
            ),
            verdict.figure,
            verdict.meaning,
        )
    )
    ended, begun = int(scores["n_ended"].sum()), int(scores["n_purchases"].sum())
    frame.stamp(
        view,
        _("{ended} of {begun} attempts have ended; the newest days flatter, losses come later").format(
            ended=written.count(ended), begun=written.count(begun)
        ),
    )


def _figures(view: View, scores: pd.DataFrame, inverted: Lines) -> list[Figure]:
    _ = view.gettext
    total = {name: int(scores[name].fillna(0).sum()) for name in channel_words.SUMMED}
    beyond = total["borne_fen"] - total["listed_fen"]
    worst = inverted.frame["shortfall_fen"].max() if inverted.total_rows else None
    return [
        Figure(
            _("Paid for good units"),
            view.money(total["borne_fen"]),
            channel_columns.effective_cost(_),
            _("{n} good units").format(n=written.count(total["good_units"])),
            drill=drill.here(view, _("Attempts"), rows="attempts"),
        ),
        Figure(
            _("More than list cost"),
            written.rate(written.share(beyond, total["listed_fen"])),
            _("Effective cost of the good units over the prices at which they were ordered."),
            written.change(beyond, view.currency),
            drill=drill.here(view, _("By channel"), measure="cost"),
        ),
        Figure(
            _("Success"),
            written.rate(written.share(total["n_codes"], total["n_ended"])),
            _("Attempts that brought a code, of those that have ended."),
            _("of {n} ended").format(n=written.count(total["n_ended"])),
            drill=drill.here(view, _("By channel"), measure="success"),
        ),
        Figure(
            _("Bad codes"),
            written.rate(written.share(total["n_defective"], total["n_codes"])),
            _("Codes found bad so far, of all codes."),
            _("of {n} codes").format(n=written.count(total["n_codes"])),
            drill=drill.here(view, _("By channel"), measure="defects"),
        ),
        Figure(
            _("Cost inversions now"),
            written.count(inverted.total_rows),
            _("Offers whose price is above the list price less the owner's floor, at the source instant."),
            _("none lacks anything") if worst is None else _("the worst lacks {money}").format(money=view.money(worst)),
            better=False if inverted.total_rows else None,
            drill=drill.here(view, _("All ever"), inverted="ever"),
        ),
    ]


def _chart(view: View, chosen: Selection, scores: pd.DataFrame) -> None:
    _ = view.gettext
    wording = channel_words.measure_names(_)
    measure = url.segments("measure", _("Compared by"), MEASURES, "cost", wording.__getitem__)
    drawing = channel_words.drawing(view, measure, scores, chosen.sku is not None)
    st.subheader(drawing.question)
    if drawing.estimates.empty:
        st.caption(_("No channel brought a code in this time."))
        return
    st.vega_lite_chart(
        whiskers.whiskers(drawing.estimates, drawing.words, view.theme), theme=None, alt=drawing.question
    )
    st.caption(drawing.legend)


def _table(view: View, chosen: Selection, scores: pd.DataFrame) -> None:
    _ = view.gettext
    st.subheader(_("Every figure of every channel"))
    columns = channel_columns.scorecard(_)
    grid(view, columns, scores, "grid_channels", _("Channels"))
    frame.downloads(
        view,
        f"channels-{chosen.window}-{chosen.sku or 'all'}",
        _("Channels"),
        columns,
        lambda: scores,
        frame.about(view, chosen.described(view), channel_columns.definitions(_)),
    )


PAGE = Page("channels", lambda _: _("Channels"), ":material/hub:", "buyer", ("owner", "buyer"), show)
