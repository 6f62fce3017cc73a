"""What supply channels really cost and how they deliver, which prices moved, where the shop sells below its floor."""

from datetime import date
from typing import Any, Literal

import pandas as pd

from dashboards.queries.asking import Tables, answers
from dashboards.queries.lines import Lines
from dashboards.sql import among
from dashboards.sql import limit as at_most

Window = Literal["all", "last_90_days", "last_30_days"]
"""The periods of a scorecard, by the day an attempt began, up to the source's."""

WHOLE = "select *, null as sku_code from mart_channel_scorecard"
OF_A_SKU = """select s.*, c.name as channel_name, c.supplier_name
    from mart_channel_sku_scorecard s join dim_channels c using (channel_key)"""


@answers("owner", "buyer")
def scorecard(tables: Tables, window: Window, sku: str | None) -> pd.DataFrame:
    """One row per channel that was bought from in the window, of everything or of one SKU (its code).

    Unit costs are rounded to the fen; `borne_fen` is all that good units cost, `listed_fen` what they were ordered for.
    The cheapest by effective cost first; those without a good unit last.
    """
    where, bound = among(period=window, sku_code=sku)
    return tables.frame(
        f"""select channel_code, channel_name, supplier_name, n_purchases, n_ended, n_codes, good_units,
            cost_of_successes_fen, unrecovered_fen, replacement_fen, credited_fen,
            cost_of_successes_fen + unrecovered_fen + replacement_fen - credited_fen as borne_fen,
            round(list_unit_cost_fen * good_units)::bigint as listed_fen,
            round(list_unit_cost_fen)::bigint as list_unit_fen,
            round(effective_unit_cost_fen)::bigint as unit_fen,
            round(effective_unit_cost_lo_fen)::bigint as unit_lo_fen,
            round(effective_unit_cost_hi_fen)::bigint as unit_hi_fen,
            effective_to_list, effective_to_list_lo, effective_to_list_hi,
            success_rate, success_rate_lo, success_rate_hi, defect_rate, defect_rate_lo, defect_rate_hi,
            round(defect_rate * n_codes)::bigint as n_defective,
            unknown_rate, unknown_rate_lo, unknown_rate_hi, code_p50_seconds, code_p95_seconds, code_p99_seconds,
            n_money_back, round(refund_lag_p50_days * 86400)::bigint as money_back_p50_seconds,
            round(refund_lag_p95_days * 86400)::bigint as money_back_p95_seconds, n_price_changes
        from ({OF_A_SKU if sku else WHOLE}) where true{where}
        order by effective_to_list nulls last, channel_code""",
        bound,
    )


@answers("owner", "buyer")
def skus(tables: Tables) -> list[dict[str, Any]]:
    """SKUs that were ever bought at a channel: sku_code, and names of the SKU and its product in both languages."""
    return tables.rows(
        """select s.code as sku_code, s.name_zh, s.name_en, p.title_zh, p.title_en
        from dim_skus s left join dim_products p using (product_key)
        where s.sku_key in (select sku_key from mart_channel_sku_scorecard) order by s.code"""
    )


@answers("owner", "buyer")
def price_moves(tables: Tables, since: date | None, sku: str | None, limit: int | None) -> Lines:
    """Moves of offers' prices learnt since a business date, newest first; `total_fen` is what they cost so far."""
    where, bound = among(sku_code=sku)
    chosen = f"from mart_price_moves where moved_date >= coalesce(?, moved_date){where}"
    whole = tables.rows(f"select count(*) as n, coalesce(sum(extra_fen), 0)::bigint as fen {chosen}", [since, *bound])
    frame = tables.frame(
        f"""select moved_at, channel_code, sku_code, previous_unit_cost_fen, unit_cost_fen, change_fen, change_share,
            source, state, purchase_count, code_count, extra_fen, moved_again_at
        {chosen} order by moved_at desc, channel_code, sku_code{at_most(limit)}""",
        [since, *bound],
    )
    return Lines(frame, whole[0]["n"], whole[0]["fen"])


@answers("owner", "buyer")
def inversions(tables: Tables, current: bool, sku: str | None, limit: int | None) -> Lines:
    """Offers whose price leaves less than the floor, now or ever, newest first.

    `total_fen` is what codes lost that were sold for less than they cost.
    """
    where, bound = among(sku_code=sku)
    chosen = f"from mart_cost_inversions where {'is_current' if current else 'true'}{where}"
    whole = tables.rows(f"select count(*) as n, coalesce(sum(loss_fen), 0)::bigint as fen {chosen}", bound)
    frame = tables.frame(
        f"""select channel_code, sku_code, unit_cost_fen, list_price_fen, floor_fen, shortfall_fen, is_below_cost,
            began_at, ended_at, code_count, loss_count, loss_fen
        {chosen} order by began_at desc, channel_code, sku_code{at_most(limit)}""",
        bound,
    )
    return Lines(frame, whole[0]["n"], whole[0]["fen"])


@answers("owner", "buyer")
def purchases(tables: Tables, channel: str | None, sku: str | None, since: date | None, limit: int | None) -> Lines:
    """The attempts behind a scorecard, newest first; `total_fen` is what they bore: its `borne_fen`."""
    where, bound = among(**{"c.code": channel, "s.code": sku})
    chosen = f"""from fct_supplier_purchases f join dim_channels c using (channel_key) join dim_skus s using (sku_key)
        where f.supplier_key is not null and f.created_date >= coalesce(?, f.created_date){where}"""
    borne = """case when f.has_code then f.cost_fen else 0 end
        + f.written_off_fen - f.written_off_back_fen + f.replacement_fen - f.credited_fen"""
    whole = tables.rows(f"select count(*) as n, coalesce(sum({borne}), 0)::bigint as fen {chosen}", [since, *bound])
    frame = tables.frame(
        f"""select f.created_at, f.request_no, c.code as channel_code, s.code as sku_code, f.state, f.outcome_code,
            f.listed_fen, f.cost_fen, f.written_off_fen - f.written_off_back_fen as unrecovered_fen, f.replacement_fen,
            f.credited_fen, {borne} as borne_fen, f.is_defective, f.seconds_to_end
        {chosen} order by f.created_at desc, f.request_no{at_most(limit)}""",
        [since, *bound],
    )
    return Lines(frame, whole[0]["n"], whole[0]["fen"])
