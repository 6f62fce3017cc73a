"""The simulation's ground truth, kept beside the shop so that the warehouse's figures can be held against it."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulation.law import CHANNELS, figures, first_interval
from simulation.plan import Plan
from simulation.supplied_truth import supply_truth

OCCASIONS = 5


def truth_of(plan: Plan) -> dict[str, Any]:
    """Everything that is known exactly: the law with its figures, and the sums of every day in fen."""
    return {
        "seed": plan.seed,
        "first_date": plan.days[0].isoformat(),
        "last_date": plan.days[-1].isoformat(),
        "customers": len(plan.customers),
        "orders": len(plan.shopped.orders),
        "paid_orders": sum(1 for order in plan.shopped.orders if order.paid_at),
        "occasions": sum(len(customer.occasions) for customer in plan.customers),
        "law": {
            "model": "BG/NBD per channel: daily rate gamma(shape, 1/alpha_days); after each occasion away for good"
            " with probability beta(dropout_a, dropout_b); gaps rounded up to whole days",
            "again_within": "(1 - a/(a+b+n-1)) * (1 - (alpha/(alpha+days))^shape) after occasion n",
            "channels": [asdict(channel) for channel in CHANNELS],
        },
        "first_interval": asdict(figures(first_interval)),
        "first_interval_by_channel": {one.name: asdict(figures(one.again_within)) for one in CHANNELS},
        "per_occasion_by_channel": {
            one.name: {
                str(n): asdict(figures(lambda days, one=one, n=n: one.again_within(days, n)))  # type: ignore[misc]
                for n in range(1, OCCASIONS + 1)
            }
            for one in CHANNELS
        },
        "supply": supply_truth(plan.supply, plan.skus),
        "cash_book": plan.cash_book(),
        "planted_gateway_differences": [asdict(one) | {"day": one.day.isoformat()} for one in plan.bills.planted],
    }


def keep_truth(file: Path, truth: dict[str, Any]) -> None:
    """Write the file whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(truth, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(file)
