"""When customers come back: estimates with their intervals, and the curves that they are read off."""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

import pandas as pd

from dashboards.queries.asking import Tables, answers


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


@answers("owner", "auditor")
def scopes(tables: Tables) -> list[Repurchase]:
    """Every scope, the whole shop first, occasion numbers in order."""
    rows = tables.rows(
        """select * from mart_repurchase_intervals order by
        case scope when 'all' then 0 when 'occasion_number' then 1 when 'category' then 2 else 3 end, scope,
        try_cast(scope_value as integer) nulls last, scope_value"""
    )
    return [_repurchase(row) for row in rows]


@answers("owner", "auditor")
def curve(tables: Tables, scope: str, scope_value: str) -> pd.DataFrame:
    """Steps of one scope's survival curve: t_days, n_at_risk, n_events, survival, survival_lo, survival_hi."""
    return tables.frame(
        """select t_days, n_at_risk, n_events, survival, survival_lo, survival_hi from mart_repurchase_curve
        where scope = ? and scope_value = ? order by t_days""",
        [scope, scope_value],
    )


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
