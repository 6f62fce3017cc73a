"""What staff did, newest first, paged by keyset: a page of a million acts is as quick as the first."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession

ACTS = text("""
select a.id, a.act, a.subject, a.reason, a.detail, a.happened_at, m.public_id as staff_id,
    m.display_name as staff_name, m.role as staff_role
from shop.staff_act as a left join shop.staff as m on m.id = a.staff_id
where (cast(:who as uuid) is null or m.public_id = :who)
    and (not :command_line or a.staff_id is null)
    and (cast(:act as text) is null or a.act = :act)
    and (cast(:subject as text) is null or strpos(a.subject, :subject) > 0)
    and (cast(:since as timestamptz) is null or a.happened_at >= :since)
    and (cast(:until as timestamptz) is null or a.happened_at < :until)
    and (cast(:before_at as timestamptz) is null or (a.happened_at, a.id) < (:before_at, :before_id))
order by a.happened_at desc, a.id desc limit :limit
""")
KINDS = text("""
with recursive kinds as (
    (select act from shop.staff_act order by act limit 1)
    union all
    select (select a.act from shop.staff_act as a where a.act > kinds.act order by a.act limit 1)
    from kinds where kinds.act is not null
)
select act from kinds where act is not null
""")
NAMES = text("select public_id, display_name from shop.staff order by display_name limit 500")
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Act:
    """One deliberate act; without a member it was done from the command line."""

    id: int
    act: str
    subject: str
    reason: str
    detail: Mapping[str, Any]
    happened_at: datetime
    staff_id: UUID | None
    staff_name: str | None
    staff_role: str | None


@dataclass(frozen=True, slots=True)
class ActFilter:
    """Which acts; empty fields ask nothing. `since` included, `until` not."""

    who: UUID | None = None
    command_line: bool = False
    act: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The act after which a page goes on."""

    at: datetime
    id: int


async def acts(session: ReadSession, wanted: ActFilter, before: Place | None, limit: int) -> list[Act]:
    values = {
        "who": wanted.who,
        "command_line": wanted.command_line,
        "act": wanted.act,
        "subject": wanted.subject,
        "since": wanted.since,
        "until": wanted.until,
        "before_at": before.at if before else None,
        "before_id": before.id if before else 0,
        "limit": limit,
    }
    return [Act(**row._mapping) for row in await session.execute(ACTS, values)]


async def every_act(session: ReadSession, wanted: ActFilter) -> AsyncIterator[list[Act]]:
    """All of them in batches."""
    before = None
    while found := await acts(session, wanted, before, BATCH):
        yield found
        before = Place(found[-1].happened_at, found[-1].id)


async def kinds(session: ReadSession) -> list[str]:
    """Every act that was ever done, by its name."""
    return list(await session.scalars(KINDS))


async def names(session: ReadSession) -> dict[str, str]:
    """Members by their public id."""
    return {str(row.public_id): row.display_name for row in await session.execute(NAMES)}
