"""Browsers from which a member of staff came in before: guessing strangers cannot shut them out."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from transactional.accounts import tokens
from transactional.accounts.entry.models import KnownDevice
from transactional.accounts.models import Staff
from transactional.db import ReadSession, WriteSession


async def is_known(session: ReadSession, device_token: str | None, email: str) -> bool:
    """Whether the member with this address came in from this browser before."""
    if not device_token:
        return False
    known = (
        select(KnownDevice.id)
        .join(Staff, Staff.id == KnownDevice.staff_id)
        .where(
            KnownDevice.token_sha256 == tokens.digest(device_token),
            KnownDevice.revoked_at.is_(None),
            func.lower(Staff.email) == email.lower(),
        )
    )
    return await session.scalar(known) is not None


async def remember(session: WriteSession, device_token: str | None, staff_id: int, at: datetime) -> str:
    """The browser's token from now on: the one it had, or a new one."""
    if device_token:
        used = update(KnownDevice).where(
            KnownDevice.token_sha256 == tokens.digest(device_token),
            KnownDevice.staff_id == staff_id,
            KnownDevice.revoked_at.is_(None),
        )
        if await session.scalar(used.values(last_used_at=at).returning(KnownDevice.id)) is not None:
            return device_token
    token = tokens.new()
    known = insert(KnownDevice).values(token_sha256=tokens.digest(token), staff_id=staff_id, last_used_at=at)
    await session.execute(known)
    return token


async def forget(session: WriteSession, staff_id: int, at: datetime) -> None:
    """All browsers of a member count as new."""
    forgotten = update(KnownDevice).where(KnownDevice.staff_id == staff_id, KnownDevice.revoked_at.is_(None))
    await session.execute(forgotten.values(revoked_at=at))
