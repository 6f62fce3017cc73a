"""What tells one customer from another, and who gets to see it: the one place where these columns are named.

The owner sees public ids. An auditor sees stand-ins, so that entries of the same person can be told to be so without
saying whose they are. Nobody else sees anything that tells customers apart.
"""

from collections.abc import Hashable
from hashlib import blake2s
from typing import Any

import pandas as pd

from dashboards.access import Viewer

KEYS = frozenset({"customer_key", "customer"})
"""Columns of public ids of customers, also as the metrics' dimension is called."""
TRAITS = frozenset({"country", "language", "registered_date", "first_ordered_date", "is_erased"})
"""Columns that describe one person."""
NOBODY = "none"
"""Key where there is no customer: the house, costs of no order."""


def shown_frame(frame: pd.DataFrame, viewer: Viewer, version: str) -> pd.DataFrame:
    """The frame as the viewer may see it."""
    if viewer.sees_customers:
        return frame
    keys = [name for name in frame.columns if _is_among(name, KEYS)]
    traits = [name for name in frame.columns if _is_among(name, TRAITS)]
    if not viewer.sees_stand_ins:
        return frame.drop(columns=[*keys, *traits])
    shown = frame.drop(columns=traits)
    for name in keys:
        shown[name] = [stand_in(value, version) for value in shown[name]]
    return shown


def shown_rows(rows: list[dict[str, Any]], viewer: Viewer, version: str) -> list[dict[str, Any]]:
    """The rows as the viewer may see them."""
    if viewer.sees_customers or not rows:
        return rows
    hidden = TRAITS if viewer.sees_stand_ins else TRAITS | KEYS
    return [
        {
            name: stand_in(value, version) if _is_among(name, KEYS) else value
            for name, value in row.items()
            if not _is_among(name, hidden)
        }
        for row in rows
    ]


def stand_in(key: object, version: str) -> str | None:
    """`~` and ten digits for a customer: the same within a version, another in the next one."""
    if key is None or pd.isna(key):  # type: ignore[call-overload]
        return None
    if key == NOBODY:
        return NOBODY
    return f"~{blake2s(str(key).encode(), key=version.encode()[:32], digest_size=5).hexdigest()}"


def _is_among(name: Hashable, columns: frozenset[str]) -> bool:
    """Metrics write what describes a customer as `customer__country`."""
    return str(name).rpartition("__")[2] in columns
