"""A hold keeps room, not numbers; it ends by time alone, and the room comes back to everybody."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from mingsuan import clock
from tests.transactional.draws.open_draws import adult, chances, open_draw, refundable
from tests.transactional.small_shop import Stocked
from transactional.accounts.schemas import CustomerSubject
from transactional.db import writing
from transactional.draws import entries, holds
from transactional.draws.entry_schemas import Entered, HoldView
from transactional.draws.errors import DrawClosedError, DrawFullError, HoldEndedError, HoldTooLargeError
from transactional.draws.models import Draw
from transactional.draws.play.errors import NotVerifiedAdultError
from transactional.errors import NotFoundError

pytestmark = pytest.mark.anyio
MINUTES = 10


async def _hold(stocked: Stocked, who: CustomerSubject, draw: Draw, count: int) -> HoldView:
    async with writing(stocked.shop.engine) as session:
        return await holds.hold(session, who.id, draw.public_id, count, MINUTES)


async def _enter(
    stocked: Stocked, who: CustomerSubject, draw: Draw, count: int, hold: HoldView | None = None
) -> Entered:
    way = entries.Entering(stocked.shop.engine, stocked.shop.zone)
    hold_id = hold.id if hold else None
    return await way.enter(who.id, draw.public_id, count, uuid4().hex, pay="chances", hold_id=hold_id)


async def test_what_is_held_is_kept_from_others_until_it_is_used_given_up_or_over(stocked: Stocked) -> None:
    draw = await open_draw(stocked, capacity=20)
    ann, bob = await stocked.customer("ann"), await stocked.customer("bob")
    for who in (ann, bob):
        await chances(stocked, who, 99)
    kept = await _hold(stocked, ann, draw, 12)
    await _enter(stocked, bob, draw, 5)
    with pytest.raises(DrawFullError, match="Only 3 entries"):
        await _enter(stocked, bob, draw, 4)
    assert (await _enter(stocked, ann, draw, 12, kept)).first_index == 5
    other = await _hold(stocked, ann, draw, 2)
    with pytest.raises(DrawFullError, match="Only 1 entries"):
        await _hold(stocked, bob, draw, 2)
    async with writing(stocked.shop.engine) as session:
        await holds.release(session, ann.id, other.id)
        await holds.release(session, ann.id, other.id)
    await _hold(stocked, bob, draw, 3)
    with pytest.raises(DrawFullError, match="Only 0 entries"):
        await _enter(stocked, ann, draw, 1)
    with clock.at(clock.now() + timedelta(minutes=MINUTES, seconds=1)):
        assert (await _enter(stocked, ann, draw, 3)).first_index == 17
    assert await stocked.rows("select next_index from shop.draw") == [(20,)]


async def test_a_hold_serves_its_owner_once_for_its_own_number_in_its_own_draw_and_in_time(stocked: Stocked) -> None:
    draw, other = await open_draw(stocked), await open_draw(stocked)
    ann, bob = await stocked.customer("ann"), await stocked.customer("bob")
    for who in (ann, bob):
        await chances(stocked, who, 99)
    kept = await _hold(stocked, ann, draw, 3)
    for who, where, count in ((bob, draw, 3), (ann, other, 3), (ann, draw, 2)):
        with pytest.raises(HoldEndedError):
            await _enter(stocked, who, where, count, kept)
    with pytest.raises(NotFoundError):
        async with writing(stocked.shop.engine) as session:
            await holds.release(session, bob.id, kept.id)
    with clock.at(kept.ends_at), pytest.raises(HoldEndedError):
        await _enter(stocked, ann, draw, 3, kept)
    await _enter(stocked, ann, draw, 3, kept)
    with pytest.raises(HoldEndedError):
        await _enter(stocked, ann, draw, 3, kept)
    assert await stocked.rows("select state from shop.draw_hold") == [("taken",)]


async def test_nobody_holds_more_than_a_share_and_a_new_hold_replaces_the_old(stocked: Stocked) -> None:
    draw = await open_draw(stocked, capacity=200)
    few = await open_draw(stocked, capacity=200, most_each=4)
    ann = await stocked.customer("ann")
    for most, of in ((20, draw), (4, few)):
        with pytest.raises(HoldTooLargeError, match=f"At most {most} "):
            await _hold(stocked, ann, of, most + 1)
    for _ in range(3):
        await _hold(stocked, ann, draw, 20)
    live = "select state, count(*) from shop.draw_hold group by 1 order by 1"
    assert await stocked.rows(live) == [("held", 1), ("released", 2)]


async def test_who_may_not_enter_cannot_hold_either(stocked: Stocked) -> None:
    paid, ended = await refundable(stocked), await open_draw(stocked, closes_at=clock.now())
    child, ann = await stocked.customer("kid", 1000), await adult(stocked, "ann")
    with pytest.raises(NotVerifiedAdultError):
        await _hold(stocked, child, paid, 1)
    with pytest.raises(DrawClosedError):
        await _hold(stocked, ann, ended, 1)
    await _hold(stocked, ann, paid, 1)


async def test_a_hold_that_is_being_written_is_waited_for(stocked: Stocked) -> None:
    draw = await open_draw(stocked, capacity=20)
    ann, bob = await stocked.customer("ann"), await stocked.customer("bob")
    await chances(stocked, bob, 99)
    async with writing(stocked.shop.engine) as session:
        await holds.hold(session, ann.id, draw.public_id, 12, MINUTES)
        entering = asyncio.create_task(_enter(stocked, bob, draw, 10))
        done, _ = await asyncio.wait([entering], timeout=0.3)
        assert not done
    with pytest.raises(DrawFullError, match="Only 8 entries"):
        await entering
