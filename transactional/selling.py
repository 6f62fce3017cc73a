"""The switch that pauses selling: no order is taken while it is thrown; what was ordered is still paid and delivered.

Who threw it and why is an act of staff on record. How pages tell shoppers belongs to the pages.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.db import ReadSession, WriteSession, engine, writing
from transactional.errors import ShopError

STATE = text("select selling_paused_at, pause_reason from shop.shop_profile where id = 1")
PAUSE = text("""
update shop.shop_profile set selling_paused_at = coalesce(selling_paused_at, :at), pause_reason = :reason
where id = 1 returning selling_paused_at, pause_reason
""")
RESUME = text("""
update shop.shop_profile set selling_paused_at = null, pause_reason = ''
where id = 1 and selling_paused_at is not null
""")
SUBJECT = "shop"


class SellingPausedError(ShopError):
    type, status = "selling-paused", 503
    title = "Selling is paused"
    message = "The shop is not taking orders at the moment. Nothing was charged; please come back a little later."


@dataclass(frozen=True, slots=True)
class Selling:
    """Since when selling is paused and why (for staff); `paused_at` is None while the shop sells."""

    paused_at: datetime | None = None
    reason: str = ""


async def selling(session: ReadSession) -> Selling:
    """Whether the shop sells now."""
    row = (await session.execute(STATE)).one_or_none()
    return Selling(row.selling_paused_at, row.pause_reason) if row else Selling()


async def refuse_when_paused(session: ReadSession) -> None:
    """Raises SellingPausedError. For what begins a sale; payments of orders that are there never ask."""
    if (await selling(session)).paused_at is not None:
        raise SellingPausedError


async def pause(session: WriteSession, reason: str, staff_id: int | None) -> Selling:
    """Take no more orders; paused already, the beginning stays and the reason is replaced.

    Orders that are being written at this moment are still taken.
    """
    row = (await session.execute(PAUSE, {"at": clock.now(), "reason": reason})).one()
    await record_act(session, staff_id, "pause_selling", SUBJECT, reason=reason)
    return Selling(row.selling_paused_at, row.pause_reason)


async def resume(session: WriteSession, staff_id: int | None) -> Selling:
    """Take orders again; nothing is recorded when the shop was selling."""
    before = await selling(session)
    await session.execute(RESUME)
    if before.paused_at is not None:
        detail = {"paused_at": before.paused_at.isoformat()}
        await record_act(session, staff_id, "resume_selling", SUBJECT, reason=before.reason, detail=detail)
    return Selling()


def switch_from_command_line(app_url: str, reason: str | None) -> Selling:
    """Pause for a reason, or resume without one. Needs no keys, so that it works when little else does.

    Raises NoResultFound in a database whose shop was never opened.
    """

    async def switch() -> Selling:
        source = engine(app_url)
        try:
            async with writing(source) as session:
                return await (resume(session, None) if reason is None else pause(session, reason, None))
        finally:
            await source.dispose()

    return asyncio.run(switch())
