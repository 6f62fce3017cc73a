"""What each customer will probably still buy, and what that is worth: schema `computed`, from the models' own facts.

Occasions are those of repurchase (one a customer and business date, paid, up to the as-of date). Their value is net
sales and not margin: the model of values needs positive numbers, and margins of unknown cost are too high; what is
expected becomes margin by the share that the shop kept of sales at known cost. Nothing is random.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from mingsuan import clock
from pipelines.literals import literal
from pipelines.warehouse import transaction

if TYPE_CHECKING:  # scipy is for those who compute, not for each process that knows what there is to compute
    import duckdb

    from mingsuan.progress import Progress
    from mingsuan.settings import Settings
    from pipelines.bg_nbd import Purchases
    from pipelines.build_context import BuildContext
    from pipelines.customer_value_fits import Holdout
    from pipelines.likelihood import Floats

TABLES = ("customer_value", "customer_value_fit", "customer_value_parameter")
LONGEST_HOLDOUT_DAYS = 90
SHORTEST_HOLDOUT_DAYS = 7

_OCCASIONS = """
create or replace temp table customer_value_occasion as
select intervals.customer_key, intervals.occasion_number, intervals.occasion_date, intervals.as_of_date,
    min(intervals.occasion_date) over (partition by intervals.customer_key) as first_date,
    coalesce(sales.net_sales_fen, 0) as net_sales_fen
from analytics.int_repurchase_intervals as intervals
left join (
    select customer_key, ordered_date, sum(net_sales_fen) as net_sales_fen
    from analytics.fct_order_items group by customer_key, ordered_date
) as sales on sales.customer_key = intervals.customer_key and sales.ordered_date = intervals.occasion_date
where intervals.scope = 'all'
"""
_CUSTOMERS = """
create or replace temp table customer_value_history as
select row_number() over (order by customer_key) - 1 as place, customer_key, count(*) - 1 as frequency,
    max(occasion_date) - first_date as recency_days, as_of_date - first_date as age_days,
    count(*) filter (occasion_number > 1 and net_sales_fen > 0) as valued_occasions,
    avg(net_sales_fen) filter (occasion_number > 1 and net_sales_fen > 0) as mean_net_sales_fen
from customer_value_occasion group by customer_key, first_date, as_of_date
"""
_HISTORY = """
select frequency, recency_days, age_days, valued_occasions, coalesce(mean_net_sales_fen, 0) as mean_fen
from customer_value_history order by place
"""
_GROUPS = """
select frequency, recency_days / 7 as last, age_days / 7 as watched, count(*) as customers
from (
    select count(*) - 1 as frequency, max(occasion_date) - first_date as recency_days,
        date {until} - first_date as age_days
    from customer_value_occasion where occasion_date <= date {until} group by customer_key, first_date
)
group by all order by all
"""
_MARGIN = """
select sum(cm2_fen)::double / nullif(greatest(sum(net_sales_fen), 0), 0)
from analytics.fct_order_items where has_known_cost and ordered_date <= date {until}
"""


def compute(
    connection: duckdb.DuckDBPyConnection, _settings: Settings, context: BuildContext, _progress: Progress
) -> None:
    """Replace `TABLES` in one transaction. Times are fitted in weeks, money in fen."""
    from pipelines import customer_value_fits as fits
    from pipelines import customer_value_tables as tables

    connection.execute(_OCCASIONS)
    connection.execute(_CUSTOMERS)
    history = _columns(connection, _HISTORY)
    occasions, visits = fits.fit_occasions(_groups(connection, context))
    valued = history["valued_occasions"] > 0
    frequency, mean_fen = history["valued_occasions"][valued], history["mean_fen"][valued]
    values, worth = fits.fit_values(frequency, mean_fen)
    margin = _one(connection, _MARGIN.format(until=literal(context.as_of_date)))
    expected = fits.expected_of(history, visits, worth, margin)
    checks = tables.Checks(_holdout(connection, context), fits.correlation(frequency, mean_fen), margin)
    stamp = tables.Stamp(context.as_of_date, clock.now())
    with transaction(connection):
        connection.execute("create schema if not exists computed")
        tables.write_customers(connection, expected, stamp)
        tables.write_fits(connection, (occasions, values), checks, stamp)
    connection.execute("drop table customer_value_occasion; drop table customer_value_history")


def _columns(connection: duckdb.DuckDBPyConnection, query: str) -> dict[str, Floats]:
    import numpy as np

    fetched = connection.execute(query).fetchnumpy()
    return {name: np.asarray(values, dtype=np.float64) for name, values in fetched.items()}


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else None


def _groups(connection: duckdb.DuckDBPyConnection, context: BuildContext, days_before: int = 0) -> Purchases:
    """Customers alike in their repeats, their last one and how long they were watched, `days_before` the as-of date."""
    from pipelines.bg_nbd import Purchases

    until = literal(context.as_of_date - timedelta(days=days_before))
    found = _columns(connection, _GROUPS.format(until=until))
    return Purchases(found["frequency"], found["last"], found["watched"], found["customers"])


def _holdout(connection: duckdb.DuckDBPyConnection, context: BuildContext) -> Holdout | None:
    """The last quarter of the time since the first occasion, at most so many days, is held out."""
    from pipelines.customer_value_fits import expected_in_holdout

    watched = _one(connection, "select max(age_days) from customer_value_history") or 0
    days = min(int(watched) // 4, LONGEST_HOLDOUT_DAYS)
    if days < SHORTEST_HOLDOUT_DAYS:
        return None
    before = literal(context.as_of_date - timedelta(days=days))
    known = f"first_date <= date {before} and occasion_date > date {before}"
    actual = int(_one(connection, f"select count(*) from customer_value_occasion where {known}"))
    return expected_in_holdout(_groups(connection, context, days), days, actual)
