"""The tables of customer value as dbt reads them: one row a customer, one a model, one a parameter of a model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.customer_value_fits import Fit, Holdout
from pipelines.likelihood import Floats
from pipelines.literals import literal

UNITS = {"alpha": "weeks", "gamma": "fen"}
_FIT = """
create or replace table computed.customer_value_fit (
    model varchar, is_fitted boolean, reason varchar, n_customers bigint, n_repeat_customers bigint,
    log_likelihood double, n_starts bigint, n_starts_agreeing bigint,
    holdout_days bigint, n_holdout_customers bigint, holdout_expected_occasions double,
    holdout_actual_occasions bigint, frequency_value_correlation double, cm2_share double,
    as_of_date date, computed_at timestamptz
)
"""
_PARAMETER = """
create or replace table computed.customer_value_parameter (
    model varchar, parameter varchar, unit varchar, estimate double, standard_error double, estimate_lo double,
    estimate_hi double, as_of_date date, computed_at timestamptz
)
"""


@dataclass(frozen=True)
class Checks:
    """How well the models fit: repeats held out; whether value depends on frequency; the share that becomes margin."""

    holdout: Holdout | None
    correlation: float | None
    margin: float | None


@dataclass(frozen=True)
class Stamp:
    """What the tables stand on, and when they were made."""

    as_of_date: date
    computed_at: datetime

    def values(self) -> tuple[date, datetime]:
        return self.as_of_date, self.computed_at


def write_customers(connection: duckdb.DuckDBPyConnection, expected: Mapping[str, Floats], stamp: Stamp) -> None:
    """`customer_value`, from temporary `customer_value_history` and columns in the order of its places."""
    place = pa.array(np.arange(len(expected["p_alive"])))
    columns = {name: pa.array(values, from_pandas=True) for name, values in expected.items()}  # NaN becomes null
    connection.register("customer_value_expected", pa.table({"place": place, **columns}))
    chosen = (f"{name}::bigint as {name}" if name.endswith("_fen") else name for name in expected)
    connection.execute(
        "create or replace table computed.customer_value as"
        f" select customer_key, frequency, recency_days, age_days, valued_occasions, {', '.join(chosen)},"
        f" date {literal(stamp.as_of_date)} as as_of_date, timestamptz {literal(stamp.computed_at)} as computed_at"
        " from customer_value_history join customer_value_expected using (place) order by place"
    )
    connection.unregister("customer_value_expected")


def write_fits(connection: duckdb.DuckDBPyConnection, fits: Iterable[Fit], checks: Checks, stamp: Stamp) -> None:
    """`customer_value_fit` and `customer_value_parameter`; a model that was not fitted has no parameters."""
    connection.execute(_FIT)
    connection.execute(_PARAMETER)
    for fit in fits:
        _insert(connection, "customer_value_fit", _fit_row(fit, checks), stamp)
        for one in fit.found.estimates if fit.found else ():
            named = (fit.model, one.name, UNITS.get(one.name, "1"))
            numbers = (one.value, one.standard_error, one.low, one.high)
            _insert(connection, "customer_value_parameter", (*named, *numbers), stamp)


def _fit_row(fit: Fit, checks: Checks) -> tuple[object, ...]:
    found, held = fit.found, checks.holdout
    of_occasions = fit.model == "bg_nbd"
    return (
        *(fit.model, found is not None, fit.reason, fit.customers, fit.repeat_customers),
        *((found.log_likelihood, found.starts, found.starts_agreeing) if found else (None,) * 3),
        *((held.days, held.customers, held.expected, held.actual) if held and of_occasions else (None,) * 4),
        *((None, None) if of_occasions else (checks.correlation, checks.margin)),
    )


def _insert(connection: duckdb.DuckDBPyConnection, table: str, row: tuple[object, ...], stamp: Stamp) -> None:
    values = ", ".join(map(literal, (*row, *stamp.values())))
    connection.execute(f"insert into computed.{table} values ({values})")
