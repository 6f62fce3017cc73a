"""A customer's notices on the site, read and unread, and what the customer wants to be sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from mingsuan import clock
from transactional.db import ReadSession, WriteSession
from transactional.notices.models import Notice, NoticePreference
from transactional.notices.rules import ALWAYS_ON, CHANNELS, TOPICS

A_PAGE = 20


@dataclass(frozen=True, slots=True)
class Told:
    """One notice of the inbox."""

    public_id: UUID
    kind: str
    subject: str
    values: Mapping[str, str | int]
    told_at: datetime
    is_read: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    notices: tuple[Told, ...]
    unread: int
    more: bool


async def of(session: ReadSession, customer_id: int, *, number: int = 1) -> Inbox:
    """A page of the inbox, newest first."""
    found = select(Notice).where(Notice.customer_id == customer_id).order_by(Notice.id.desc())
    rows = list(await session.scalars(found.limit(A_PAGE + 1).offset((number - 1) * A_PAGE)))
    shown = tuple(
        Told(row.public_id, row.kind, row.subject, row.values, row.created_at, row.read_at is not None)
        for row in rows[:A_PAGE]
    )
    return Inbox(shown, await unread(session, customer_id), len(rows) > A_PAGE)


async def unread(session: ReadSession, customer_id: int) -> int:
    """How many notices the customer has not read."""
    count = select(func.count()).where(Notice.customer_id == customer_id, Notice.read_at.is_(None))
    return await session.scalar(count) or 0


async def read_all(session: WriteSession, customer_id: int) -> None:
    """The customer has read everything there is by now."""
    mine = (Notice.customer_id == customer_id, Notice.read_at.is_(None))
    await session.execute(update(Notice).where(*mine).values(read_at=clock.now()))


async def preferences(session: ReadSession, customer_id: int) -> dict[tuple[str, str], bool]:
    """By topic and channel, whether it is on."""
    found = select(NoticePreference).where(NoticePreference.customer_id == customer_id)
    chosen = {(row.topic, row.channel): row.is_on for row in await session.scalars(found)}
    return {
        (topic, channel): topic in ALWAYS_ON or chosen.get((topic, channel), True)
        for topic in TOPICS
        for channel in CHANNELS
    }


async def switch(session: WriteSession, customer_id: int, wanted: Mapping[tuple[str, str], bool]) -> None:
    """Switches topics of channels on or off; those that are always on stay so, unknown ones are passed over."""
    rows = [
        {"customer_id": customer_id, "topic": topic, "channel": channel, "is_on": is_on}
        for (topic, channel), is_on in sorted(wanted.items())
        if topic in TOPICS and topic not in ALWAYS_ON and channel in CHANNELS
    ]
    if rows:
        added = insert(NoticePreference).values(rows)
        changed = added.on_conflict_do_update(
            index_elements=["customer_id", "topic", "channel"], set_={"is_on": added.excluded.is_on}
        )
        await session.execute(changed)
