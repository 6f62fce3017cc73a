"""Limits tighten at once and loosen after a day; pauses are long enough and cannot be taken back."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.transactional.draws.play import people
from transactional.db import WriteSession, writing
from transactional.draws.models import Draw
from transactional.draws.play import guard, limits, pauses, profiles
from transactional.draws.play.rules import Limit
from transactional.errors import InvalidInputError, ShopError
from transactional.profile_service import ensure_profile

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("have", "wanted", "then"),
    [
        (Limit(500), 100, Limit(100)),
        (Limit(500), 0, Limit(0)),
        (Limit(None), 500, Limit(500)),
        (Limit(500), 900, Limit(500, 900, NOW + DAY)),
        (Limit(500), None, Limit(500, None, NOW + DAY)),
        (Limit(0), 1, Limit(0, 1, NOW + DAY)),
        (Limit(500, 900, NOW + SECOND), 500, Limit(500)),
        (Limit(500, 900, NOW + SECOND), 400, Limit(400)),
        (Limit(500, 900, NOW + SECOND), 900, Limit(500, 900, NOW + SECOND)),
        (Limit(500, 900, NOW + SECOND), 700, Limit(500, 700, NOW + DAY)),
        (Limit(500, 900, NOW), 800, Limit(800)),
        (Limit(500, 900, NOW), 901, Limit(900, 901, NOW + DAY)),
        (Limit(500, None, NOW), 900, Limit(900)),
    ],
)
def test_what_a_wish_makes_of_a_limit(have: Limit, wanted: int | None, then: Limit) -> None:
    assert limits.after(have, wanted, NOW) == then


amounts = st.none() | st.integers(0, 5)


def rank(amount_fen: int | None) -> float:
    """Tighter first; no limit is the loosest."""
    return float("inf") if amount_fen is None else amount_fen


@given(st.lists(st.tuples(amounts, st.integers(0, 30)), min_size=1, max_size=8))
def test_nothing_is_allowed_that_was_not_wished_for_a_day_before(wishes: list[tuple[int | None, int]]) -> None:
    have, at, history = Limit(2), NOW, [(NOW - DAY, 2.0)]
    for wanted, hours in wishes:
        have = limits.after(have, wanted, at)
        assert rank(have.at(at)) <= rank(wanted)
        history.append((at, rank(wanted)))
        at += timedelta(hours=hours)
        assert rank(have.at(at)) <= max(wish for when, wish in history if when <= at - DAY)


@pytest.mark.anyio
async def test_a_raised_limit_waits_in_the_table_and_a_lowered_one_does_not(session: WriteSession) -> None:
    who = await people.customer(session)
    await limits.set_limits(session, who.id, {"stake_day": 500, "loss_month": None}, NOW)
    await limits.set_limits(session, who.id, {"stake_day": 900, "loss_month": 100}, NOW)
    day, week, _month, loss = await limits.standing(session, who.id, NOW)
    assert (day.amount_fen, day.next_amount_fen, day.next_from) == (500, 900, NOW + DAY)
    assert (week.amount_fen, week.next_from) == (None, None)
    assert (loss.amount_fen, loss.next_from) == (100, None)
    assert (await limits.standing(session, who.id, NOW + DAY - SECOND))[0].amount_fen == 500
    later = (await limits.standing(session, who.id, NOW + DAY))[0]
    assert (later.amount_fen, later.next_from) == (900, None)


@pytest.mark.anyio
@pytest.mark.parametrize("wrong", [-1, limits.LARGEST_FEN + 1])
async def test_a_limit_that_is_no_amount_changes_nothing(session: WriteSession, wrong: int) -> None:
    who = await people.customer(session)
    with pytest.raises(InvalidInputError) as caught:
        await limits.set_limits(session, who.id, {"stake_day": 100, "stake_week": wrong}, NOW)
    assert caught.value.problems[0].place == "stake_week"
    assert "不小于零" in caught.value.problems[0].sentence("zh_CN")
    assert not await limits.was_asked(session, who.id)


def test_the_lengths_are_those_of_the_rules() -> None:
    """A day, a week, a month, six weeks; half a year at the least, and no six months have more than 184 days."""
    assert [length.days for length in profiles.TIME_OUTS] == [1, 7, 30, 42]
    firsts = [date(2027 + month // 12, month % 12 + 1, 1) for month in range(18)]
    longest = max((later - first).days for first, later in zip(firsts, firsts[6:], strict=False))
    assert [length.days for length in profiles.EXCLUSIONS] == [longest, 366, 5 * 365 + 2]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "length"),
    [("self_exclusion", 183 * DAY), ("self_exclusion", DAY), ("time_out", 43 * DAY), ("nap", DAY), ("time_out", -DAY)],
)
async def test_other_lengths_are_refused(session: WriteSession, kind: str, length: timedelta) -> None:
    who = await people.customer(session)
    with pytest.raises(InvalidInputError) as caught:
        await pauses.pause(session, who.id, kind, length, NOW)
    assert "列出的时长" in caught.value.problems[0].sentence("zh_CN")
    assert await pauses.paused_until(session, who.id, NOW) is None


@pytest.mark.anyio
async def test_a_shorter_pause_does_not_end_a_longer_one(session: WriteSession) -> None:
    who = await people.customer(session)
    long = await pauses.pause(session, who.id, "self_exclusion", profiles.EXCLUSIONS[0], NOW)
    assert await pauses.pause(session, who.id, "time_out", DAY, NOW) == long == NOW + 184 * DAY
    assert await pauses.paused_until(session, who.id, long - SECOND) == long
    assert await pauses.paused_until(session, who.id, long) is None


@pytest.mark.anyio
@pytest.mark.parametrize("command", ["update shop.play_pause set until = now()", "delete from shop.play_pause"])
async def test_a_pause_cannot_be_taken_back_in_the_database_either(session: WriteSession, command: str) -> None:
    who = await people.customer(session)
    await pauses.pause(session, who.id, "time_out", DAY, NOW)
    with pytest.raises(DBAPIError):
        await session.execute(text(command))


@pytest.mark.anyio
async def test_two_stakes_at_once_do_not_slip_through_one_limit(fresh_engine: AsyncEngine) -> None:
    async with writing(fresh_engine) as session:
        await ensure_profile(session, "CNY", "Asia/Shanghai")
        who = await people.customer(session)
        await people.verified_adult(session, who.id, NOW)
        draws = [await people.opened(session, number, mode="refundable") for number in (1, 2)]
        await limits.set_limits(session, who.id, {"stake_day": 150}, NOW)
    first_looked, go_on = asyncio.Event(), asyncio.Event()

    async def stake(draw: Draw) -> str:
        try:
            async with writing(fresh_engine) as session:
                await guard.may_enter(session, who.id, draw, 100, NOW)
                first_looked.set()
                await go_on.wait()
                await people.staked(session, await session.merge(draw), who.id, 100, NOW)
        except ShopError as refusal:
            return refusal.type
        return "entered"

    async def waits_or_is_let_in(second: asyncio.Task[str]) -> None:
        while not second.done():
            async with writing(fresh_engine) as session:
                if await session.scalar(text("select count(*) from pg_locks where not granted")):
                    return
            await asyncio.sleep(0.01)

    first = asyncio.create_task(stake(draws[0]))
    await first_looked.wait()
    second = asyncio.create_task(stake(draws[1]))
    await asyncio.wait_for(waits_or_is_let_in(second), 20)
    go_on.set()
    assert [await first, await second] == ["entered", "own-limit-reached"]
