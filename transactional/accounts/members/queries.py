"""Reads about staff: the list of members, one of them, who lacks a second factor."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.errors import NotFoundError

MEMBERS = text("""
select m.id, m.public_id, m.email, m.display_name, m.role, m.disabled_at, m.created_at,
    m.totp_confirmed_at, m.password_hash <> '!' as has_joined, a.display_name as added_by,
    (select max(s.opened_at) from shop.session as s where s.staff_id = m.id) as last_log_in_at,
    (select count(*) from shop.session as s
        where s.staff_id = m.id and s.revoked_at is null and s.expires_at > :at) as sessions,
    (select count(*) from shop.staff_recovery_code as c
        where c.staff_id = m.id and c.used_at is null and c.superseded_at is null) as spare_codes,
    (select max(i.expires_at) from shop.staff_invitation as i
        where i.staff_id = m.id and i.used_at is null and i.superseded_at is null
            and i.expires_at > :at) as invited_until
from shop.staff as m left join shop.staff as a on a.id = m.added_by
where cast(:who as uuid) is null or m.public_id = :who
order by m.disabled_at is not null, m.display_name, m.id limit 500
""")


@dataclass(frozen=True, slots=True)
class Member:
    """A member of staff as the owner sees them."""

    id: int
    public_id: UUID
    email: str
    display_name: str
    role: str
    disabled_at: datetime | None
    created_at: datetime
    totp_confirmed_at: datetime | None
    has_joined: bool
    added_by: str | None
    last_log_in_at: datetime | None
    sessions: int
    spare_codes: int
    invited_until: datetime | None


async def members(session: ReadSession, at: datetime) -> Sequence[Member]:
    return await _read(session, {"who": None, "at": at})


async def member(session: ReadSession, who: UUID, at: datetime) -> Member:
    """Raises NotFoundError."""
    found = await _read(session, {"who": who, "at": at})
    if not found:
        raise NotFoundError
    return found[0]


async def _read(session: ReadSession, values: dict[str, Any]) -> list[Member]:
    return [Member(**row._mapping) for row in await session.execute(MEMBERS, values)]
