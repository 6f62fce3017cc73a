"""Which kinds of draws stand on or off where, what waits for a second person, and the opinions on record."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.draws.play import queries
from transactional.draws.play.profiles import PROFILES
from transactional.draws.states import MODES

WAITING = text("""
select s.public_id, s.profile, s.mode, s.asked_by, m.display_name as asked_name, s.created_at
from shop.mode_switch s join shop.staff m on m.id = s.asked_by
where s.is_on and s.confirmed_at is null and s.withdrawn_at is null order by s.id
""")
OPINIONS = text("""
select o.public_id, o.profile, o.mode, o.counsel, o.summary, o.document_sha256, o.given_on, o.valid_until,
    o.valid_until > :at as is_valid, m.display_name as recorded_name
from shop.legal_opinion o join shop.staff m on m.id = o.recorded_by order by o.id desc limit 100
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """One kind of draw under one place's rules; not `is_lawful` is never on. `waiting` is a request for on."""

    profile: str
    mode: str
    is_lawful: bool
    is_on: bool
    needs_opinion: bool
    waiting: Any | None


async def standings(session: ReadSession, at: datetime) -> list[Standing]:
    """All of them, place by place."""
    place = await queries.place(session, at)
    waiting = {(row.profile, row.mode): row for row in await session.execute(WAITING)}
    return [
        Standing(
            profile.name,
            mode,
            mode in profile.modes,
            mode in profile.modes and place.is_on(profile, mode),
            mode in profile.by_opinion,
            waiting.get((profile.name, mode)),
        )
        for profile in PROFILES.values()
        for mode in MODES
    ]


async def recorded(session: ReadSession, at: datetime) -> list[Any]:
    """Opinions, newest first."""
    return list(await session.execute(OPINIONS, {"at": at}))
