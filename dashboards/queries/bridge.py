"""Why profit moved between two periods: steps that add up to the difference, and the products behind each of them."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import pandas as pd

from dashboards.periods import Period
from dashboards.queries.asking import Tables, answers
from dashboards.queries.profit import NO_ITEM

StepName = Literal[
    "volume",
    "mix",
    "list_price",
    "discount",
    "refunds",
    "other_income",
    "unit_cost",
    "fees",
    "delivery_and_losses",
    "commissions",
    "marketing_and_goodwill",
    "prizes",
]
STEPS: tuple[StepName, ...] = get_args(StepName)


@dataclass(frozen=True, slots=True)
class Step:
    """What one cause moved, in fen; `before` of the first is the earlier CM3, `after` of the last the later one."""

    step: StepName
    amount_fen: int
    profit_before_fen: int
    profit_after_fen: int


@answers("owner", "buyer", "auditor")
def steps(tables: Tables, earlier: Period, later: Period) -> list[Step]:
    """All twelve steps in their order, also those that moved nothing."""
    rows = tables.rows(
        """select step, amount_fen, profit_before_fen, profit_after_fen from profit_bridge(?, ?, ?, ?)
        order by step_no""",
        _days(earlier, later),
    )
    return [Step(**row) for row in rows]


@answers("owner", "buyer", "auditor")
def strongest_products(tables: Tables, earlier: Period, later: Period) -> dict[str, dict[str, Any]]:
    """By step, the product that moved it most in its own direction: title_zh, title_en, amount_fen.

    Steps that moved nothing, and those that no product moved, have none.
    """
    rows = tables.rows(
        """with moved as (
            select step, product_key, amount_fen, sum(amount_fen) over (partition by step) as whole_fen
            from profit_bridge_by_product(?, ?, ?, ?)
        ), ranked as (
            select *, row_number() over (partition by step order by abs(amount_fen) desc, product_key) as place
            from moved where product_key <> ? and sign(amount_fen) = sign(whole_fen) and amount_fen <> 0
        )
        select ranked.step, ranked.amount_fen, p.title_zh, p.title_en
        from ranked left join dim_products p using (product_key) where ranked.place = 1""",
        [*_days(earlier, later), NO_ITEM],
    )
    return {row.pop("step"): row for row in rows}


@answers("owner", "buyer", "auditor")
def by_product(tables: Tables, earlier: Period, later: Period, step: StepName | None) -> pd.DataFrame:
    """One row per product that moved a step, or profit as a whole, and one for amounts of no product.

    product_key, title_zh, title_en, earlier_units, later_units, amount_fen, largest movement first.
    """
    return tables.frame(
        """with moved as (
            select product_key, max(earlier_units)::bigint as earlier_units, max(later_units)::bigint as later_units,
                sum(amount_fen)::bigint as amount_fen
            from profit_bridge_by_product(?, ?, ?, ?) where ?::varchar is null or step = ? group by product_key
        )
        select moved.*, p.title_zh, p.title_en from moved left join dim_products p using (product_key)
        where amount_fen <> 0 order by abs(amount_fen) desc, product_key""",
        [*_days(earlier, later), step, step],
    )


def _days(earlier: Period, later: Period) -> list[object]:
    return [earlier.first, earlier.last, later.first, later.last]
