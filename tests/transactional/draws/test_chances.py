"""Chances are earned once for each reason, by the rules, and show until they are used or over."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.other_databases import wait_for_other_databases
from tests.transactional.draws.open_draws import chances as given
from tests.transactional.draws.open_draws import open_draw, refundable
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading, writing
from transactional.draws import chance_jobs, chance_rules, chances
from transactional.draws.errors import DrawClosedError, EarnedBeforeError, NoFreeRouteError, NotInvitedError
from transactional.errors import NotFoundError
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
DAY = date(2026, 11, 22)
REFUND = text("""
with unit as (select id from shop.fulfilment where state = 'delivered' order by id limit :units), row as (
    insert into shop.refund (fulfilment_id, method, state, amount_fen, earned)
    select id, 'wallet', 'succeeded', :amount, true from unit
)
update shop.fulfilment set state = case when :whole then 'refunded' else state end from unit
where unit.id = fulfilment.id
""")
HAPPENED = text("insert into shop.order_event (order_id, kind) select id, :kind from shop.orders")


@pytest.fixture(autouse=True)
def ended_elsewhere(fresh_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders are read once no other database holds back what counts as ended."""
    read_all = chance_jobs.read_all

    async def patiently(shop: Shop) -> int:
        wait_for_other_databases(fresh_database)
        return await read_all(shop)

    monkeypatch.setattr(chance_jobs, "read_all", patiently)


async def _left(stocked: Stocked, who: CustomerSubject) -> list[tuple[str, UUID | None, int]]:
    async with reading(stocked.shop.engine) as session:
        return [(each.source, each.draw_id, each.left) for each in await chances.of(session, who.id, clock.now())]


async def _check_in(stocked: Stocked, who: CustomerSubject, day: date) -> None:
    async with writing(stocked.shop.engine) as session:
        await chances.check_in(session, who.id, day)


async def test_a_check_in_counts_once_a_day(stocked: Stocked) -> None:
    ann, bob = await stocked.customer("ann"), await stocked.customer("bob")
    await _check_in(stocked, ann, DAY)
    await _check_in(stocked, bob, DAY)
    with pytest.raises(EarnedBeforeError):
        await _check_in(stocked, ann, DAY)
    await _check_in(stocked, ann, DAY + timedelta(days=1))
    assert await _left(stocked, ann) == [("checkin", None, 1)] * 2
    with clock.at(clock.now() + chance_rules.CHECK_IN_VALID + timedelta(seconds=1)):
        assert await _left(stocked, ann) == []


async def test_the_free_route_gives_one_entry_a_day_in_that_draw_where_there_is_one(stocked: Stocked) -> None:
    draw = await open_draw(stocked)
    without = await open_draw(stocked, free_rule=" ")
    ended = await open_draw(stocked, closes_at=clock.now())
    who = await stocked.customer("ann")

    async def ask(public_id: UUID, day: date = DAY) -> None:
        async with writing(stocked.shop.engine) as session:
            await chances.free_route(session, who.id, public_id, day)

    await ask(draw.public_id)
    with pytest.raises(EarnedBeforeError):
        await ask(draw.public_id)
    await ask(draw.public_id, DAY + timedelta(days=1))
    for error, wrong in ((NoFreeRouteError, without.public_id), (DrawClosedError, ended.public_id)):
        with pytest.raises(error):
            await ask(wrong)
    with pytest.raises(NotFoundError):
        await ask(UUID(int=1))
    assert await _left(stocked, who) == [("free_route", draw.public_id, 1)] * 2


async def test_what_is_usable_depends_on_the_draw(stocked: Stocked) -> None:
    free, paid = await open_draw(stocked), await refundable(stocked)
    who = await stocked.customer("ann")
    await given(stocked, who, 4)
    await given(stocked, who, 2, source="free_route", draw_id=paid.id)
    async with reading(stocked.shop.engine) as session:
        mine = await chances.of(session, who.id, clock.now())
    assert (chances.usable(mine, free), chances.usable(mine, paid)) == (4, 2)


async def test_a_delivered_order_earns_by_its_price_once_and_only_from_now_on(stocked: Stocked) -> None:
    await stocked.stock(codes(9), 4000)
    ann = await stocked.customer("ann", 10 * PRICE_FEN)
    buy = stocked.shop.intake.buy
    await buy(ann.id, stocked.sku.id, 1, "before")
    assert await chance_jobs.read_all(stocked.shop) == 0
    await buy(ann.id, stocked.sku.id, 3, "after")
    assert [await chance_jobs.read_all(stocked.shop) for _ in range(2)] == [1, 0]
    assert await _left(stocked, ann) == [("order", None, 3)]
    await stocked.rows("update shop.chance_reading set reached_xid = 1 returning 1")
    assert await chance_jobs.read_all(stocked.shop) == 2  # read again, as after a restore, and all the same
    assert await _left(stocked, ann) == [("order", None, 1), ("order", None, 3)]


async def _refund(stocked: Stocked, units: int, kind: str, amount_fen: int = PRICE_FEN) -> None:
    """Of so many units their money back: all of it, or a part that leaves them delivered."""
    values = {"units": units, "amount": amount_fen, "whole": amount_fen == PRICE_FEN, "kind": kind}
    async with writing(stocked.shop.engine) as session:
        await session.execute(REFUND, values)
        await session.execute(HAPPENED, values)
    await chance_jobs.read_all(stocked.shop)


async def _bought(stocked: Stocked, units: int) -> CustomerSubject:
    await stocked.stock(codes(units), 4000)
    ann = await stocked.customer("ann", units * PRICE_FEN)
    await chance_jobs.read_all(stocked.shop)
    await stocked.shop.intake.buy(ann.id, stocked.sku.id, units, "k")
    await chance_jobs.read_all(stocked.shop)
    assert await _left(stocked, ann) == [("order", None, units)]
    return ann


async def test_what_a_refunded_order_earned_and_nobody_used_is_over(stocked: Stocked) -> None:
    ann = await _bought(stocked, 2)
    await given(stocked, ann, 1)
    await _refund(stocked, 2, "refunded")
    assert await _left(stocked, ann) == [("checkin", None, 1)]


async def test_an_order_of_which_most_was_refunded_keeps_the_chances_of_the_rest(stocked: Stocked) -> None:
    ann = await _bought(stocked, 20)
    await stocked.rows("update shop.draw_chance set used = 2 returning 1")
    await _refund(stocked, 15, "delivered")
    assert await _left(stocked, ann) == [("order", None, 3)]  # five units' worth, two of them used
    await _refund(stocked, 4, "delivered")
    assert await _left(stocked, ann) == []
    assert await stocked.rows("select granted, used from shop.draw_chance") == [(2, 2)]  # what was used stays used


async def test_a_part_of_a_units_money_that_went_back_earns_nothing(stocked: Stocked) -> None:
    ann = await _bought(stocked, 4)
    await _refund(stocked, 4, "completed", amount_fen=PRICE_FEN // 2)
    assert await _left(stocked, ann) == [("order", None, 2)]


async def test_chances_that_a_refund_took_come_back_when_it_fails(stocked: Stocked) -> None:
    ann = await _bought(stocked, 3)
    await _refund(stocked, 3, "refund_pending")
    assert await _left(stocked, ann) == []
    await stocked.rows("update shop.refund set state = 'failed' returning 1")
    await stocked.rows("update shop.fulfilment set state = 'delivered' returning 1")
    await _refund(stocked, 0, "delivered")
    assert await _left(stocked, ann) == [("order", None, 3)]


async def test_an_invitation_needs_an_order_worth_a_chance_that_is_kept(stocked: Stocked) -> None:
    await stocked.stock(codes(2), 4000)
    top, ann = [await stocked.customer(name, 9 * PRICE_FEN) for name in ("top", "ann")]
    await chance_jobs.read_all(stocked.shop)
    await stocked.shop.intake.buy(ann.id, stocked.sku.id, 1, "k")

    async def name(every_fen: int) -> None:
        async with writing(stocked.shop.engine) as session:
            await chances.invited(session, ann.id, top.public_id, every_fen)

    with pytest.raises(NotInvitedError, match="of 51 or more"):
        await name(PRICE_FEN + 1)
    await name(PRICE_FEN)
    assert await _left(stocked, top) == [("invitation", None, 1)]
    await _refund(stocked, 1, "refunded")
    assert await _left(stocked, top) == []
    with pytest.raises(NotInvitedError):
        await name(PRICE_FEN)


async def test_who_invited_is_rewarded_once_for_one_who_bought_and_on_one_level(stocked: Stocked) -> None:
    await stocked.stock(codes(3), 4000)
    top, ann, bob = [await stocked.customer(name, 9 * PRICE_FEN) for name in ("top", "ann", "bob")]

    async def names(who: CustomerSubject, inviter: UUID) -> None:
        async with writing(stocked.shop.engine) as session:
            await chances.invited(session, who.id, inviter, PRICE_FEN)

    with pytest.raises(NotInvitedError):  # bought nothing yet
        await names(bob, ann.public_id)
    for who in (ann, bob):
        await stocked.shop.intake.buy(who.id, stocked.sku.id, 1, "k")
    await names(ann, top.public_id)
    await names(bob, ann.public_id)
    with pytest.raises(EarnedBeforeError):
        await names(bob, top.public_id)
    for inviter in (ann.public_id, bob.public_id, UUID(int=1)):  # oneself, one who came later, nobody
        with pytest.raises(NotInvitedError):
            await names(ann, inviter)
    assert await _left(stocked, top) == await _left(stocked, ann) == [("invitation", None, 1)]


def test_an_order_earns_one_chance_for_each_full_sum_and_never_more_than_twenty() -> None:
    assert [chance_rules.of_order(net, 5000) for net in (0, 4999, 5000, 14_999, 10**9)] == [0, 0, 1, 2, 20]
    assert chance_rules.of_order(10**9, 0) == 0
