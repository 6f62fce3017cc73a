"""The statement adds up from gross sales to CM3, line by line."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards import statement
from dashboards.queries.profit import Totals
from mingsuan import demo
from mingsuan.i18n import LANGUAGES, translator
from pipelines.semantics import declared

PARTS = [name for name, _, weight in statement.PLAN if weight == "part"]
AMOUNTS = st.lists(st.integers(-(10**9), 10**9), min_size=len(PARTS), max_size=len(PARTS))


@given(AMOUNTS)
def test_each_subtotal_is_the_one_before_plus_the_parts_between(amounts: list[int]) -> None:
    totals = Totals(**{f"{name}_fen": fen for name, fen in zip(PARTS, amounts, strict=True)})
    net = totals.gross_sales_fen - totals.discounts_fen - totals.refunds_fen
    revenue = net + totals.draw_income_fen + totals.membership_income_fen + totals.other_income_fen
    cm1 = revenue - totals.cogs_fen
    handling = ("payment_fees", "delivery_costs", "supplier_losses", "card_losses", "chargebacks")
    cm2 = cm1 - sum(getattr(totals, f"{name}_fen") for name in handling)
    overhead = ("commissions", "marketing", "goodwill", "draw_prizes")
    cm3 = cm2 - sum(getattr(totals, f"{name}_fen") for name in overhead)
    whole = replace(totals, net_sales_fen=net, net_revenue_fen=revenue, cm1_fen=cm1, cm2_fen=cm2, cm3_fen=cm3)
    lines = statement.lines(whole, Totals(), str)
    ends = [0, *(i + 1 for i, line in enumerate(lines) if line.weight != "part")]
    running = 0
    for start, end in pairwise(ends):
        running += sum(line.fen for line in lines[start : end - 1])
        assert lines[end - 1].fen == running
    assert lines[-1].figure == "cm3"


def test_every_figure_of_the_statement_has_a_name_and_every_headline_is_a_declared_metric() -> None:
    assert {name for name, _, _ in statement.PLAN} <= statement.names(str).keys()
    assert set(statement.DEFINED) <= {metric.name for metric in declared().metrics}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_has_one_name_on_the_pages_and_at_the_end_of_a_demo(language: str) -> None:
    pages, console = statement.names(translator(language, "dashboards")), translator(language, "console")
    assert {row[0]: console(row[1]) for row in demo.ROWS} == {
        row[0]: pages[row[0].removesuffix("_fen")] for row in demo.ROWS
    }
