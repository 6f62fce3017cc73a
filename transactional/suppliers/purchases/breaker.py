"""The breaker of a channel in its row: read and moved by what calls bring. When it moves is `breaker_rules`'."""

from datetime import datetime

from sqlalchemy import select

from transactional.alerts.service import end_alert, raise_alert
from transactional.db import WriteSession
from transactional.suppliers.models import SupplyChannel
from transactional.suppliers.purchases import breaker_rules
from transactional.suppliers.purchases.breaker_rules import Breaker

OPEN = "channel_silent"


async def answered(session: WriteSession, channel_id: int) -> None:
    """The supplier answered; a breaker that counted anything starts anew. A quiet one is not locked."""
    known = await _read(session, channel_id)
    if known.breaker == "closed" and not known.breaker_failures:
        return
    row = await _locked(session, channel_id)
    _write(row, breaker_rules.after_answer(_of(row)))
    await session.flush()
    await end_alert(session, OPEN, f"channel:{row.public_id}")


async def silent(session: WriteSession, channel_id: int, at: datetime) -> None:
    """A call ended without an answer that can be trusted."""
    row = await _locked(session, channel_id)
    before = _of(row)
    after = breaker_rules.after_silence(before, at)
    _write(row, after)
    await session.flush()
    if after.state == "open" and before.state != "open":
        detail = {"code": row.code, "failures": after.failures, "minutes": -(-_seconds(after, at) // 60)}
        await raise_alert(session, OPEN, f"channel:{row.public_id}", "critical", detail)


async def lets_through(session: WriteSession, channel_id: int, at: datetime) -> bool:
    """Whether a purchase may be sent now; of an open channel, one at a time as a trial."""
    known = await _read(session, channel_id)
    if known.breaker == "closed":
        return True
    row = await _locked(session, channel_id)
    after = breaker_rules.trial(_of(row), at, row.patience_s)
    if after is None:
        return False
    _write(row, after)
    await session.flush()
    return True


async def _read(session: WriteSession, channel_id: int) -> SupplyChannel:
    return await session.get_one(SupplyChannel, channel_id, populate_existing=True)


async def _locked(session: WriteSession, channel_id: int) -> SupplyChannel:
    """Not against those who only name the channel: every decision and purchase does."""
    found = select(SupplyChannel).where(SupplyChannel.id == channel_id).with_for_update(key_share=True)
    return (await session.scalars(found.execution_options(populate_existing=True))).one()


def _of(row: SupplyChannel) -> Breaker:
    return Breaker(row.breaker, row.breaker_failures, row.breaker_until, row.breaker_times_opened)


def _write(row: SupplyChannel, breaker: Breaker) -> None:
    row.breaker, row.breaker_failures = breaker.state, breaker.failures
    row.breaker_until, row.breaker_times_opened = breaker.until, breaker.times_opened


def _seconds(breaker: Breaker, at: datetime) -> int:
    return int((breaker.until - at).total_seconds()) if breaker.until else 0
