"""The tables behind why profit moved: the causes with their meaning, the products behind a cause, and the rows."""

from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboards import bridge_words, drill, frame, periods, tables, url
from dashboards import format as written
from dashboards.drill import Drill
from dashboards.export import Column
from dashboards.grid import grid
from dashboards.periods import Period
from dashboards.queries import bridge
from dashboards.queries.bridge import STEPS, Step
from dashboards.queries.profit import Totals
from dashboards.view import View

ALL = "all"


@dataclass(frozen=True, slots=True)
class Compared:
    """The two periods, and what was earned in them."""

    earlier: Period
    later: Period
    then: Totals
    now: Totals

    @property
    def named(self) -> dict[str, str]:
        """`earlier` and `later` as people write them."""
        return {
            "earlier": written.period(self.earlier.first, self.earlier.last),
            "later": written.period(self.later.first, self.later.last),
        }

    @property
    def moved_fen(self) -> int:
        return self.now.cm3_fen - self.then.cm3_fen


def causes(view: View, compared: Compared, steps: list[Step]) -> None:
    """Every cause, what it moved and how it is computed."""
    _ = view.gettext
    st.subheader(_("What does each cause mean?"))
    names, meanings = bridge_words.names(_), bridge_words.meanings(_)
    headings = [
        tables.Heading(_("Cause")),
        tables.Heading(_("Change"), "number"),
        tables.Heading(_("Profit then"), "number"),
    ]
    rows = [
        tables.Row((_("Earlier profit"), "", view.money(compared.then.cm3_fen)), "subtotal"),
        *(
            tables.Row(
                (
                    names[step.step],
                    written.change(step.amount_fen, view.currency),
                    view.money(step.profit_after_fen),
                ),
                "" if step.amount_fen else "zero",
            )
            for step in steps
        ),
        tables.Row((_("Later profit"), "", view.money(compared.now.cm3_fen)), "result"),
    ]
    st.html(tables.table(_("Causes"), headings, rows))
    with st.expander(_("How it is computed")):
        said = [tables.Row((names[step.step], meanings[step.step])) for step in steps]
        explained = [tables.Heading(_("Cause")), tables.Heading(_("How it is computed"))]
        st.html(tables.table(_("How it is computed"), explained, said))
    columns = (
        Column("cause", _("Cause")),
        Column("amount_fen", _("Change"), "money"),
        Column("after_fen", _("Profit then"), "money"),
        Column("meaning", _("How it is computed"), "prose"),
    )
    data = pd.DataFrame(
        [
            {
                "cause": names[step.step],
                "amount_fen": step.amount_fen,
                "after_fen": step.profit_after_fen,
                "meaning": meanings[step.step],
            }
            for step in steps
        ]
    )
    frame.downloads(view, f"bridge-{_span(compared)}", _("Causes"), columns, lambda: data, _about(view, compared))


def products(view: View, compared: Compared) -> None:
    """Who moved profit, as a whole or by one cause."""
    _ = view.gettext
    st.subheader(_("Which products moved it?"))
    names: dict[str, str] = {ALL: _("All causes")} | {str(step): name for step, name in bridge_words.names(_).items()}
    chosen = url.select("step", _("Cause"), [ALL, *STEPS], ALL, lambda step: names[step])
    step = next((name for name in STEPS if name == chosen), None)
    data = bridge.by_product(view.reader, compared.earlier, compared.later, step)
    if data.empty:
        st.caption(_("No product moved it."))
        return
    none = _("Costs of no product")
    data["product"] = [view.named(zh, en, none) for zh, en in zip(data["title_zh"], data["title_en"], strict=True)]
    columns = (
        Column("product", _("Product")),
        Column("earlier_units", _("Units, earlier"), "count"),
        Column("later_units", _("Units, later"), "count"),
        Column("amount_fen", _("Change of profit"), "money"),
    )
    grid(view, columns, data, "grid_bridge", _("Which products moved it?"))
    whole = written.change(int(data["amount_fen"].sum()), view.currency)
    st.caption(_("The rows add up to {sum}.").format(sum=whole))
    about = [(_("Cause"), names[step or ALL]), *_about(view, compared)]
    frame.downloads(view, f"bridge-products-{_span(compared)}", _("Products"), columns, lambda: data, about)


def rows(view: View, compared: Compared) -> None:
    """Down to the postings of either period, on the page that adds them up."""
    _ = view.gettext
    st.subheader(_("Which rows are behind this?"))
    for label, period in (
        (_("Postings of the later period"), compared.later),
        (_("Postings of the earlier period"), compared.earlier),
    ):
        link = postings(view, label, period)
        if link:
            link.show()


def postings(view: View, label: str, period: Period) -> Drill | None:
    """A link to the postings of a period, on the page that adds them up."""
    return drill.to(view, "profit", label, period="custom", dates=periods.written(period), rows="postings")


def _span(compared: Compared) -> str:
    return f"{compared.earlier.first}-{compared.later.last}"


def _about(view: View, compared: Compared) -> list[tuple[str, str]]:
    _ = view.gettext
    named = compared.named
    meanings = bridge_words.meanings(_)
    return frame.about(
        view,
        [(_("Earlier period"), named["earlier"]), (_("Later period"), named["later"])],
        [(name, meanings[step]) for step, name in bridge_words.names(_).items()],
    )
