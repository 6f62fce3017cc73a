"""Who looked at what, with which filters, and took what away: written before figures are shown, read by few."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboards.access import Viewer, require
from dashboards.store.database import Store


@dataclass(frozen=True, slots=True)
class Access:
    """One look at a page, or one export.

    `who` is a name for people, `subject` what the log-in provider calls them for good. `filters` are those of the
    address; `export` is the file's name, None for a look.
    """

    at: datetime
    who: str
    subject: str
    roles: tuple[str, ...]
    page: str
    filters: Mapping[str, str]
    version: str
    export: str | None = None


@dataclass(frozen=True, slots=True)
class Accesses:
    """The newest entries, with the count of all that meet the same conditions."""

    newest: tuple[Access, ...]
    total: int


def write(store: Store, access: Access) -> None:
    """Adds an entry. Raises StoreError when it cannot be kept."""
    row = (
        _written(access.at),
        access.who,
        access.subject,
        ",".join(sorted(access.roles)),
        access.page,
        json.dumps(dict(access.filters), ensure_ascii=False, sort_keys=True),
        access.version,
        access.export,
    )
    with store.transaction() as connection:
        connection.execute(
            "insert into access (at, who, subject, roles, page, filters, version, export)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )


def entries(
    store: Store, viewer: Viewer, *, first: datetime, last: datetime, who: str | None = None, limit: int = 200
) -> Accesses:
    """What happened from `first` to before `last`, newest first, for owners and auditors.

    Raises AccessRefusedError for everyone else, StoreError when the store cannot be read.
    """
    require(viewer, "owner", "auditor")
    chosen = "from access where at >= ? and at < ?" + ("" if who is None else " and who = ?")
    bound = [_written(first), _written(last), *([] if who is None else [who])]
    with store.transaction() as connection:
        (total,) = connection.execute(f"select count(*) {chosen}", bound).fetchone()
        rows = connection.execute(f"select * {chosen} order by access_id desc limit ?", [*bound, limit]).fetchall()
    newest = tuple(
        Access(
            at=datetime.fromisoformat(row["at"]),
            who=row["who"],
            subject=row["subject"],
            roles=tuple(row["roles"].split(",")),
            page=row["page"],
            filters=json.loads(row["filters"]),
            version=row["version"],
            export=row["export"],
        )
        for row in rows
    )
    return Accesses(newest, int(total))


def _written(moment: datetime) -> str:
    """In UTC, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
