"""Named views: the address of a page, a question in the declared metrics, or SQL, of one person or shared with all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dashboards.store.database import Store

Kind = Literal["page", "question", "sql"]


@dataclass(frozen=True, slots=True)
class SavedView:
    """`content` is the page's address, the question as JSON, or the statement. Names are one person's own."""

    owner: str
    name: str
    kind: Kind
    content: str
    is_shared: bool
    changed_at: datetime


def save(store: Store, view: SavedView) -> None:
    """Adds the view, or replaces its owner's view of the same name."""
    with store.transaction() as connection:
        connection.execute(
            "insert into saved_view (owner, name, kind, content, is_shared, changed_at) values (?, ?, ?, ?, ?, ?)"
            " on conflict (owner, name) do update set kind = excluded.kind, content = excluded.content,"
            " is_shared = excluded.is_shared, changed_at = excluded.changed_at",
            (view.owner, view.name, view.kind, view.content, view.is_shared, view.changed_at.isoformat()),
        )


def visible_to(store: Store, owner: str, kind: Kind) -> list[SavedView]:
    """A person's own views of a kind, then those that others share, each by name.

    What a view shows is asked again with the rights of whoever opens it.
    """
    with store.transaction() as connection:
        rows = connection.execute(
            "select owner, name, kind, content, is_shared, changed_at from saved_view"
            " where kind = ? and (owner = ? or is_shared) order by owner <> ?, name, owner",
            (kind, owner, owner),
        ).fetchall()
    return [
        SavedView(
            row["owner"],
            row["name"],
            row["kind"],
            row["content"],
            bool(row["is_shared"]),
            datetime.fromisoformat(row["changed_at"]),
        )
        for row in rows
    ]


def remove(store: Store, owner: str, name: str) -> bool:
    """Removes a person's own view; whether there was one."""
    with store.transaction() as connection:
        done = connection.execute("delete from saved_view where owner = ? and name = ?", (owner, name))
        return done.rowcount > 0
