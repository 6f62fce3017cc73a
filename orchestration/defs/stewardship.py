"""Who answers for which assets, in which group they are shown, and how fresh they have to be. One place for all three.

Owners are teams by the trade's names: whom a shop puts into them is its own matter.
"""

from collections.abc import Sequence
from datetime import timedelta

import dagster as dg

RAW, INBOX, PUBLISHED = "raw", "inbox", "published"
OPERATIONS, ANALYTICS = "team:operations", "team:analytics"
TEAMS = {
    "calendar": ANALYTICS,
    "catalogue": "team:purchasing",
    "customers": "team:marketing",
    "draws": "team:audit",
    "finance": "team:finance",
    "payments": "team:finance",
    "stock": "team:purchasing",
    "suppliers": "team:purchasing",
    "marketing": "team:marketing",
    "aftersales": OPERATIONS,
    "risk": "team:audit",
    "staff": "team:audit",
}
"""By area of the marts; an area without a team of its own is the analysts'."""

FOLLOWS_THE_SHOP = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=1), warn_window=timedelta(minutes=35))
"""Of what each refresh renews, every quarter of an hour: two missed warn, four are a failure."""
NIGHTLY = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=50), warn_window=timedelta(hours=26))


def group_of(fqn: Sequence[str]) -> str:
    """A model's layer; marts by their area, `marts_finance`. `fqn` is dbt's: project, folders, name."""
    layer, *below = fqn[1:-1]
    return f"{layer}_{below[0]}" if layer == "marts" and below else layer


def owners_of(fqn: Sequence[str]) -> list[str]:
    """Marts belong to the team of their area, what they are made of to the analysts."""
    layer, *below = fqn[1:-1]
    return [TEAMS.get(below[0], ANALYTICS) if layer == "marts" and below else ANALYTICS]


def freshness_of(fqn: Sequence[str]) -> dg.FreshnessPolicy | None:
    """Of marts; views of staging and what lies between are as fresh as the raw tables below them."""
    return FOLLOWS_THE_SHOP if fqn[1] == "marts" else None
