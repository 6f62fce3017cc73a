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
from transactional.draws.errors import (
    DrawClosedError,
    DrawFullError,
    HoldEndedError,
    HoldPauseError,
    HoldsFullError,
    HoldTooLargeError,
    NotEnoughChancesError,
)
from transactional.draws.models import Draw
from transactional.draws.play.errors import NotVerifiedAdultError
from transactional.errors import InsufficientBalanceError, NotFoundError

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
    draw = await open_draw(stocked, capacity=36)
    ann, bob, eve = [await stocked.customer(name) for name in ("ann", "bob", "eve")]
    for who in (ann, bob, eve):
        await chances(stocked, who, 99)
    kept = await _hold(stocked, ann, draw, 12)
    await _enter(stocked, bob, draw, 5)
    with pytest.raises(DrawFullError, match="Only 19 entries"):
        await _enter(stocked, bob, draw, 20)
    assert (await _enter(stocked, ann, draw, 12, kept)).first_index == 5
    other = await _hold(stocked, ann, draw, 2)
    with pytest.raises(DrawFullError, match="Only 17 entries"):
        await _enter(stocked, bob, draw, 18)
    for _ in range(2):
        async with writing(stocked.shop.engine) as session:
            await holds.release(session, ann.id, other.id)
    await _enter(stocked, bob, draw, 13)
    await _hold(stocked, eve, draw, 2)
    with pytest.raises(DrawFullError, match="Only 4 entries"):
        await _enter(stocked, ann, draw, 5)
    with clock.at(clock.now() + timedelta(minutes=MINUTES, seconds=1)):
        assert (await _enter(stocked, ann, draw, 6)).first_index == 30
    assert await stocked.rows("select next_index from shop.draw") == [(36,)]


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
    await chances(stocked, ann, 20)
    for _ in range(3):
        await _hold(stocked, ann, draw, 20)
    live = "select state, count(*), count(distinct until) from shop.draw_hold group by 1 order by 1"
    assert await stocked.rows(live) == [("held", 1, 1), ("released", 2, 1)]  # its end stays where it was


async def test_after_a_hold_that_was_not_used_there_is_a_pause(stocked: Stocked) -> None:
    draw = await open_draw(stocked)
    ann = await stocked.customer("ann")
    await chances(stocked, ann, 99)
    kept = await _hold(stocked, ann, draw, 3)
    with clock.at(kept.ends_at + timedelta(seconds=1)), pytest.raises(HoldPauseError, match="in 30 minutes"):
        await _hold(stocked, ann, draw, 3)
    async with writing(stocked.shop.engine) as session:
        await holds.release(session, ann.id, kept.id)
    with pytest.raises(HoldPauseError):
        await _hold(stocked, ann, draw, 3)
    await _hold(stocked, ann, await open_draw(stocked), 3)
    with clock.at(kept.ends_at + holds.PAUSE):
        kept = await _hold(stocked, ann, draw, 3)
        await _enter(stocked, ann, draw, 3, kept)
        await _hold(stocked, ann, draw, 3)  # who enters with a hold may have the next


async def test_all_holds_together_leave_two_thirds_to_those_who_enter_at_once(stocked: Stocked) -> None:
    draw = await open_draw(stocked, capacity=100)
    many = [await stocked.customer(f"c{number}") for number in range(4)]
    for who in many:
        await chances(stocked, who, 99)
    await _enter(stocked, many[0], draw, 10)
    for who in many[:2]:
        await _hold(stocked, who, draw, 12)
    with pytest.raises(HoldsFullError, match="only 6 more"):  # a third of the 90 that are left
        await _hold(stocked, many[2], draw, 7)
    await _hold(stocked, many[2], draw, 6)
    with pytest.raises(HoldsFullError, match="only 0 more"):
        await _hold(stocked, many[3], draw, 1)
    assert (await _enter(stocked, many[3], draw, 60)).count == 60


async def test_who_could_not_pay_the_entries_cannot_hold_them(stocked: Stocked) -> None:
    free, priced = await open_draw(stocked), await refundable(stocked, price_fen=100)
    ann = await adult(stocked, "ann", 250)
    await chances(stocked, ann, 2)
    with pytest.raises(NotEnoughChancesError, match="2 chances"):
        await _hold(stocked, ann, free, 3)
    with pytest.raises(InsufficientBalanceError):
        await _hold(stocked, ann, priced, 3)
    await _hold(stocked, ann, free, 2)
    await _hold(stocked, ann, priced, 2)
    await chances(stocked, ann, 3, source="free_route", draw_id=priced.id)
    await _hold(stocked, ann, priced, 3)  # by chances of that draw


async def test_who_may_not_enter_cannot_hold_either(stocked: Stocked) -> None:
    paid, ended = await refundable(stocked), await open_draw(stocked, closes_at=clock.now())
    child, ann = await stocked.customer("kid", 1000), await adult(stocked, "ann", 1000)
    with pytest.raises(NotVerifiedAdultError):
        await _hold(stocked, child, paid, 1)
    with pytest.raises(DrawClosedError):
        await _hold(stocked, ann, ended, 1)
    await _hold(stocked, ann, paid, 1)


async def test_a_hold_that_is_being_written_is_waited_for(stocked: Stocked) -> None:
    draw = await open_draw(stocked, capacity=36)
    ann, bob = await stocked.customer("ann"), await stocked.customer("bob")
    for who in (ann, bob):
        await chances(stocked, who, 99)
    async with writing(stocked.shop.engine) as session:
        await holds.hold(session, ann.id, draw.public_id, 12, MINUTES)
        entering = asyncio.create_task(_enter(stocked, bob, draw, 30))
        done, _ = await asyncio.wait([entering], timeout=0.3)
        assert not done
    with pytest.raises(DrawFullError, match="Only 24 entries"):
        await entering
