"""Profit of a period: its components, day by day, by product and by category."""

from dataclasses import dataclass, fields
from decimal import Decimal

import pandas as pd

from dashboards.format import coverage
from dashboards.periods import Grain, Period
from dashboards.queries.asking import Tables, answers
from dashboards.sql import among

NO_ITEM = "none"
"""Key of costs that belong to no order line, and so to no product and no category."""


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a period, in fen; each in its own direction as in the P&L."""

    gross_sales_fen: int = 0
    discounts_fen: int = 0
    refunds_fen: int = 0
    net_sales_fen: int = 0
    draw_income_fen: int = 0
    membership_income_fen: int = 0
    other_income_fen: int = 0
    net_revenue_fen: int = 0
    cogs_fen: int = 0
    cm1_fen: int = 0
    payment_fees_fen: int = 0
    delivery_costs_fen: int = 0
    supplier_losses_fen: int = 0
    card_losses_fen: int = 0
    chargebacks_fen: int = 0
    cm2_fen: int = 0
    commissions_fen: int = 0
    marketing_fen: int = 0
    goodwill_fen: int = 0
    draw_prizes_fen: int = 0
    cm3_fen: int = 0
    net_sales_known_cost_fen: int = 0
    delivered_units: int = 0

    @property
    def cost_coverage(self) -> Decimal | None:
        """Share of net sales whose cost is known; None where there is no such share."""
        return coverage(self.net_sales_known_cost_fen, self.net_sales_fen)

    @property
    def cost_unknown(self) -> bool:
        """Whether some of the net sales have no known cost."""
        return self.net_sales_known_cost_fen != self.net_sales_fen


SUMMED = tuple(field.name for field in fields(Totals))
_SUMS = ", ".join(f"coalesce(sum({column}), 0)::bigint as {column}" for column in SUMMED)


@dataclass(frozen=True, slots=True)
class LedgerComparison:
    """The P&L from documents against the one from ledger entries."""

    ledger_profit_fen: int
    days: int
    days_that_differ: int


@answers("owner", "buyer", "auditor")
def posting_days(tables: Tables) -> Period | None:
    """First and last business date with postings; None for a shop that never earned nor spent."""
    row = tables.rows("select min(ledger_date) as first, max(ledger_date) as last from mart_profit_daily")[0]
    return None if row["first"] is None else Period(row["first"], row["last"])


@answers("owner", "buyer", "auditor")
def totals(tables: Tables, period: Period, category: str | None = None) -> Totals:
    """The P&L of a period: of the whole shop, or of one category without the costs of no item."""
    where, bound = among(category_key=category)
    sql = f"select {_SUMS} from {_profit_table(category)} where ledger_date between ? and ?{where}"
    return Totals(**tables.rows(sql, [period.first, period.last, *bound])[0])


@answers("owner", "buyer", "auditor")
def ledger_comparison(tables: Tables, period: Period) -> LedgerComparison:
    """Σ cm3 from documents against the ledger's profit, day by day."""
    sql = """select coalesce(sum(ledger_profit_fen), 0)::bigint as ledger_profit_fen, count(*)::int as days,
        count(case when cm3_fen <> ledger_profit_fen then 1 end)::int as days_that_differ
        from mart_profit_daily where ledger_date between ? and ?"""
    return LedgerComparison(**tables.rows(sql, [period.first, period.last])[0])


@answers("owner", "buyer", "auditor")
def earnings(tables: Tables, period: Period, grain: Grain, category: str | None = None) -> pd.DataFrame:
    """One row per day, week (from Monday) or month: starts_on, net_sales_fen, cm3_fen. Days without postings are 0."""
    where, bound = among(category_key=category)
    sql = f"""
        with days as (
            select unnest(generate_series(cast(? as date), cast(? as date), interval 1 day))::date as ledger_date
        ), posted as (
            select ledger_date, sum(net_sales_fen) as net_sales_fen, sum(cm3_fen) as cm3_fen
            from {_profit_table(category)} where ledger_date between ? and ?{where} group by ledger_date
        )
        select cast(date_trunc('{grain}', ledger_date) as date) as starts_on,
            coalesce(sum(net_sales_fen), 0)::bigint as net_sales_fen, coalesce(sum(cm3_fen), 0)::bigint as cm3_fen
        from days left join posted using (ledger_date) group by 1 order by 1"""
    return tables.frame(sql, [period.first, period.last, period.first, period.last, *bound])


@answers("owner", "buyer", "auditor")
def by_product(tables: Tables, period: Period, category: str | None = None) -> pd.DataFrame:
    """One row per product, and one for the costs of no item: keys, titles, sums, best cm3 first."""
    where, bound = among(category_key=category)
    return tables.frame(
        f"""with sums as (
            select product_key, category_key, {_SUMS} from mart_profit_product_daily
            where ledger_date between ? and ?{where} group by product_key, category_key
        )
        select sums.*, p.title_zh, p.title_en, c.name_zh as category_zh, c.name_en as category_en
        from sums left join dim_products p using (product_key)
        left join dim_categories c on c.category_key = sums.category_key
        order by cm3_fen desc, sums.product_key""",
        [period.first, period.last, *bound],
    )


@answers("owner", "buyer", "auditor")
def by_category(tables: Tables, period: Period, category: str | None = None) -> pd.DataFrame:
    """One row per category, and one for the costs of no item: key, names, sums, best cm3 first."""
    where, bound = among(category_key=category)
    return tables.frame(
        f"""with sums as (
            select category_key, {_SUMS} from mart_profit_product_daily
            where ledger_date between ? and ?{where} group by category_key
        )
        select sums.*, c.name_zh as category_zh, c.name_en as category_en
        from sums left join dim_categories c using (category_key) order by cm3_fen desc, sums.category_key""",
        [period.first, period.last, *bound],
    )


def _profit_table(category: str | None) -> str:
    return "mart_profit_daily" if category is None else "mart_profit_product_daily"
