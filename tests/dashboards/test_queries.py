"""Figures of the tiny shop, computed by hand in the fixture's first lines."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from dashboards.format import share
from dashboards.periods import Period
from dashboards.queries import health, profit, profit_rows, repurchase
from dashboards.queries.asking import Reader

JUNE = Period(date(2026, 6, 1), date(2026, 6, 30))
GAMES = "c-games"


def test_the_totals_of_june_are_those_computed_by_hand(owner: Reader) -> None:
    totals = profit.totals(owner, JUNE)
    assert (totals.gross_sales_fen, totals.discounts_fen, totals.refunds_fen) == (16000, 500, 1000)
    assert (totals.net_sales_fen, totals.cogs_fen, totals.payment_fees_fen) == (14500, 10000, 84)
    assert (totals.cm1_fen, totals.cm2_fen, totals.cm3_fen) == (4500, 4416, 3216)
    assert totals.cost_coverage == share(12000, 14500)
    assert totals.cost_unknown


def test_a_category_leaves_out_other_categories_and_costs_of_no_item(owner: Reader) -> None:
    games = profit.totals(owner, JUNE, GAMES)
    assert (games.net_sales_fen, games.cm3_fen, games.marketing_fen) == (12000, 1931, 0)
    assert not games.cost_unknown


def test_products_and_costs_of_no_item_add_up_to_the_whole_shop(owner: Reader) -> None:
    by_product, by_category = profit.by_product(owner, JUNE), profit.by_category(owner, JUNE)
    assert by_product["product_key"].tolist() == ["p-video", "p-steam", profit.NO_ITEM]
    assert by_product["cm3_fen"].tolist() == [2485, 1931, -1200]
    assert by_product["cm3_fen"].sum() == by_category["cm3_fen"].sum() == profit.totals(owner, JUNE).cm3_fen
    assert profit.by_product(owner, JUNE, GAMES)["cm3_fen"].tolist() == [1931]


def test_days_without_postings_are_zero_not_missing(owner: Reader) -> None:
    days = profit.earnings(owner, JUNE, "day")
    assert len(days) == 30
    assert days["cm3_fen"].tolist()[-3:] == [0, 1446, 1770]
    assert days["net_sales_fen"].sum() == 14500


def test_weeks_and_months_keep_the_sum(owner: Reader) -> None:
    for grain in ("week", "month"):
        assert profit.earnings(owner, JUNE, grain)["cm3_fen"].sum() == 3216
    assert profit.earnings(owner, JUNE, "week")["starts_on"].tolist()[-1] == date(2026, 6, 29)


def test_the_ledger_agrees_or_its_differing_days_are_counted(
    owner: Reader, publish: Callable[..., Path], read: Callable[..., Reader]
) -> None:
    agreed = profit.ledger_comparison(owner, JUNE)
    assert (agreed.ledger_profit_fen, agreed.days, agreed.days_that_differ) == (3216, 2, 0)
    off = read(publish(version="off", ledger_off_by=1))
    assert profit.ledger_comparison(off, JUNE).days_that_differ == 2


def test_posted_lines_add_up_to_the_profit_above_them(owner: Reader) -> None:
    lines = profit_rows.margin_lines(owner, JUNE, None, None, limit=3)
    assert (len(lines.frame), lines.total_rows, lines.total_fen) == (3, 12, 3216)
    steam = profit_rows.margin_lines(owner, JUNE, None, "p-steam", limit=None)
    assert (len(steam.frame), steam.total_fen) == (8, 1931)
    assert set(steam.frame["order_no"]) == {"NO-3", "NO-4"}
    assert profit_rows.margin_lines(owner, JUNE, GAMES, None, limit=None).total_fen == 1931


def test_order_lines_keep_an_unknown_cost_unknown(owner: Reader) -> None:
    lines = profit_rows.order_lines(owner, JUNE, None, None, limit=None)
    unknown = lines.frame[lines.frame["order_no"] == "NO-5"].iloc[0]
    assert (lines.total_rows, lines.total_fen) == (3, 4416)
    assert lines.frame["cogs_fen"].isna().sum() == 1
    assert unknown["cm3_fen"] == 2485
    assert str(lines.frame["cogs_fen"].dtype) == "Int64"


def test_scopes_come_whole_shop_first_and_keep_what_is_not_reached(owner: Reader) -> None:
    scopes = repurchase.scopes(owner)
    assert [(s.scope, s.scope_value) for s in scopes][:3] == [
        ("all", "all"),
        ("occasion_number", "1"),
        ("occasion_number", "2"),
    ]
    assert (scopes[0].median.value, scopes[0].median.low, scopes[0].median.high) == (94, 90, 98)
    assert scopes[0].q75.value is None
    assert repurchase.curve(owner, "all", "all")["survival"].tolist() == [0.9, 0.75, 0.49, 0.33]


def test_health_puts_what_is_wrong_first(publish: Callable[..., Path], read: Callable[..., Reader]) -> None:
    sick = read(publish(missing_rows=5))
    assert [test.status for test in health.test_results(sick)] == ["warn", "pass"]
    assert [(t.table_name, t.difference) for t in health.table_counts(sick)] == [("orders", -5), ("customer", 0)]


def test_an_empty_shop_has_no_days_and_no_scopes(publish: Callable[..., Path], read: Callable[..., Reader]) -> None:
    empty = read(publish(kind="empty"))
    assert profit.posting_days(empty) is None
    assert repurchase.scopes(empty) == []
    assert profit.totals(empty, JUNE) == profit.Totals()
