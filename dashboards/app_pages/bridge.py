"""Why profit moved: from one period's real profit to another's, in steps that add up to the fen. No SQL here."""

import streamlit as st

from dashboards import bridge_tables, bridge_words, drill, filters, frame, periods, tables, url, waterfall
from dashboards import format as written
from dashboards.bridge_tables import Compared
from dashboards.frame import Figure
from dashboards.page import Page
from dashboards.periods import Period
from dashboards.queries import bridge, profit
from dashboards.queries.bridge import Step
from dashboards.view import View
from dashboards.waterfall import Bar


def show(view: View) -> None:
    """The whole page."""
    _ = view.gettext
    days = profit.posting_days(view.reader)
    frame.notices(view)
    if days is None:
        _empty(view)
        return
    with view.filters:
        earlier, later = _selection(view, days)
    compared = Compared(earlier, later, profit.totals(view.reader, earlier), profit.totals(view.reader, later))
    steps = bridge.steps(view.reader, earlier, later)
    _answer(view, compared, steps)
    frame.headline(_figures(view, compared, steps), _("Changes: {later} against {earlier}.").format(**compared.named))
    _warnings(view, compared, days)
    _chart(view, compared, steps)
    bridge_tables.causes(view, compared, steps)
    bridge_tables.products(view, compared)
    bridge_tables.rows(view, compared)


def _empty(view: View) -> None:
    _ = view.gettext
    st.html(
        tables.answer(
            _("Why did profit move?"),
            _("Nothing has been delivered yet"),
            view.money(0),
            _("Profit appears with the first delivered order. Place one in the shop, then run `mingsuan refresh`."),
        )
    )
    frame.stamp(view)


def _selection(view: View, days: Period) -> tuple[Period, Period]:
    _ = view.gettext
    st.subheader(_("Filters"))
    later = filters.period(view, days)
    wording = {"before": _("Equal period before"), "own": _("Own dates")}
    text = st.query_params.get("against_dates")
    asked = periods.parsed(text)
    if asked is None:
        url.ignore("against_dates", text)
    against = url.select(
        "against", _("Compared with"), list(wording), "own" if asked else "before", wording.__getitem__
    )
    earlier = later.before
    if against == "own":
        earlier = filters.own_dates(view, "against_dates", asked or earlier, days, days.last)
    else:
        url.keep("against_dates", None, None)
    st.caption(written.period(earlier.first, earlier.last))
    return earlier, later


def _answer(view: View, compared: Compared, steps: list[Step]) -> None:
    _ = view.gettext
    lead = _("Real profit rose by") if compared.moved_fen > 0 else _("Real profit fell by")
    if compared.moved_fen == 0:
        lead = _("Real profit did not move")
    told = bridge_words.sentence(view, steps, bridge.strongest_products(view.reader, compared.earlier, compared.later))
    between = _("From {then} ({earlier}) to {now} ({later}).").format(
        then=view.money(compared.then.cm3_fen), now=view.money(compared.now.cm3_fen), **compared.named
    )
    st.html(tables.answer(_("Why did profit move?"), lead, view.money(abs(compared.moved_fen)), f"{between} {told}"))
    known = _("cost known for {rate} of net sales")
    frame.stamp(view, known.format(rate=written.rate(compared.now.cost_coverage)))


def _figures(view: View, compared: Compared, steps: list[Step]) -> list[Figure]:
    _ = view.gettext
    names, meanings = bridge_words.names(_), bridge_words.meanings(_)
    figures = [
        Figure(
            _("Real profit (CM3)"),
            view.money(compared.now.cm3_fen),
            view.definitions.of("cm3"),
            written.change(compared.moved_fen, view.currency),
            rises=compared.moved_fen > 0,
            better=compared.moved_fen > 0 if compared.moved_fen else None,
            drill=bridge_tables.postings(view, _("Postings"), compared.later),
        )
    ]
    gain, loss = (choose(steps, key=lambda step: step.amount_fen) for choose in (max, min))
    if gain.amount_fen > 0:
        label = _("Helped most: {cause}").format(cause=names[gain.step])
        link = drill.here(view, _("By product"), step=gain.step)
        figures.append(Figure(label, written.change(gain.amount_fen, view.currency), meanings[gain.step], drill=link))
    if loss.amount_fen < 0:
        label = _("Hurt most: {cause}").format(cause=names[loss.step])
        link = drill.here(view, _("By product"), step=loss.step)
        figures.append(Figure(label, view.money(loss.amount_fen), meanings[loss.step], drill=link))
    units = compared.now.delivered_units - compared.then.delivered_units
    figures.append(
        Figure(
            _("Units"),
            written.count(compared.now.delivered_units),
            _("Units handed over in the later period."),
            f"+{written.count(units)}" if units > 0 else written.count(units),
            rises=units > 0,
            better=units > 0 if units else None,
        )
    )
    return [*figures, _coverage(view, compared)]


def _coverage(view: View, compared: Compared) -> Figure:
    _ = view.gettext
    now, then = compared.now.cost_coverage, compared.then.cost_coverage
    return Figure(
        _("Cost coverage"),
        written.rate(now),
        view.definitions.of("cost_coverage"),
        None if now is None or then is None else _("{points} points").format(points=written.points(now - then)),
    )


def _warnings(view: View, compared: Compared, days: Period) -> None:
    _ = view.gettext
    if compared.now.cost_unknown or compared.then.cost_unknown:
        st.warning(
            _(
                "Not all costs are known: {then} of net sales in the earlier period, {now} in the later one."
                " A cost that is learnt looks like a dearer unit."
            ).format(then=written.rate(compared.then.cost_coverage), now=written.rate(compared.now.cost_coverage)),
            icon=":material/help:",
        )
    if compared.earlier.first < days.first:
        st.warning(
            _("The shop's postings begin on {day}: the earlier period is not whole.").format(day=days.first),
            icon=":material/help:",
        )
    if compared.earlier.length != compared.later.length:
        st.caption(
            _("The periods differ in length, {earlier} and {later} days: a longer one has more units.").format(
                earlier=compared.earlier.length, later=compared.later.length
            )
        )


def _chart(view: View, compared: Compared, steps: list[Step]) -> None:
    _ = view.gettext
    question = _("Which causes add up to the change?")
    names = bridge_words.names(_)
    bars = [
        Bar(_("Earlier profit"), compared.then.cm3_fen, "total"),
        *(Bar(names[step.step], step.amount_fen, "step") for step in steps if step.amount_fen),
        Bar(_("Later profit"), compared.now.cm3_fen, "total"),
    ]
    st.subheader(question)
    axis = _("Real profit in {currency}").format(currency=view.currency)
    st.vega_lite_chart(waterfall.drawing(bars, view.currency, axis, view.theme), theme=None, alt=question)
    unmoved = [names[step.step] for step in steps if not step.amount_fen]
    if unmoved:
        st.caption(_("Not moved: {causes}.").format(causes=_(", ").join(unmoved)))


PAGE = Page(
    "bridge", lambda _: _("Why it moved"), ":material/waterfall_chart:", "owner", ("owner", "buyer", "auditor"), show
)
