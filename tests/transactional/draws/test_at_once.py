"""Two who write down the same at the same instant: the second is told so, in words."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mingsuan import clock
from tests.transactional.small_shop import Stocked
from transactional.accounts.models import Customer
from transactional.db import WriteSession, writing
from transactional.draws import chains, drafts
from transactional.draws.drafts import NewDraw
from transactional.draws.errors import PrizeTakenError
from transactional.draws.play import limits

pytestmark = pytest.mark.anyio
NEW = NewDraw(
    title_zh="新年抽奖",
    title_en="New Year draw",
    mode="promotional",
    prize_item="the one phone",
    prize_name="Phone",
    prize_value_fen=500_000,
    prize_kind="parcel",
    delay_s=60,
    chain_hash=chains.TEST.hash,
    rules="One prize.",
    capacity=100,
)


async def _both(stocked: Stocked, act: Callable[[WriteSession], Awaitable[Any]]) -> None:
    """The second begins while the first has written and not yet committed. Raises what the second raises."""

    async def second() -> None:
        async with writing(stocked.shop.engine) as session:
            await act(session)

    async with writing(stocked.shop.engine) as session:
        await act(session)
        later = asyncio.create_task(second())
        done, _ = await asyncio.wait([later], timeout=0.3)
        assert not done
    await later


async def test_one_prize_written_down_twice_at_once_is_one_draws(stocked: Stocked) -> None:
    with pytest.raises(PrizeTakenError):
        await _both(stocked, lambda session: drafts.draft(session, NEW, None))
    assert await stocked.rows("select count(*) from shop.draw") == [(1,)]


async def test_first_limits_set_in_two_tabs_at_once_are_set(stocked: Stocked) -> None:
    who = Customer(email="ann@example.com", display_name="Ann")  # without a wallet that could be locked
    async with writing(stocked.shop.engine) as session:
        session.add(who)
    await _both(stocked, lambda session: limits.set_limits(session, who.id, {"stake_day": 100}, clock.now()))
    assert await stocked.rows("select kind, amount_fen from shop.play_limit") == [("stake_day", 100)]
