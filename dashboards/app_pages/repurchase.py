"""Repurchase: when customers come back, by Kaplan–Meier, with its uncertainty and who it speaks of. No SQL here."""

import streamlit as st

from dashboards import charts, frame, repurchase_words, tables, url
from dashboards import format as written
from dashboards.frame import Figure
from dashboards.grid import grid
from dashboards.page import Page
from dashboards.queries import catalogue, repurchase
from dashboards.queries.repurchase import Repurchase
from dashboards.repurchase_words import Words
from dashboards.view import View


def show(view: View) -> None:
    """The whole page."""
    _ = view.gettext
    scopes = [scope for scope in repurchase.scopes(view.reader) if scope.n_customers > 0]
    frame.notices(view)
    if not scopes:
        _empty(view)
        return
    words = Words(view, catalogue.categories(view.reader))
    with view.filters:
        chosen = _selection(view, words, scopes)
    _answer(view, words, chosen)
    frame.headline(_figures(view, chosen), _("Below each share: its 95 % interval."))
    st.info(repurchase_words.why_naive_is_short(_, chosen), icon=":material/lightbulb:")
    _curve(view, words, chosen)
    _quartiles(view, words, chosen)
    _all_scopes(view, words, scopes)


def _empty(view: View) -> None:
    _ = view.gettext
    st.html(
        tables.answer(
            _("When do customers come back?"),
            _("Nobody has bought yet"),
            written.NOTHING,
            _("The curve needs at least one customer's purchase. Afterwards run `mingsuan refresh`."),
        )
    )
    frame.stamp(view)


def _selection(view: View, words: Words, scopes: list[Repurchase]) -> Repurchase:
    _ = view.gettext
    st.subheader(_("Filters"))
    kinds = list(dict.fromkeys(scope.scope for scope in scopes))
    kind = url.select("scope", _("Look at"), kinds, kinds[0], words.kind)
    values = [scope.scope_value for scope in scopes if scope.scope == kind]
    value = values[0]
    if len(values) > 1:
        value = url.select("value", _("Which"), values, values[0], lambda v: words.value(kind, v))
    else:
        url.keep("value", None, None)
    return next(scope for scope in scopes if (scope.scope, scope.scope_value) == (kind, value))


def _answer(view: View, words: Words, chosen: Repurchase) -> None:
    _ = view.gettext
    st.html(
        tables.answer(
            _("When do customers come back?"),
            _("{scope}: half have bought again within").format(scope=words.scope(chosen)),
            words.days(chosen.median.value),
            words.interval_sentence(chosen),
        )
    )
    frame.stamp(
        view,
        _("{customers} customers, {occasions} purchase days, {intervals} completed intervals").format(
            customers=written.count(chosen.n_customers),
            occasions=written.count(chosen.n_occasions),
            intervals=written.count(chosen.n_intervals),
        ),
    )


def _figures(view: View, chosen: Repurchase) -> list[Figure]:
    _ = view.gettext
    meaning = _("Estimated share that has bought again within {days} days of a purchase; with its 95 % interval.")
    figures = []
    for length, estimate in ((30, chosen.p30), (60, chosen.p60), (90, chosen.p90), (365, chosen.p365)):
        low, high = written.rate(estimate.low), written.rate(estimate.high)
        figures.append(
            Figure(
                _("Again within {days} days").format(days=length),
                written.rate(estimate.value),
                meaning.format(days=length),
                _("not observed that long") if estimate.value is None else written.interval(low, high),
            )
        )
    naive = chosen.naive_median_days
    figures.append(
        Figure(
            _("Naive median"),
            written.NOTHING if naive is None else _("{days} days").format(days=written.days(naive)),
            _("Median of completed intervals only: customers who have not come back yet are ignored."),
            _("biased short"),
        )
    )
    return figures


def _curve(view: View, words: Words, chosen: Repurchase) -> None:
    _ = view.gettext
    question = _("How many have not bought again yet?")
    st.subheader(question)
    curve = repurchase.curve(view.reader, chosen.scope, chosen.scope_value)
    if curve.empty:
        st.caption(_("No curve yet: nobody has been observed for a day after a purchase."))
        return
    marks = []
    if chosen.median.value is not None:
        label = _("median {days} days").format(days=written.days(chosen.median.value))
        marks.append(charts.Mark(float(chosen.median.value), label, height=0.5, at=0.06, strong=True))
    if chosen.naive_median_days is not None:
        label = _("naive {days} days").format(days=written.days(chosen.naive_median_days))
        marks.append(charts.Mark(float(chosen.naive_median_days), label, height=1, at=0.96, strong=False))
    wording = charts.SurvivalWords(
        x=_("days since the purchase"),
        y=_("share that has not bought again"),
        day=_("Day"),
        survival=_("Not bought again"),
        band=_("95 % interval"),
        at_risk=_("Still observed"),
    )
    st.vega_lite_chart(charts.survival(curve, marks, wording, view.theme), theme=None, alt=question)
    st.caption(_("Steps: the estimate. Band: its 95 % interval.") + " " + words.method(chosen))


def _quartiles(view: View, words: Words, chosen: Repurchase) -> None:
    _ = view.gettext
    st.subheader(_("How soon do the quick and the slow ones return?"))
    headings = [
        tables.Heading(_("Share that has bought again")),
        tables.Heading(_("after days"), "number"),
        tables.Heading(_("95 % interval"), "number"),
    ]
    rows = [
        tables.Row((label, words.days(estimate.value), words.days_interval(estimate)))
        for label, estimate in (
            (_("A quarter"), chosen.q25),
            (_("Half (median)"), chosen.median),
            (_("Three quarters"), chosen.q75),
        )
    ]
    st.html(tables.table(_("Quartiles"), headings, rows))


def _all_scopes(view: View, words: Words, scopes: list[Repurchase]) -> None:
    _ = view.gettext
    st.subheader(_("Who comes back sooner?"))
    columns, data = repurchase_words.overview(view, words, scopes)
    grid(view, columns, data, "grid_scopes", _("Repurchase by scope"))
    frame.downloads(
        view,
        f"repurchase-{view.manifest.as_of_date}",
        _("Repurchase"),
        columns,
        lambda: data,
        frame.about(view, [(_("Scopes"), _("all"))], repurchase_words.definitions(_)),
    )


PAGE = Page("repurchase", lambda _: _("Repurchase"), ":material/replay:", "owner", ("owner", "auditor"), show)
