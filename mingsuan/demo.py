"""The figures that a demo ends with, read from a published version: what the shop earned, and when people come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from rich.console import Console
from rich.table import Table

from mingsuan import money
from mingsuan.i18n import Translator, translator
from mingsuan.snapshot import manifest, open_snapshot

PERIODS_DAYS = (30, 180)
ADDED, TAKEN, SUM = "", "\N{MINUS SIGN} ", "= "
ROWS = (
    # column, English name, how it enters, is a margin, is shown when zero
    ("gross_sales_fen", "Gross sales", ADDED, False, True),
    ("discounts_fen", "Discounts", TAKEN, False, True),
    ("refunds_fen", "Refunds", TAKEN, False, True),
    ("net_sales_fen", "Net sales", SUM, False, True),
    ("draw_income_fen", "Draw income", ADDED, False, False),
    ("membership_income_fen", "Membership income", ADDED, False, False),
    ("other_income_fen", "Other income", ADDED, False, False),
    ("cogs_fen", "Cost of goods", TAKEN, False, True),
    ("cm1_fen", "Margin after goods (CM1)", SUM, True, True),
    ("payment_fees_fen", "Payment fees", TAKEN, False, True),
    ("delivery_costs_fen", "Delivery costs", TAKEN, False, False),
    ("supplier_losses_fen", "Supplier losses", TAKEN, False, False),
    ("card_losses_fen", "Card losses", TAKEN, False, False),
    ("chargebacks_fen", "Chargebacks", TAKEN, False, False),
    ("cm2_fen", "Margin after handling (CM2)", SUM, True, True),
    ("commissions_fen", "Commissions", TAKEN, False, False),
    ("marketing_fen", "Marketing", TAKEN, False, False),
    ("goodwill_fen", "Goodwill", TAKEN, False, True),
    ("draw_prizes_fen", "Draw prizes", TAKEN, False, False),
    ("cm3_fen", "Real profit (CM3)", SUM, True, True),
)
"""The P&L from top to bottom; `mart_profit_daily` has one column for each."""


@dataclass(frozen=True, slots=True)
class _Period:
    """Sums of the dates from first to last; net_revenue is what margins are shares of."""

    first: date
    last: date
    fen: dict[str, int]

    def share(self, part: str, whole: str) -> str:
        """One decimal; a dash when there is no whole."""
        if not self.fen[whole]:
            return "–"
        return f"{100 * self.fen[part] / self.fen[whole]:.1f} %".replace("-", money.MINUS)

    def coverage(self) -> str:
        """Share of net sales with known cost; a dash where refunds leave no whole of which the known part is a part."""
        known = "net_sales_known_cost_fen"
        return self.share(known, "net_sales_fen") if 0 <= self.fen[known] <= self.fen["net_sales_fen"] else "–"


def show_figures(console: Console, version_folder: Path, language: str) -> None:
    """Print P&L and repurchase figures of a published version, with its as-of stamp. `language`: zh_CN or en."""
    about = manifest(version_folder)
    _ = translator(language, "console")
    with open_snapshot(version_folder) as snapshot:
        console.print()
        console.print(_heading(about, _), highlight=False)
        console.print(_profit_table(snapshot, about["currency"], _))
        console.print(_repurchase_table(snapshot, _))
    console.print(f"[dim]{_repurchase_note(_)}[/dim]", highlight=False)


def _heading(about: dict[str, Any], _: Translator) -> str:
    instant = datetime.fromisoformat(about["source_instant"]).astimezone(ZoneInfo(about["timezone"]))
    stamp = _("As of {date} · data up to {instant} {zone}").format(
        date=about["as_of_date"], instant=f"{instant:%Y-%m-%d %H:%M}", zone=about["timezone"]
    )
    simulated = _("SIMULATED shop: every customer, order and amount below is invented.")
    return f"[bold yellow]{simulated}[/bold yellow]\n{stamp}" if about["simulated"] else stamp


def _profit_table(snapshot: duckdb.DuckDBPyConnection, currency: str, _: Translator) -> Table:
    table = Table(title=_("Profit and loss"), title_justify="left")
    table.add_column("")
    periods = _periods(snapshot)
    for period in periods:
        days = _("{n} days").format(n=(period.last - period.first).days + 1)
        table.add_column(f"{days}\n{period.first} –\n{period.last}", justify="right", no_wrap=True)
        table.add_column(_("of net\nrevenue"), justify="right", no_wrap=True)
    for column, name, sign, is_margin, always in ROWS:
        if always or any(period.fen[column] for period in periods):
            cells = (
                cell
                for period in periods
                for cell in (
                    money.text(period.fen[column], currency),
                    period.share(column, "net_revenue_fen") if is_margin else "",
                )
            )
            table.add_row(f"{sign}{_(name)}", *cells, style="bold" if sign == SUM else None)
    coverage = (cell for period in periods for cell in ("", period.coverage()))
    table.add_section()
    table.add_row(_("Net sales, cost known"), *coverage)
    return table


def _periods(snapshot: duckdb.DuckDBPyConnection) -> list[_Period]:
    """The last days on which the ledger moved, counted back from the latest."""
    [(last,)] = snapshot.execute("select max(ledger_date) from mart_profit_daily").fetchall()
    if last is None:
        return []
    columns = [row[0] for row in ROWS] + ["net_revenue_fen", "net_sales_known_cost_fen"]
    sums = ", ".join(f"coalesce(sum({column}), 0)::bigint" for column in columns)
    periods = []
    for days in PERIODS_DAYS:
        first = last - timedelta(days=days - 1)
        found = snapshot.execute(
            f"select {sums} from mart_profit_daily where ledger_date between ? and ?", [first, last]
        )
        [values] = found.fetchall()
        periods.append(_Period(first, last, dict(zip(columns, values, strict=True))))
    return periods


def _repurchase_table(snapshot: duckdb.DuckDBPyConnection, _: Translator) -> Table:
    table = Table(title=_("When customers buy again"), title_justify="left")
    table.add_column("")
    for name in ("First purchase → second", "Any purchase → next"):
        table.add_column(_(name), justify="right", no_wrap=True)
    columns = _scopes(snapshot)
    for label, column, shown in (
        ("A quarter by day", "km_q25_days", _days),
        ("Half by day (median)", "km_median_days", _days),
        ("Three quarters by day", "km_q75_days", _days),
        ("Again within 30 days", "km_p30", _share),
        ("Again within 60 days", "km_p60", _share),
        ("Again within 90 days", "km_p90", _share),
        ("Again within 365 days", "km_p365", _share),
    ):
        cells = (shown([scope[f"{column}{end}"] for end in ("", "_lo", "_hi")], _) for scope in columns)
        table.add_row(_(label), *cells)
    table.add_section()
    naive = ("–" if scope["naive_median_days"] is None else f"{scope['naive_median_days']:g}" for scope in columns)
    table.add_row(_("Naive median (biased short)"), *naive)
    counts = (f"{scope['n_occasions']:,} / {scope['n_intervals']:,}" for scope in columns)
    table.add_row(_("Purchases / of them repeated"), *counts)
    return table


def _scopes(snapshot: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    found = []
    for scope in (["occasion_number", "1"], ["all", "all"]):
        cursor = snapshot.execute("select * from mart_repurchase_intervals where scope = ? and scope_value = ?", scope)
        names = [column[0] for column in cursor.description or ()]
        found += [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return found


def _days(values: Sequence[float | None], _: Translator) -> str:
    """`52 (48 – 57)`; an end that the curve does not reach is said to be open."""
    value, low, high = (None if one is None else f"{one:g}" for one in values)
    if value is None:
        return _("not reached")
    return f"{value} ({low or '?'} – {high or _('open')})"


def _share(values: Sequence[float | None], _: Translator) -> str:
    """`40.2 % (38.9 – 41.4)`; a dash beyond the last day observed."""
    value, low, high = (None if one is None else f"{100 * one:.1f}" for one in values)
    if value is None:
        return "–"
    return f"{value} % ({low or '?'} – {high or '?'})"


def _repurchase_note(_: Translator) -> str:
    return _(
        "Kaplan–Meier with 95 % intervals: customers who have not come back yet count as long as they were observed."
    )
