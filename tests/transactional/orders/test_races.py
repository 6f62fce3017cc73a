"""Shoppers at the same time, over real connections: nothing is kept, sold or delivered twice."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any

import pytest

from mingsuan import clock
from tests.transactional.orders.goods import Market
from transactional.db import writing
from transactional.errors import OutOfStockError
from transactional.orders import fulfilment
from transactional.orders.checkout import PlacedOrder
from transactional.orders.errors import HoldLimitError

pytestmark = pytest.mark.anyio
TWICE = """
select count(*) from (
    select held_item_id from shop.card where free_at > now() and held_item_id is not null group by held_item_id
    having count(*) > (select quantity from shop.order_item where id = held_item_id)
) as too_many
"""


async def together(work: Sequence[Coroutine[Any, Any, Any]], *refusals: type[Exception]) -> list[Any]:
    """The results of what ran side by side; anything but these refusals fails the test."""
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, refusals):
            raise outcome
    return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]


async def test_of_twelve_shoppers_one_gets_the_last_unit(market: Market, full_counts: bool) -> None:
    sku = await market.sku("A")
    buyers = [await market.customer(f"b{number}") for number in range(12)]
    for number in range(10 if full_counts else 2):
        await market.stock("A", 1)
        placed = await together([market.order(buyer, (sku, 1)) for buyer in buyers], OutOfStockError)
        assert len(placed) == 1, number
        await market.pay(placed[0])
    assert await market.one("select count(*) from shop.card where state = 'available'") == 0


async def test_bundles_and_their_parts_never_sell_more_than_there_is(market: Market) -> None:
    a, b = await market.sku("A"), await market.sku("B")
    await market.stock("A", 10)
    await market.stock("B", 7)
    pack = await market.bundle("PACK", 2500, {"A": 2, "B": 1})
    buyers = [await market.customer(f"b{number}") for number in range(18)]
    wishes = [(pack, 1), (a, 1), (b, 2)]
    work = [market.order(buyer, wishes[number % 3]) for number, buyer in enumerate(buyers)]
    placed = await together(work, OutOfStockError)
    assert await market.one(TWICE) == 0
    held = dict(
        await market.rows(
            """select sku.code, count(*) from shop.card join shop.sku on sku.id = card.sku_id
            where held_item_id is not null group by 1"""
        )
    )
    ordered = dict(
        await market.rows(
            """select sku.code, sum(quantity)::bigint from shop.order_item
            join shop.sku on sku.id = sku_id group by 1"""
        )
    )
    assert held == ordered
    assert held["A"] <= 10
    assert held["B"] <= 7
    decisions = await together([market.pay(order) for order in placed])
    assert {decision.kind for decision in decisions} == {"on_time"}


async def test_late_payments_and_new_buyers_race_for_the_same_codes_and_each_code_has_one_owner(
    market: Market,
) -> None:
    sku = await market.sku("A")
    await market.stock("A", 6)
    late = [await market.order(await market.customer(f"late{n}"), (sku, 2)) for n in range(3)]
    buyers = [await market.customer(f"new{n}") for n in range(6)]
    at = late[0].ordered_at + timedelta(minutes=16)

    async def buy(number: int) -> PlacedOrder:
        with clock.at(at):
            placed = await market.order(buyers[number], (sku, 1))
            await market.pay(placed)
            return placed

    async def pay_late(placed: PlacedOrder) -> str:
        with clock.at(at):
            return (await market.pay(placed)).kind

    work: list[Coroutine[Any, Any, Any]] = [pay_late(placed) for placed in late]
    work += [buy(number) for number in range(6)]
    await together(work, OutOfStockError)
    delivered = await market.one("select count(*) from shop.fulfilment where state = 'delivered'")
    owned = "select count(delivered_fulfilment_id), count(distinct delivered_fulfilment_id) from shop.card"
    assert await market.rows(owned) == [(delivered, delivered)]
    assert delivered == 6
    assert await market.one("select count(*) from shop.fulfilment where state = 'delivered' and cost_fen is null") == 0


async def test_one_customer_at_many_tills_keeps_no_more_than_allowed(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 40)
    new = await market.customer("new", proven=False)
    placed = await together([market.order(new, (sku, 2)) for _ in range(8)], HoldLimitError)
    assert len(placed) == 2


async def test_an_order_is_either_cancelled_or_paid_when_both_come_at_once(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 4)
    buyers = [await market.customer(f"b{number}") for number in range(4)]
    orders = [await market.order(buyer, (sku, 1)) for buyer in buyers]

    async def cancel(placed: PlacedOrder) -> None:
        async with writing(market.shop.engine) as session:
            await fulfilment.cancel(session, placed.order_no, None)

    work: list[Coroutine[Any, Any, Any]] = []
    for number, placed in enumerate(orders):
        pair = [market.pay(placed), cancel(placed)]
        work += pair if number % 2 else reversed(pair)
    await asyncio.gather(*work, return_exceptions=True)
    for placed in orders:
        delivered = await market.one(
            """select count(*) from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
            where i.order_id = :id and f.state = 'delivered'""",
            id=placed.order_id,
        )
        assert (await market.state(placed.order_no) == "delivered") == (delivered == 1)
    free = "select count(*) from shop.card where free_at <= now() and delivered_fulfilment_id is null"
    delivered_cards = await market.one("select count(*) from shop.card where state = 'delivered'")
    assert await market.one(free) == 4 - delivered_cards


async def test_side_by_side_redeliveries_give_a_code_once(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 1)
    waiting = []
    for number in range(3):
        placed = await market.order(await market.customer(f"w{number}"), (sku, 1))
        with clock.at(placed.ordered_at + timedelta(minutes=16)):
            await market.pay(await market.order(await market.customer(f"t{number}"), (sku, 1)))
            assert (await market.pay(placed, placed.ordered_at)).kind == "waiting"
        waiting.append(placed)
        await market.stock("A", 1)

    async def again(placed: PlacedOrder) -> tuple[int, int]:
        async with writing(market.shop.engine) as session:
            return await fulfilment.redeliver(session, placed.order_no, market.shop.zone)

    given = await together([again(placed) for placed in waiting])
    assert sum(count for count, _ in given) == 1
