"""The tables behind the Profit page's answer: the statement, who earned it, and the rows down to single postings."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

import pandas as pd
import streamlit as st

from dashboards import format as written
from dashboards import frame, rows_behind, statement, tables, url
from dashboards.export import Column
from dashboards.grid import grid
from dashboards.periods import Period
from dashboards.profit_filters import Selection
from dashboards.queries import catalogue, profit, profit_rows
from dashboards.queries.lines import Lines
from dashboards.queries.profit import Totals
from dashboards.rows_behind import RowsBehind
from dashboards.view import View

WHOLE = "all"


def profit_and_loss(view: View, chosen: Selection, current: Totals, before: Totals | None) -> None:
    _ = view.gettext
    st.subheader(_("From gross sales to real profit"))
    lines = statement.lines(current, before or Totals(), _)
    rows = [
        tables.Row(
            (
                line.label,
                view.money(line.fen),
                written.rate(written.share(line.fen, current.net_sales_fen)),
                view.money(line.before_fen) if before else written.NOTHING,
            ),
            line.weight if line.weight != "part" or line.fen or line.before_fen else "zero",
        )
        for line in lines
    ]
    headings = [
        tables.Heading(_("Component")),
        tables.Heading(_("Amount"), "number"),
        tables.Heading(_("Of net sales"), "number"),
        tables.Heading(_("Equal period before"), "number"),
    ]
    if chosen.category is None:
        rows += _ledger_row(view, chosen.period, current, before)
    st.html(tables.table(_("Profit and loss"), headings, rows))
    columns = (
        Column("label", _("Component")),
        Column("fen", _("Amount"), "money"),
        *((Column("before_fen", _("Equal period before"), "money"),) if before else ()),
    )
    frame.downloads(
        view,
        f"profit-and-loss-{chosen.period.first}-{chosen.period.last}",
        _("Profit and loss"),
        columns,
        partial(pd.DataFrame, [{"label": x.label, "fen": x.fen, "before_fen": x.before_fen} for x in lines]),
        frame.about(view, chosen.described(view), _definitions(view, statement.names(_))),
    )


def _ledger_row(view: View, period: Period, current: Totals, before: Totals | None) -> list[tables.Row]:
    _ = view.gettext
    ledger = profit.ledger_comparison(view.reader, period)
    earlier = profit.ledger_comparison(view.reader, period.before)
    if ledger.days_that_differ == 0 and ledger.ledger_profit_fen == current.cm3_fen:
        verdict, style = _("✓ agrees to the fen on all {days} days").format(days=ledger.days), "note"
    else:
        gap = view.money(current.cm3_fen - ledger.ledger_profit_fen)
        verdict, style = (
            _("✗ differs by {gap}, on {days} days").format(gap=gap, days=ledger.days_that_differ),
            "note bad",
        )
    name = statement.names(_)["ledger_profit"]
    then = view.money(earlier.ledger_profit_fen) if before else written.NOTHING
    return [tables.Row((f"{name} · {verdict}", view.money(ledger.ledger_profit_fen), "", then), style)]


def breakdown(view: View, chosen: Selection) -> None:
    _ = view.gettext
    st.subheader(_("Which products earned it?"))
    wording = {"product": _("By product"), "category": _("By category")}
    by = url.segments(
        "by", _("Grouped by"), list(wording), "product", wording.__getitem__, label_visibility="collapsed"
    )
    ask = profit.by_product if by == "product" else profit.by_category
    named = _with_names(view, ask(view.reader, chosen.period, chosen.category), by)
    labels = statement.short_names(_)
    group = _("Product") if by == "product" else _("Category")
    columns = (
        Column("name", group),
        *((Column("category", _("Category")),) if by == "product" else ()),
        Column("delivered_units", _("Units"), "count"),
        *(Column(f"{figure}_fen", labels[figure], "money") for figure in ("net_sales", "cogs", "cm1", "cm2", "cm3")),
        Column("margin", _("CM3 rate"), "rate"),
        Column("coverage", labels["cost_coverage"], "rate"),
    )
    grid(view, columns, named, f"grid_{by}", wording[by])
    frame.downloads(
        view,
        f"profit-by-{by}-{chosen.period.first}-{chosen.period.last}",
        wording[by],
        columns,
        lambda: named,
        frame.about(view, chosen.described(view), _definitions(view, labels)),
    )


def _with_names(view: View, data: pd.DataFrame, by: str) -> pd.DataFrame:
    none = view.gettext("Costs of no product")
    category = [view.named(zh, en, none) for zh, en in zip(data["category_zh"], data["category_en"], strict=True)]
    worded = data.assign(name=category, category=category)
    if by == "product":
        worded.loc[worded["category_key"] == profit.NO_ITEM, "category"] = None
        worded["name"] = [view.named(zh, en, none) for zh, en in zip(data["title_zh"], data["title_en"], strict=True)]
    worded["margin"] = _ratio(written.share, data["cm3_fen"], data["net_sales_fen"])
    worded["coverage"] = _ratio(written.coverage, data["net_sales_known_cost_fen"], data["net_sales_fen"])
    return worded


def _ratio(
    of: Callable[[int, int], Decimal | None], parts: "pd.Series[int]", wholes: "pd.Series[int]"
) -> "pd.Series[float]":
    shares = [of(part, whole) for part, whole in zip(parts, wholes, strict=True)]
    return pd.Series([None if s is None else float(s) for s in shares], dtype="float64", index=parts.index)


def rows(view: View, chosen: Selection) -> None:
    """Down to the rows: single postings that add up to CM3, or order lines. Asked only when opened."""
    _ = view.gettext
    st.subheader(_("Which rows are behind this?"))
    wording = {"none": _("Hide"), "postings": _("Postings"), "orders": _("Order lines")}
    kind = url.segments("rows", _("Rows"), list(wording), "none", wording.__getitem__, label_visibility="collapsed")
    if kind == "none":
        st.caption(_("Postings add up to the figures above; order lines show what each order earned so far."))
        return
    day, product, product_name = _narrowed(view, chosen)
    ask = partial(
        profit_rows.margin_lines if kind == "postings" else profit_rows.order_lines,
        view.reader,
        day,
        chosen.category,
        product,
    )
    rows_behind.show(
        view,
        RowsBehind(
            key=kind,
            file=f"{kind}-{day.first}-{day.last}",
            title=wording[kind],
            columns=_posting_columns(view) if kind == "postings" else _order_columns(view),
            ask=lambda limit: ask(limit=limit),
            sentence=lambda lines: _sum_of(view, kind, lines),
            total=_("Sum of real profit"),
            filters=(
                *chosen.described(view),
                (_("Days"), written.period(day.first, day.last)),
                (_("Product"), product_name),
            ),
            worded=partial(_worded, view),
        ),
    )


def _definitions(view: View, labels: dict[str, str]) -> list[tuple[str, str]]:
    return [(labels[figure], view.definitions.of(figure)) for figure in statement.DEFINED]


def _narrowed(view: View, chosen: Selection) -> tuple[Period, str | None, str]:
    _ = view.gettext
    days = [str(day.date()) for day in pd.date_range(chosen.period.first, chosen.period.last)][::-1]
    products = {
        p["slug"]: (p["product_key"], view.named(p["title_zh"], p["title_en"], p["slug"]))
        for p in catalogue.products(view.reader, chosen.category)
    }
    left, right = st.columns(2)
    with left:
        all_days = _("Every day of the period")
        picked = url.select("day", _("Day"), [WHOLE, *days], WHOLE, lambda d: all_days if d == WHOLE else d)
    with right:
        every = _("Every product")
        slug = url.select(
            "product", _("Product"), [WHOLE, *products], WHOLE, lambda p: every if p == WHOLE else products[p][1]
        )
    period = chosen.period if picked == WHOLE else Period(date.fromisoformat(picked), date.fromisoformat(picked))
    return period, *((None, every) if slug == WHOLE else products[slug])


def _sum_of(view: View, kind: str, lines: Lines) -> str:
    _ = view.gettext
    text = (
        _("**{rows}** postings add up to **{sum}** of real profit.")
        if kind == "postings"
        else _("**{rows}** order lines, by order date, have earned **{sum}** of real profit so far.")
    )
    return text.format(rows=written.count(lines.total_rows), sum=view.money(lines.total_fen))


def _worded(view: View, data: pd.DataFrame) -> pd.DataFrame:
    none = written.NOTHING
    names = [view.named(zh, en, none) for zh, en in zip(data["title_zh"], data["title_en"], strict=True)]
    worded = data.assign(product=names)
    if "component" in data:
        labels = statement.names(view.gettext)
        worded["component"] = [labels.get(component, component) for component in data["component"]]
    return worded


def _posting_columns(view: View) -> tuple[Column, ...]:
    _ = view.gettext
    return (
        Column("effective_at", _("Time"), "instant"),
        Column("ledger_date", _("Ledger date"), "date"),
        Column("order_no", _("Order")),
        Column("product", _("Product")),
        Column("component", _("Component")),
        Column("amount_fen", _("Amount"), "money"),
        Column("profit_fen", _("Effect on profit"), "money"),
    )


def _order_columns(view: View) -> tuple[Column, ...]:
    _ = view.gettext
    labels = statement.short_names(_)
    figures = ("gross_sales", "discounts", "refunds", "net_sales", "cogs", "cm1", "cm2", "cm3")
    return (
        Column("ordered_at", _("Ordered"), "instant"),
        Column("order_no", _("Order")),
        Column("product", _("Product")),
        Column("quantity", _("Quantity"), "count"),
        *(Column(f"{figure}_fen", labels[figure], "money") for figure in figures),
    )
