"""Memberships: activated by payment, earned day by day, one after the other, ended by a refund."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from mingsuan import clock
from tests.transactional.orders.goods import Market, pay
from transactional.db import writing
from transactional.orders import fulfilment
from transactional.orders.jobs import release_memberships

pytestmark = pytest.mark.anyio
NOON = datetime(2099, 3, 30, 4, tzinfo=UTC)  # noon in Shanghai
DAY = timedelta(days=1)


async def test_a_membership_is_earned_day_by_day_however_often_the_task_runs_or_is_missed(market: Market) -> None:
    sku = await market.sku("VIP", "membership", 1000, duration_days=3)
    li = await market.customer("li")
    with clock.at(NOON):
        placed = await market.order(li, (sku, 1))
        await market.pay(placed)
    assert await market.state(placed.order_no) == "delivered"
    assert await market.one("select cost_fen from shop.fulfilment") == 0  # known: it costs nothing
    assert await market.balances() == {"gateway_receivable": 1000, "unearned_membership": -1000}
    for days, earned in ((0, 0), (1, 333), (1, 333), (9, 1000), (10, 1000)):
        with clock.at(NOON + days * DAY):
            await release_memberships(market.shop)
        assert (await market.balances()).get("membership_income", 0) == -earned
    lines = await market.rows(
        "select (effective_at at time zone 'Asia/Shanghai')::date::text, amount_fen from shop.document_line order by id"
    )
    assert lines == [("2099-03-30", 333), ("2099-03-31", 333), ("2099-04-01", 334)]


async def test_a_day_is_over_at_midnight_of_the_shop(market: Market) -> None:
    sku = await market.sku("VIP", "membership", 1000, duration_days=2)
    with clock.at(NOON):
        await market.pay(await market.order(await market.customer("li"), (sku, 1)))
    midnight = datetime(2099, 3, 30, 16, tzinfo=UTC)
    for at, earned in ((midnight - timedelta(seconds=1), 0), (midnight, 500)):
        with clock.at(at):
            await release_memberships(market.shop)
        assert (await market.balances()).get("membership_income", 0) == -earned


async def test_a_membership_bought_again_begins_when_the_one_before_ends(market: Market) -> None:
    sku = await market.sku("VIP", "membership", 1000, duration_days=30)
    with clock.at(NOON):
        await market.pay(await market.order(await market.customer("li"), (sku, 2)))
        await market.pay(await market.order(await market.customer("wang"), (sku, 1)))
    starts = [start for (start,) in await market.rows("select starts_at from shop.membership_period order by id")]
    assert starts == [NOON, NOON + 30 * DAY, NOON]


async def test_a_refunded_membership_earns_what_its_days_have_and_nothing_more(market: Market) -> None:
    sku = await market.sku("VIP", "membership", 1000, duration_days=10)
    with clock.at(NOON):
        await market.pay(await market.order(await market.customer("li"), (sku, 1)))
    unit = await market.one("select id from shop.fulfilment")
    with clock.at(NOON + 4 * DAY):
        async with writing(market.shop.engine) as session:
            [refundable] = await fulfilment.refund_begins(session, [unit], market.shop.zone)
            assert (refundable.membership, refundable.delivered, refundable.unearned_fen) == (True, True, 600)
            await fulfilment.membership_refunded(session, unit, 600)
    with clock.at(NOON + 20 * DAY):
        await release_memberships(market.shop)
    assert (await market.balances())["membership_income"] == -400


async def test_a_part_refunded_is_not_earned_and_the_rest_still_is(market: Market) -> None:
    sku = await market.sku("VIP", "membership", 1000, duration_days=10)
    with clock.at(NOON):
        await market.pay(await market.order(await market.customer("li"), (sku, 1)))
    unit = await market.one("select id from shop.fulfilment")
    with clock.at(NOON + 4 * DAY):
        async with writing(market.shop.engine) as session:
            await fulfilment.refund_begins(session, [unit], market.shop.zone)
            with pytest.raises(ValueError, match="unearned"):
                await fulfilment.membership_refunded(session, unit, 601)
            await fulfilment.membership_refunded(session, unit, 300)
            await fulfilment.refund_ended(session, [unit], True)
    with clock.at(NOON + 20 * DAY):
        await release_memberships(market.shop)
    assert (await market.balances())["membership_income"] == -700


async def test_two_orders_paid_at_the_same_instant_run_one_after_the_other(market: Market) -> None:
    sku = await market.sku("M", "membership", 3000, duration_days=30)
    member = await market.customer("m")
    first, second = [await market.order(member, (sku, 1)) for _ in range(2)]
    async with writing(market.shop.engine) as session:
        await pay(session, market.shop, first, clock.now())
        other = asyncio.create_task(market.pay(second))
        await asyncio.sleep(0.5)
        assert not other.done()
    await other
    [gap] = await market.rows("select max(starts_at) - min(starts_at) from shop.membership_period")
    assert timedelta(days=30) <= gap[0] < timedelta(days=31)
