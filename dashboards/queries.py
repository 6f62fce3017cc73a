"""Every question that the pages ask of a published version, with its SQL. Values are bound; money stays in fen.

How figures look does not belong here, nor does opening the version.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

import pandas as pd

from dashboards.format import coverage
from dashboards.periods import Grain, Period

NO_ITEM = "none"
"""Key of costs that belong to no order line, and so to no product and no category."""


class Tables(Protocol):
    """What answers SQL: a published version."""

    def frame(self, sql: str, parameters: Sequence[object] = ()) -> pd.DataFrame: ...

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]: ...


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


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows behind a figure: at most as many as asked for, with the count and the sum of all of them."""

    frame: pd.DataFrame
    total_rows: int
    total_fen: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval; None where it is not reached or not known."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Repurchase:
    """One scope's law of coming back."""

    scope: str
    scope_value: str
    as_of_date: date
    n_customers: int
    n_occasions: int
    n_intervals: int
    q25: Estimate
    median: Estimate
    q75: Estimate
    p30: Estimate
    p60: Estimate
    p90: Estimate
    p365: Estimate
    naive_median_days: float | None
    interval_method: str


@dataclass(frozen=True, slots=True)
class TableCount:
    """A table's rows in the shop and in the warehouse, counted in the same snapshot.

    `source_rows` is None where the shop was not asked: it counts its largest tables once an hour, not in every batch.
    """

    table_name: str
    source_rows: int | None
    raw_current_rows: int
    raw_versions: int

    @property
    def difference(self) -> int | None:
        """Rows that the warehouse has too many; None where the shop was not asked."""
        return None if self.source_rows is None else self.raw_current_rows - self.source_rows


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How a test of the build ended: pass, warn, fail or error."""

    name: str
    model: str
    column_name: str | None
    severity: str
    status: str
    failures: int | None
    message: str | None
    description: str | None
    failing_since: datetime | None


def posting_days(source: Tables) -> Period | None:
    """First and last business date with postings; None for a shop that never earned nor spent."""
    row = source.rows("select min(ledger_date) as first, max(ledger_date) as last from mart_profit_daily")[0]
    return None if row["first"] is None else Period(row["first"], row["last"])


def totals(source: Tables, period: Period, category: str | None = None) -> Totals:
    """The P&L of a period: of the whole shop, or of one category without the costs of no item."""
    where, bound = _in_category(category)
    sql = f"select {_SUMS} from {_profit_table(category)} where ledger_date between ? and ?{where}"
    return Totals(**source.rows(sql, [period.first, period.last, *bound])[0])


def ledger_comparison(source: Tables, period: Period) -> LedgerComparison:
    """Σ cm3 from documents against the ledger's profit, day by day."""
    sql = """select coalesce(sum(ledger_profit_fen), 0)::bigint as ledger_profit_fen, count(*)::int as days,
        count(case when cm3_fen <> ledger_profit_fen then 1 end)::int as days_that_differ
        from mart_profit_daily where ledger_date between ? and ?"""
    return LedgerComparison(**source.rows(sql, [period.first, period.last])[0])


def earnings(source: Tables, period: Period, grain: Grain, category: str | None = None) -> pd.DataFrame:
    """One row per day, week (from Monday) or month: starts_on, net_sales_fen, cm3_fen. Days without postings are 0."""
    where, bound = _in_category(category)
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
    return source.frame(sql, [period.first, period.last, period.first, period.last, *bound])


def by_product(source: Tables, period: Period, category: str | None = None) -> pd.DataFrame:
    """One row per product, and one for the costs of no item: keys, titles, sums, best cm3 first."""
    where, bound = _in_category(category)
    return source.frame(
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


def by_category(source: Tables, period: Period, category: str | None = None) -> pd.DataFrame:
    """One row per category, and one for the costs of no item: key, names, sums, best cm3 first."""
    where, bound = _in_category(category)
    return source.frame(
        f"""with sums as (
            select category_key, {_SUMS} from mart_profit_product_daily
            where ledger_date between ? and ?{where} group by category_key
        )
        select sums.*, c.name_zh as category_zh, c.name_en as category_en
        from sums left join dim_categories c using (category_key) order by cm3_fen desc, sums.category_key""",
        [period.first, period.last, *bound],
    )


def categories(source: Tables) -> list[dict[str, Any]]:
    """All categories: category_key, slug, name_zh, name_en."""
    return source.rows("select category_key, slug, name_zh, name_en from dim_categories order by slug")


def products(source: Tables, category: str | None = None) -> list[dict[str, Any]]:
    """Products of the shop, or of a category: product_key, slug, title_zh, title_en."""
    where = " where category_key = ?" if category else ""
    sql = f"select product_key, slug, title_zh, title_en from dim_products{where} order by slug"
    return source.rows(sql, [category] if category else [])


def margin_lines(source: Tables, period: Period, category: str | None, product: str | None, limit: int | None) -> Lines:
    """Posted document lines of a period by ledger date: their `profit_fen` add up to cm3. Newest first."""
    where, bound = _of_items(category, product)
    chosen = f"from fct_margin_lines where ledger_date between ? and ?{where}"
    parameters = [period.first, period.last, *bound]
    whole = source.rows(f"select count(*) as n, coalesce(sum(profit_fen), 0)::bigint as fen {chosen}", parameters)[0]
    frame = source.frame(
        f"""with chosen as (select * {chosen} order by effective_at desc, document_line_id desc{_limit(limit)})
        select chosen.effective_at, chosen.ledger_date, i.order_no, p.title_zh, p.title_en, chosen.kind,
            chosen.component, chosen.amount_fen, chosen.profit_fen
        from chosen left join dim_products p using (product_key)
        left join fct_order_items i on i.order_item_id = chosen.order_item_id
        order by chosen.effective_at desc, chosen.document_line_id desc""",
        parameters,
    )
    return Lines(frame, whole["n"], whole["fen"])


def order_lines(source: Tables, period: Period, category: str | None, product: str | None, limit: int | None) -> Lines:
    """Order lines by order date, each with all it earned so far; `total_fen` is the sum of their cm3. Newest first."""
    where, bound = _of_items(category, product)
    chosen = f"from fct_order_items where ordered_date between ? and ?{where}"
    parameters = [period.first, period.last, *bound]
    whole = source.rows(f"select count(*) as n, coalesce(sum(cm3_fen), 0)::bigint as fen {chosen}", parameters)[0]
    frame = source.frame(
        f"""with chosen as (select * {chosen} order by ordered_at desc, order_item_id{_limit(limit)})
        select chosen.ordered_at, chosen.order_no, chosen.line_no, p.title_zh, p.title_en, chosen.quantity,
            chosen.gross_sales_fen, chosen.discounts_fen, chosen.refunds_fen, chosen.net_sales_fen,
            chosen.cogs_fen, chosen.cm1_fen, chosen.cm2_fen, chosen.cm3_fen
        from chosen left join dim_products p using (product_key)
        order by chosen.ordered_at desc, chosen.order_item_id""",
        parameters,
    )
    return Lines(frame, whole["n"], whole["fen"])


def repurchase(source: Tables) -> list[Repurchase]:
    """Every scope, the whole shop first, occasion numbers in order."""
    rows = source.rows(
        """select * from mart_repurchase_intervals order by
        case scope when 'all' then 0 when 'occasion_number' then 1 when 'category' then 2 else 3 end, scope,
        try_cast(scope_value as integer) nulls last, scope_value"""
    )
    return [_repurchase(row) for row in rows]


def repurchase_curve(source: Tables, scope: str, scope_value: str) -> pd.DataFrame:
    """Steps of one scope's survival curve: t_days, n_at_risk, n_events, survival, survival_lo, survival_hi."""
    return source.frame(
        """select t_days, n_at_risk, n_events, survival, survival_lo, survival_hi from mart_repurchase_curve
        where scope = ? and scope_value = ? order by t_days""",
        [scope, scope_value],
    )


def health_tests(source: Tables) -> list[CheckResult]:
    """Every test of the build with its result: failures first, then those that say what they hold the books to."""
    rows = source.rows(
        """select name, model, column_name, severity, status, failures, message, description, failing_since
        from health_tests
        order by case status when 'error' then 0 when 'fail' then 1 when 'warn' then 2 else 3 end,
        coalesce(description, '') = '', model, name"""
    )
    return [CheckResult(**row) for row in rows]


def health_tables(source: Tables) -> list[TableCount]:
    """Row counts of each table, differing ones first, then those that were not counted."""
    rows = source.rows(
        """select table_name, source_rows, raw_current_rows, raw_versions from health_tables
        order by coalesce(abs(raw_current_rows - source_rows), 0) desc, source_rows is not null, table_name"""
    )
    return [TableCount(**row) for row in rows]


def _profit_table(category: str | None) -> str:
    return "mart_profit_daily" if category is None else "mart_profit_product_daily"


def _in_category(category: str | None) -> tuple[str, list[object]]:
    return ("", []) if category is None else (" and category_key = ?", [category])


def _of_items(category: str | None, product: str | None) -> tuple[str, list[object]]:
    return _in_category(category) if product is None else (" and product_key = ?", [product])


def _limit(rows: int | None) -> str:
    return "" if rows is None else f" limit {int(rows)}"


def _repurchase(row: dict[str, Any]) -> Repurchase:
    def estimate(name: str) -> Estimate:
        return Estimate(row[name], row[f"{name}_lo"], row[f"{name}_hi"])

    return Repurchase(
        **{field.name: row[field.name] for field in fields(Repurchase) if field.name in row},
        q25=estimate("km_q25_days"),
        median=estimate("km_median_days"),
        q75=estimate("km_q75_days"),
        p30=estimate("km_p30"),
        p60=estimate("km_p60"),
        p90=estimate("km_p90"),
        p365=estimate("km_p365"),
    )
