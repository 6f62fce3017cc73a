"""Fixing and reading the shop's currency and zone."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from transactional.db import WriteSession
from transactional.profile import ShopProfile


@dataclass(frozen=True, slots=True)
class Profile:
    currency: str
    timezone: str


async def ensure_profile(session: WriteSession, currency: str, timezone: str) -> Profile:
    """The shop's profile; the arguments count only when the shop has none yet."""
    row = await session.scalar(select(ShopProfile))
    if row is None:
        fixed = insert(ShopProfile).values(id=1, currency=currency, timezone=timezone)
        await session.execute(fixed.on_conflict_do_nothing())
        row = (await session.scalars(select(ShopProfile))).one()
    return Profile(row.currency, row.timezone)
