"""Limits that somebody wants to hear of when a metric passes them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dashboards.store.database import Store

Kind = Literal["above", "below", "change", "anomaly"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """`question` is one in the declared metrics, as JSON.

    `amount` is in the metric's unit (fen, counts, 0–1) for above and below, a share for change, and standard
    deviations for anomaly.
    """

    owner: str
    name: str
    question: str
    kind: Kind
    amount: float
    is_active: bool
    changed_at: datetime


def save(store: Store, threshold: Threshold) -> None:
    """Adds the threshold, or replaces its owner's threshold of the same name."""
    with store.transaction() as connection:
        connection.execute(
            "insert into threshold (owner, name, question, kind, amount, is_active, changed_at)"
            " values (?, ?, ?, ?, ?, ?, ?) on conflict (owner, name) do update set question = excluded.question,"
            " kind = excluded.kind, amount = excluded.amount, is_active = excluded.is_active,"
            " changed_at = excluded.changed_at",
            (
                threshold.owner,
                threshold.name,
                threshold.question,
                threshold.kind,
                threshold.amount,
                threshold.is_active,
                threshold.changed_at.isoformat(),
            ),
        )


def listed(store: Store, owner: str | None = None) -> list[Threshold]:
    """Everybody's thresholds by owner and name, or those of one person."""
    where, bound = ("", []) if owner is None else (" where owner = ?", [owner])
    with store.transaction() as connection:
        rows = connection.execute(f"select * from threshold{where} order by owner, name", bound).fetchall()
    return [
        Threshold(
            row["owner"],
            row["name"],
            row["question"],
            row["kind"],
            row["amount"],
            bool(row["is_active"]),
            datetime.fromisoformat(row["changed_at"]),
        )
        for row in rows
    ]


def remove(store: Store, owner: str, name: str) -> bool:
    """Removes a person's threshold; whether there was one."""
    with store.transaction() as connection:
        done = connection.execute("delete from threshold where owner = ? and name = ?", (owner, name))
        return done.rowcount > 0
