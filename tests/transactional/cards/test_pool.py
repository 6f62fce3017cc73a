"""The pool's statements: all or nothing, own holds until another claims them, nothing expired, nothing twice."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from mingsuan import clock
from tests.transactional.orders.goods import Market
from transactional.cards import pool
from transactional.cards.pool import UnitOfItem, Wanted
from transactional.db import writing
from transactional.errors import OutOfStockError
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
HOLDS = "select held_item_id, count(*) from shop.card where held_item_id is not null group by 1 order by 1"


@pytest.fixture
def market(shop: Shop) -> Market:
    return Market(shop)


async def items(market: Market) -> tuple[int, int, list[int], list[int]]:
    """Two unpaid order items of one SKU without stock kept for them: (sku, item and its units, for both)."""
    sku = await market.sku("A")
    await market.stock("A", 4)
    li = await market.customer("li")
    for _ in range(2):
        await market.order(li, (sku, 2))
    async with writing(market.shop.engine) as session:
        await session.execute(text("update shop.card set held_item_id = null, free_at = '-infinity'"))
    sku_id = await market.one("select id from shop.sku where code = 'A'")
    first, second = [row[0] for row in await market.rows("select id from shop.order_item order by id")]
    of_first, of_second = [
        [row[0] for row in await market.rows("select id from shop.fulfilment where order_item_id = :i order by 1", i=i)]
        for i in (first, second)
    ]
    return sku_id, first, of_first, [second, *of_second]


async def test_several_takers_of_one_sku_get_their_own_units_or_none_gets_any(market: Market) -> None:
    sku_id, first, _, [second, *_] = await items(market)
    now = clock.now()
    until = now + timedelta(minutes=5)
    async with writing(market.shop.engine) as session:
        with pytest.raises(OutOfStockError):
            await pool.hold(session, [Wanted(first, sku_id, 3), Wanted(second, sku_id, 2)], now, until)
        assert await pool.free_units(session, [sku_id], now) == {sku_id: 4}
        await pool.hold(session, [Wanted(first, sku_id, 3), Wanted(second, sku_id, 1)], now, until)
    assert await market.rows(HOLDS) == [(first, 3), (second, 1)]


async def test_a_hold_that_ran_out_is_delivered_to_its_item_until_another_claims_it(market: Market) -> None:
    sku_id, first, units, [second, *_] = await items(market)
    now = clock.now()
    later = now + timedelta(minutes=6)
    async with writing(market.shop.engine) as session:
        await session.execute(
            text("update shop.card set state = 'void' where id > (select min(id) + 1 from shop.card)")
        )
        await pool.hold(session, [Wanted(first, sku_id, 2)], now, now + timedelta(minutes=5))
        await pool.hold(session, [Wanted(second, sku_id, 1)], later, later + timedelta(minutes=5))
        mine = [UnitOfItem(unit, first, sku_id) for unit in units]
        handed = await pool.deliver(session, mine, later)
        assert [one.fulfilment_id for one in handed] == units[:1]
        assert await pool.deliver(session, mine, later) == ()
        assert await pool.reclaim(session, mine[1:], later) == ()


async def test_release_gives_back_no_more_than_asked_and_never_what_was_delivered(market: Market) -> None:
    sku_id, first, units, _ = await items(market)
    now = clock.now()
    async with writing(market.shop.engine) as session:
        await pool.hold(session, [Wanted(first, sku_id, 3)], now, now + timedelta(minutes=5))
        await pool.deliver(session, [UnitOfItem(units[0], first, sku_id)], now)
        assert await pool.release(session, {first: 1}) == 1
        assert await pool.release(session, {first: 9}) == 1
        assert await pool.free_units(session, [sku_id], now) == {sku_id: 3}


async def test_a_bad_code_is_replaced_by_a_free_one_or_nothing_changes(market: Market) -> None:
    sku_id, first, units, _ = await items(market)
    now = clock.now()
    async with writing(market.shop.engine) as session:
        await pool.hold(session, [Wanted(first, sku_id, 1)], now, now + timedelta(minutes=5))
        [handed] = await pool.deliver(session, [UnitOfItem(units[0], first, sku_id)], now)
        other = await pool.replace(session, handed.card_id, units[0], sku_id, now)
        assert other is not None
        assert other.card_id != handed.card_id
        with pytest.raises(LookupError):
            async with session.begin_nested():
                await pool.replace(session, handed.card_id, units[0], sku_id, now)
        await session.execute(text("update shop.card set free_at = 'infinity' where state = 'available'"))
        assert await pool.replace(session, other.card_id, units[0], sku_id, now) is None
    assert await market.rows("select state, count(*) from shop.card group by 1 order by 1") == [
        ("available", 2),
        ("defective", 1),
        ("delivered", 1),
    ]


async def test_expired_codes_are_never_claimed_or_counted(market: Market) -> None:
    sku_id, first, units, _ = await items(market)
    now = clock.now()
    async with writing(market.shop.engine) as session:
        await session.execute(text("update shop.card set expires_at = :at"), {"at": now})
        assert await pool.free_units(session, [sku_id], now) == {}
        with pytest.raises(OutOfStockError):
            await pool.hold(session, [Wanted(first, sku_id, 1)], now, now + timedelta(minutes=5))
        assert await pool.reclaim(session, [UnitOfItem(units[0], first, sku_id)], now) == ()
