"""What somebody asked of themselves holds for the person: erasing the account and opening another is no way round."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mingsuan import clock
from tests.transactional.draws.play import people
from transactional.accounts.models import Customer
from transactional.accounts.persons import erasure, identity_queries
from transactional.accounts.persons.models import IdentityCheck
from transactional.db import WriteSession
from transactional.draws.play import guard, limits, pauses
from transactional.draws.play.errors import PausedFromPlayError

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
NUMBER = b"the keyed hash of a number".ljust(32)
DAY = timedelta(days=1)


async def _verified(session: WriteSession, name: str, number: bytes = NUMBER) -> Customer:
    made = await people.customer(session, name)
    await people.verified_adult(session, made.id, NOW)
    check = await session.scalar(select(IdentityCheck).where(IdentityCheck.customer_id == made.id))
    assert check is not None
    check.number_index = number
    await session.flush()
    return made


async def _erase(session: WriteSession, who: Customer, at: datetime = NOW) -> None:
    with clock.at(at):
        await erasure.erase(session, who.id)


async def _numbers(session: WriteSession) -> list[bytes]:
    rows = await session.scalars(select(IdentityCheck.number_index).order_by(IdentityCheck.id))
    return [bytes(each) for each in rows]


async def test_a_self_exclusion_outlives_the_account(session: WriteSession) -> None:
    draw = await people.opened(session)
    old = await _verified(session, "old")
    until = await pauses.pause(session, old.id, "self_exclusion", pauses.LENGTHS["self_exclusion"][0], NOW)
    await _erase(session, old)
    assert not await identity_queries.is_anothers(session, NUMBER, 10**9)  # the number may verify another account
    new, other = await _verified(session, "new"), await _verified(session, "other", NUMBER[::-1])
    assert await pauses.paused_until(session, new.id, NOW) == until
    with pytest.raises(PausedFromPlayError):
        await guard.may_enter(session, new.id, draw, 0, NOW + 150 * DAY)
    await guard.may_enter(session, new.id, draw, 0, until)
    await guard.may_enter(session, other.id, draw, 0, NOW)
    assert await pauses.paused_until(session, other.id, NOW) is None


async def test_limits_of_an_erased_account_hold_for_the_next_where_they_are_tighter(session: WriteSession) -> None:
    old = await _verified(session, "old")
    await limits.set_limits(session, old.id, {"stake_day": 1000, "stake_week": 5000}, NOW)
    await _erase(session, old)
    new = await _verified(session, "new")
    await limits.set_limits(session, new.id, {"stake_day": 9000, "stake_week": 3000, "stake_month": 8000}, NOW)
    held = {each.kind: each.amount_fen for each in await limits.standing(session, new.id, NOW)}
    assert held == {"stake_day": 1000, "stake_week": 3000, "stake_month": 8000, "loss_month": None}


async def test_the_hash_goes_when_nothing_is_left_that_needs_it(session: WriteSession) -> None:
    plain, limited, paused = [
        await _verified(session, name, name.encode().ljust(32)) for name in ("plain", "limited", "paused")
    ]
    await limits.set_limits(session, limited.id, {"stake_day": 1000}, NOW)
    await pauses.pause(session, paused.id, "self_exclusion", pauses.LENGTHS["self_exclusion"][0], NOW)
    for who in (plain, limited, paused):
        await _erase(session, who)
    kept = [await _numbers(session)]
    for days in (29, 31, 183, 185):
        await identity_queries.purge(session, NOW + days * DAY)
        kept.append(await _numbers(session))
    both, one = [b"", b"limited".ljust(32), b"paused".ljust(32)], [b"", b"", b"paused".ljust(32)]
    assert kept == [both, both, one, one, [b""] * 3]
