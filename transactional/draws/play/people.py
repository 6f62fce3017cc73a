"""Who of the staff acts on the rules of play: role and standing are looked at where the act is done."""

from sqlalchemy import select

from transactional.accounts import rules
from transactional.accounts.models import Staff
from transactional.db import ReadSession
from transactional.errors import NotAllowedError


async def who_may(session: ReadSession, staff_id: int, act: str) -> Staff:
    """The member of staff. Raises NotAllowedError when their role may not do the act, or they are switched off."""
    member: Staff | None = await session.scalar(select(Staff).where(Staff.id == staff_id))
    if member is None or member.disabled_at is not None or not rules.may(member.role, act):
        raise NotAllowedError
    return member
