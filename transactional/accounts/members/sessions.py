"""Log-ins at the desk: they end soon, end sooner when idle, and say when their owner last proved who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select, text, update

from mingsuan import clock
from mingsuan.settings import Settings
from transactional.accounts import tokens
from transactional.accounts.models import Session, Staff
from transactional.accounts.schemas import LogInToken
from transactional.db import ReadSession, WriteSession

CONFIRMED_FOR = timedelta(minutes=10)
STILL_HERE = text("""
update shop.session set expires_at = least(opened_at + cast(:life as interval), cast(:idle_end as timestamptz))
where token_sha256 = :digest and staff_id is not null and revoked_at is null and expires_at > :at
    and expires_at < least(opened_at + cast(:life as interval), cast(:idle_end as timestamptz)) - interval '1 minute'
""")


@dataclass(frozen=True, slots=True)
class StaffSession:
    """One log-in that lasts. `is_this` marks the one that asks."""

    id: int
    staff_id: int
    staff_name: str
    device: str
    network: str
    opened_by: str
    opened_at: datetime
    expires_at: datetime
    is_this: bool


async def open_session(
    session: WriteSession, staff_id: int, settings: Settings, *, by: str, device: str, network: str
) -> LogInToken:
    """A new log-in. The token's `expires_at` is its last possible instant; idle, it ends before."""
    token, at = tokens.new(), clock.now()
    idle_end = at + timedelta(minutes=settings.staff_idle_minutes)
    last = at + timedelta(hours=settings.staff_session_hours)
    session.add(
        Session(
            token_sha256=tokens.digest(token),
            staff_id=staff_id,
            expires_at=min(idle_end, last),
            opened_at=at,
            confirmed_at=at,
            opened_by=by,
            device=device[:120],
            network=network,
        )
    )
    await session.flush()
    return LogInToken(token, last)


async def still_here(session: WriteSession, token: str, settings: Settings) -> None:
    """The idle time begins anew; writes at most once a minute."""
    at = clock.now()
    values = {
        "digest": tokens.digest(token),
        "at": at,
        "life": timedelta(hours=settings.staff_session_hours),
        "idle_end": at + timedelta(minutes=settings.staff_idle_minutes),
    }
    await session.execute(STILL_HERE, values)


async def is_confirmed(session: ReadSession, token: str) -> bool:
    """Whether the password (and the second factor) was entered within the last ten minutes."""
    at = await session.scalar(select(Session.confirmed_at).where(Session.token_sha256 == tokens.digest(token)))
    return at is not None and at > clock.now() - CONFIRMED_FOR


async def confirmed_anew(session: WriteSession, token: str, settings: Settings) -> LogInToken:
    """The same log-in under a new token, confirmed now. Raises NoResultFound when it ended."""
    fresh, at = tokens.new(), clock.now()
    renewed = update(Session).where(Session.token_sha256 == tokens.digest(token), *lasting(at))
    values = {"token_sha256": tokens.digest(fresh), "confirmed_at": at}
    opened_at = (await session.execute(renewed.values(**values).returning(Session.opened_at))).scalar_one()
    return LogInToken(fresh, opened_at + timedelta(hours=settings.staff_session_hours))


async def sessions(
    session: ReadSession, *, staff_id: int | None = None, token: str | None = None
) -> Sequence[StaffSession]:
    """Those that last now, newest first; of one member or of all."""
    own = tokens.digest(token) if token else b""
    wanted = select(Session, Staff.display_name).join(Staff, Staff.id == Session.staff_id).where(*lasting(clock.now()))
    if staff_id is not None:
        wanted = wanted.where(Session.staff_id == staff_id)
    rows = await session.execute(wanted.order_by(Session.opened_at.desc()).limit(200))
    return [_shown(each, name, own) for each, name in rows]


async def end(session: WriteSession, staff_id: int, *, only: int | None = None, but: str | None = None) -> int:
    """Ends a member's log-ins, or only one, or all but the one of a token; how many ended."""
    ending = update(Session).where(Session.staff_id == staff_id, *lasting(clock.now()))
    if only is not None:
        ending = ending.where(Session.id == only)
    if but is not None:
        ending = ending.where(Session.token_sha256 != tokens.digest(but))
    ended = await session.execute(ending.values(revoked_at=clock.now()).returning(Session.id))
    return len(ended.all())


async def is_own(session: ReadSession, staff_id: int, number: int) -> bool:
    """Whether a log-in, open or ended, is a member's own."""
    own = select(Session.id).where(Session.id == number, Session.staff_id == staff_id)
    return (await session.execute(own)).first() is not None


async def last_log_ins(session: ReadSession) -> dict[int, datetime]:
    """By member, when they last came in."""
    newest = select(Session.staff_id, func.max(Session.opened_at)).where(Session.staff_id.is_not(None))
    return {staff_id: at for staff_id, at in await session.execute(newest.group_by(Session.staff_id)) if staff_id}


def lasting(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return Session.revoked_at.is_(None), Session.expires_at > at, Session.staff_id.is_not(None)


def _shown(each: Any, name: str, own: bytes) -> StaffSession:
    is_this = bytes(each.token_sha256) == own
    return StaffSession(
        each.id,
        each.staff_id,
        name,
        each.device,
        each.network,
        each.opened_by,
        each.opened_at,
        each.expires_at,
        is_this,
    )
