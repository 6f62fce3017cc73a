"""Profit: what the shop really earned in a period, and the way from gross sales to there. No SQL here."""

import streamlit as st

from dashboards import charts, drill, frame, profit_filters, profit_tables, statement, tables
from dashboards import format as written
from dashboards.frame import Figure
from dashboards.page import Page
from dashboards.profit_filters import Selection
from dashboards.queries import profit
from dashboards.queries.profit import Totals
from dashboards.view import View


def show(view: View) -> None:
    """The whole page."""
    days = profit.posting_days(view.reader)
    if days is None:
        _empty(view)
        return
    with view.filters:
        chosen = profit_filters.selection(view, days)
    current = profit.totals(view.reader, chosen.period, chosen.category)
    before = profit.totals(view.reader, chosen.period.before, chosen.category)
    comparable = chosen.period.before.first >= days.first
    _answer(view, chosen, current)
    frame.headline(_figures(view, current, before if comparable else None), _compared(view, chosen, comparable))
    _coverage(view, chosen, current)
    _chart(view, chosen)
    profit_tables.profit_and_loss(view, chosen, current, before if comparable else None)
    profit_tables.breakdown(view, chosen)
    profit_tables.rows(view, chosen)


def _empty(view: View) -> None:
    _ = view.gettext
    frame.notices(view)
    st.html(
        tables.answer(
            _("What did the shop really earn?"),
            _("Nothing has been delivered yet"),
            view.money(0),
            _("Profit appears with the first delivered order. Place one in the shop, then run `mingsuan refresh`."),
        )
    )
    frame.stamp(view)


def _answer(view: View, chosen: Selection, current: Totals) -> None:
    _ = view.gettext
    frame.notices(view)
    part = written.rate(written.share(current.cm3_fen, current.net_sales_fen))
    what = chosen.category_name if chosen.category else _("The shop")
    lead = (
        _("{what} earned, before unknown costs, {period}:") if current.cost_unknown else _("{what} earned, {period}:")
    )
    st.html(
        tables.answer(
            _("What did the shop really earn?"),
            lead.format(what=what, period=written.period(chosen.period.first, chosen.period.last)),
            view.money(current.cm3_fen),
            _("{rate} of {net_sales} net sales, {units} units delivered").format(
                rate=part, net_sales=view.money(current.net_sales_fen), units=written.count(current.delivered_units)
            ),
        )
    )
    frame.stamp(view, _("cost known for {rate} of net sales").format(rate=written.rate(current.cost_coverage)))


def _compared(view: View, chosen: Selection, comparable: bool) -> str:
    _ = view.gettext
    before = written.period(chosen.period.before.first, chosen.period.before.last)
    if comparable:
        return _("Changes: against the equal period before, {period}.").format(period=before)
    return _("No changes shown: the shop's postings do not cover the equal period before, {period}.").format(
        period=before
    )


def _figures(view: View, current: Totals, before: Totals | None) -> list[Figure]:
    _ = view.gettext
    labels = statement.names(_)
    figures = []
    for name in ("net_sales", "cm1", "cm2", "cm3"):
        fen = getattr(current, f"{name}_fen")
        delta = None if before is None else fen - getattr(before, f"{name}_fen")
        figures.append(
            Figure(
                labels[name],
                view.money(fen),
                view.definitions.of(name),
                None if delta is None else written.change(delta, view.currency),
                rises=bool(delta and delta > 0),
                better=None if not delta else delta > 0,
                drill=drill.here(view, _("Postings"), rows="postings"),
            )
        )
    coverage, earlier = current.cost_coverage, before.cost_coverage if before else None
    moved = None if coverage is None or earlier is None else coverage - earlier
    figures.append(
        Figure(
            labels["cost_coverage"],
            written.rate(coverage),
            view.definitions.of("cost_coverage"),
            None if moved is None else _("{points} points").format(points=written.points(moved)),
        )
    )
    return figures


def _coverage(view: View, chosen: Selection, current: Totals) -> None:
    _ = view.gettext
    if current.cost_unknown:
        known = current.cost_coverage
        st.warning(
            _("Cost unknown for {rate} of net sales; the CM columns include only posted costs.").format(
                rate=_("a part") if known is None else written.rate(1 - known)
            ),
            icon=":material/help:",
        )
    if chosen.category:
        st.caption(_("Costs that belong to no product (advertising, goodwill) are left out of a category."))


def _chart(view: View, chosen: Selection) -> None:
    _ = view.gettext
    grain = chosen.period.grain
    question = {
        "day": _("What was left of each day's sales?"),
        "week": _("What was left of each week's sales?"),
        "month": _("What was left of each month's sales?"),
    }[grain]
    axis = {
        "day": _("{currency} a day"),
        "week": _("{currency} a week"),
        "month": _("{currency} a month"),
    }[grain].format(currency=view.currency)
    labels = statement.names(_)
    data = profit.earnings(view.reader, chosen.period, grain, chosen.category)
    st.subheader(question)
    colours = charts.PALETTES[view.theme]
    st.html(tables.swatches([(labels["cm3"], colours.accent), (labels["net_sales"], colours.quiet)]))
    words = charts.EarningsWords(axis, _("Date"), labels["net_sales"], labels["cm3"])
    st.vega_lite_chart(
        charts.earnings(data, chosen.period, grain, view.currency, words, view.theme), theme=None, alt=question
    )


PAGE = Page("profit", lambda _: _("Profit"), ":material/payments:", "owner", ("owner", "buyer", "auditor"), show)
