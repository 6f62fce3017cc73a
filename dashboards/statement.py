"""The P&L as a statement: which lines it has, in which order, with which sign; and what each figure means. Pure."""

from dataclasses import dataclass
from typing import Literal

from dashboards.queries.profit import Totals
from mingsuan.i18n import Translator

Weight = Literal["part", "subtotal", "result"]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line: `fen` is its effect on profit, so that the parts between two subtotals add up."""

    figure: str
    label: str
    fen: int
    before_fen: int
    weight: Weight


def names(_: Translator) -> dict[str, str]:
    """What people call each figure."""
    return {
        "gross_sales": _("Gross sales"),
        "discounts": _("Discounts"),
        "refunds": _("Refunds"),
        "net_sales": _("Net sales"),
        "draw_income": _("Draw income"),
        "membership_income": _("Membership income"),
        "other_income": _("Other income"),
        "net_revenue": _("Net revenue"),
        "cogs": _("Cost of goods"),
        "cm1": _("Margin after goods (CM1)"),
        "payment_fees": _("Payment fees"),
        "delivery_costs": _("Delivery costs"),
        "supplier_losses": _("Supplier losses"),
        "card_losses": _("Card losses"),
        "chargebacks": _("Chargebacks"),
        "cm2": _("Margin after handling (CM2)"),
        "commissions": _("Commissions"),
        "marketing": _("Marketing"),
        "goodwill": _("Goodwill"),
        "draw_prizes": _("Draw prizes"),
        "cm3": _("Real profit (CM3)"),
        "cost_coverage": _("Cost coverage"),
        "ledger_profit": _("Profit by the ledger"),
    }


def short_names(_: Translator) -> dict[str, str]:
    """Names that fit above a column."""
    return {**names(_), "cogs": _("Posted cost"), "cm1": "CM1", "cm2": "CM2", "cm3": "CM3"}


DEFINED = ("net_sales", "cm1", "cm2", "cm3", "cost_coverage")
"""Figures of the headline, whose definitions exports carry: metrics of the same names."""

PLAN: tuple[tuple[str, int, Weight], ...] = (
    ("gross_sales", 1, "part"),
    ("discounts", -1, "part"),
    ("refunds", -1, "part"),
    ("net_sales", 1, "subtotal"),
    ("draw_income", 1, "part"),
    ("membership_income", 1, "part"),
    ("other_income", 1, "part"),
    ("net_revenue", 1, "subtotal"),
    ("cogs", -1, "part"),
    ("cm1", 1, "subtotal"),
    ("payment_fees", -1, "part"),
    ("delivery_costs", -1, "part"),
    ("supplier_losses", -1, "part"),
    ("card_losses", -1, "part"),
    ("chargebacks", -1, "part"),
    ("cm2", 1, "subtotal"),
    ("commissions", -1, "part"),
    ("marketing", -1, "part"),
    ("goodwill", -1, "part"),
    ("draw_prizes", -1, "part"),
    ("cm3", 1, "result"),
)


def lines(current: Totals, before: Totals, _: Translator) -> list[StatementLine]:
    """From gross sales to CM3, every component, with the equal period before beside it."""
    labels = names(_)
    if current.cost_unknown:
        labels["cogs"] = _("Cost of goods (known part)")
    return [
        StatementLine(
            figure,
            labels[figure],
            sign * getattr(current, f"{figure}_fen"),
            sign * getattr(before, f"{figure}_fen"),
            weight,
        )
        for figure, sign, weight in PLAN
    ]
