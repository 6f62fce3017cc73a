"""What the tiny shop bought: two channels, one SKU bought at both, one price move, one inversion, one statement.

Channel "fast": 40 attempts ended, 39 codes, one bad and credited; 38 good units, ordered for 38.00, borne 38.50.
Channel "slow": 10 attempts ended, 9 codes: below the size at which the warehouse states an interval.
"""

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

MODELS = Path(__file__).parents[2] / "dbt_project" / "models"
AT = datetime(2026, 6, 29, 3, 0, tzinfo=UTC)
FAST, SLOW = "ch-fast", "ch-slow"
SKU = {"sku_key": "s-steam", "sku_code": "ST-50"}
Row = dict[str, Any]

FAST_SCORES: Row = {
    "n_purchases": 41,
    "n_ended": 40,
    "n_codes": 39,
    "good_units": 38,
    "cost_of_successes_fen": 3900,
    "unrecovered_fen": 50,
    "replacement_fen": 0,
    "credited_fen": 100,
    "list_unit_cost_fen": 100.0,
    "effective_unit_cost_fen": 3850 / 38,
    "effective_unit_cost_lo_fen": 99.4,
    "effective_unit_cost_hi_fen": 104.6,
    "effective_to_list": 38.5 / 38,
    "effective_to_list_lo": 0.994,
    "effective_to_list_hi": 1.046,
    "success_rate": 0.975,
    "success_rate_lo": 0.871,
    "success_rate_hi": 0.996,
    "defect_rate": 1 / 39,
    "defect_rate_lo": 0.005,
    "defect_rate_hi": 0.132,
    "unknown_rate": 0.0,
    "unknown_rate_lo": 0.0,
    "unknown_rate_hi": 0.088,
    "code_p50_seconds": 3,
    "code_p95_seconds": 9,
    "code_p99_seconds": 30,
    "n_money_back": 1,
    "refund_lag_p50_days": 60 / 86400,
    "refund_lag_p95_days": 60 / 86400,
    "n_price_changes": 1,
}
SLOW_SCORES: Row = FAST_SCORES | {
    "n_purchases": 10,
    "n_ended": 10,
    "n_codes": 9,
    "good_units": 9,
    "cost_of_successes_fen": 810,
    "unrecovered_fen": 0,
    "credited_fen": 0,
    "list_unit_cost_fen": 90.0,
    "effective_unit_cost_fen": 90.0,
    "effective_unit_cost_lo_fen": None,
    "effective_unit_cost_hi_fen": None,
    "effective_to_list": 1.0,
    "effective_to_list_lo": None,
    "effective_to_list_hi": None,
    "success_rate": 0.9,
    "defect_rate": 0.0,
    "n_price_changes": 0,
}


def tables(base: duckdb.DuckDBPyConnection, *, empty: bool, one_row: bool) -> None:
    """All tables of buying, with the columns that the warehouse publishes."""
    for model, rows in _rows().items():
        columns = published_columns(model)
        base.execute(f"create table if not exists {model} ({', '.join(f'{n} {kind}' for n, kind in columns.items())})")
        for name, kind in columns.items():
            base.execute(f"alter table {model} add column if not exists {name} {kind}")
        for row in [] if empty else rows[:1] if one_row else rows:
            unknown = row.keys() - columns.keys()
            assert not unknown, f"{model} publishes no {', '.join(unknown)}"
            marks = ", ".join("?" * len(row))
            base.execute(f"insert into {model} ({', '.join(row)}) values ({marks})", list(row.values()))


@cache
def published_columns(model: str) -> dict[str, str]:
    """Columns of a model and their types, as its description says."""
    [file] = MODELS.rglob(f"{model}.yml")
    [described] = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)["models"]
    return {
        column["name"]: column["data_type"].replace("timestamp with time zone", "timestamptz")
        for column in described["columns"]
    }


def _rows() -> dict[str, list[Row]]:
    fast, slow = {"channel_key": FAST, "channel_code": "fast"}, {"channel_key": SLOW, "channel_code": "slow"}
    scores = [
        {"period": period, **channel, **score}
        for period in ("last_90_days", "all")
        for channel, score in ((fast, FAST_SCORES), (slow, SLOW_SCORES))
    ]
    return {
        "dim_channels": [
            {"channel_key": FAST, "code": "fast", "name": "快卡 · 极速", "supplier_name": "快卡"},
            {"channel_key": SLOW, "code": "slow", "name": "慢卡", "supplier_name": "慢卡"},
        ],
        "dim_skus": [
            {"sku_key": "s-steam", "product_key": "p-steam", "code": "ST-50", "name_zh": "50 元", "name_en": "50 yuan"}
        ],
        "mart_channel_scorecard": [
            {
                **score,
                "channel_name": "快卡 · 极速" if score["channel_key"] == FAST else "慢卡",
                "supplier_name": "快卡",
            }
            for score in scores
        ],
        "mart_channel_sku_scorecard": [{**score, **SKU} for score in scores],
        "mart_price_moves": [_move(fast)],
        "mart_cost_inversions": [
            _inversion(fast, is_current=True, shortfall_fen=12, loss_fen=0),
            _inversion(slow, is_current=False, shortfall_fen=99, loss_fen=345),
        ],
        "fct_supplier_purchases": [
            _purchase("P-1", FAST, "succeeded", cost_fen=100),
            _purchase("P-2", FAST, "written_off", cost_fen=50, written_off_fen=50),
            _purchase("P-3", SLOW, "succeeded", cost_fen=90),
        ],
    }


def _move(channel: Row) -> Row:
    return {
        **channel,
        **SKU,
        "offer_key": "of-1",
        "interval_no": 2,
        "moved_at": AT,
        "moved_date": date(2026, 6, 29),
        "source": "pull",
        "state": "active",
        "currency": "CNY",
        "unit_cost": 1.0,
        "previous_unit_cost_fen": 90,
        "unit_cost_fen": 100,
        "change_fen": 10,
        "change_share": 1 / 9,
        "purchase_count": 5,
        "code_count": 4,
        "extra_fen": 40,
    }


def _inversion(channel: Row, **figures: Any) -> Row:
    stretch = {"offer_key": "of-1", "began_at": AT, "unit_cost_fen": 112, "list_price_fen": 105, "floor_fen": 5}
    return {**channel, **SKU, **stretch, "is_below_cost": True, "code_count": 1, "loss_count": 1, **figures}


def _purchase(request_no: str, channel: str, state: str, *, cost_fen: int, written_off_fen: int = 0) -> Row:
    return {
        "purchase_key": request_no,
        "request_no": request_no,
        "channel_key": channel,
        "supplier_key": "su-1",
        "sku_key": "s-steam",
        "order_item_id": "i-3",
        "state": state,
        "outcome_code": "",
        "has_code": state == "succeeded",
        "is_defective": False,
        "listed_fen": cost_fen,
        "cost_fen": cost_fen,
        "written_off_fen": written_off_fen,
        "written_off_back_fen": 0,
        "replacement_fen": 0,
        "credited_fen": 0,
        "created_at": AT,
        "created_date": date(2026, 6, 29),
        "seconds_to_end": 3,
    }
