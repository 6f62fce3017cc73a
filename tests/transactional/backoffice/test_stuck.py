"""Paid orders whose goods did not come: listed by reason and age, and settled many at once as one act on record."""

import asyncio
from datetime import timedelta

import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_staff
from tests.transactional.orders.goods import Market
from transactional.accounts import service as accounts
from transactional.backoffice import stuck
from transactional.backoffice.stuck_schemas import BulkResult
from transactional.db import writing
from transactional.orders.checkout import PlacedOrder
from transactional.orders.due import lock_due_by_id
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@pytest.fixture
def market(shop: Shop) -> Market:
    return Market(shop)


async def stuck_orders(market: Market, count: int) -> list[PlacedOrder]:
    """Paid in time, but told of when others had the codes."""
    sku = await market.sku("A")
    await market.stock("A", count)
    orders = [await market.order(await market.customer(f"s{number}"), (sku, 1)) for number in range(count)]
    with clock.at(orders[-1].ordered_at + timedelta(minutes=16)):
        await market.pay(await market.order(await market.customer("quick"), (sku, count)))
        for placed in orders:
            assert (await market.pay(placed, placed.ordered_at)).kind == "waiting"
    return orders


async def test_stuck_orders_are_listed_by_reason_and_age(market: Market, fresh_database: DatabaseUrls) -> None:
    [first, second] = await stuck_orders(market, 2)
    service = await market.sku("S", "manual_service")
    by_hand = await market.order(await market.customer("hand"), (service, 1))
    await market.pay(by_hand)
    async with Client(market.shop, fresh_database) as client:
        assert (await client.read("/staff/orders/stuck")).status_code == 401
        await log_in_staff(client, market.shop, "auditor")
        every = (await client.read("/staff/orders/stuck")).json()
        assert [order["order_no"] for order in every["items"]] == [first.order_no, second.order_no, by_hand.order_no]
        lacking = (await client.read("/staff/orders/stuck?reason=stock&limit=1")).json()
        assert ([order["reasons"] for order in lacking["items"]], lacking["total"]) == ([["stock"]], 2)
        assert (await client.read("/staff/orders/stuck?minutes=60")).json()["items"] == []
        body = {"order_nos": [first.order_no], "act": "redeliver", "reason": "x"}
        assert (await client.command("/staff/orders/bulk", body)).status_code == 403


async def test_new_stock_goes_to_a_set_of_orders_in_one_act_that_happens_once(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    orders = await stuck_orders(market, 3)
    await market.stock("A", 2)
    numbers = [*(placed.order_no for placed in orders), "NO-SUCH-ORDER"]
    body = {"order_nos": numbers, "act": "redeliver", "reason": "new batch"}
    async with Client(market.shop, fresh_database) as client:
        await log_in_staff(client, market.shop, "operator")
        first = await client.command("/staff/orders/bulk", body, "key-1")
        assert first.status_code == 200, first.text
        again = await client.command("/staff/orders/bulk", body, "key-1")
    outcomes = {result["order_no"]: result["outcome"] for result in first.json()["results"]}
    assert list(outcomes) == numbers
    assert sorted(outcomes.values()) == ["delivered", "delivered", "refused", "still_waiting"]
    assert again.json() == first.json()
    acts = await market.rows("select act, reason, detail from shop.staff_act where act = 'redeliver_orders'")
    assert [(act, reason, detail["counts"]) for act, reason, detail in acts] == [
        ("redeliver_orders", "new batch", {"delivered": 2, "still_waiting": 1, "refused": 1})
    ]
    assert await market.one("select count(*) from shop.card where state = 'delivered'") == 5


async def test_what_waits_is_refunded_in_one_act_and_what_was_delivered_stays(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    orders = await stuck_orders(market, 2)
    codes = await market.sku("B")
    await market.stock("B", 1)
    hand = await market.sku("S", "manual_service", 700)
    mixed = await market.order(await market.customer("mixed"), (codes, 1), (hand, 1))
    await market.pay(mixed)
    unpaid = await market.order(await market.customer("unpaid"), (hand, 1))
    numbers = [placed.order_no for placed in (*orders, mixed, unpaid)]
    async with Client(market.shop, fresh_database) as client:
        await log_in_staff(client, market.shop, "owner")
        body = {"order_nos": numbers, "act": "refund", "reason": "supplier closed"}
        done = await client.command("/staff/orders/bulk", body)
        assert done.status_code == 200, done.text
    assert [result["outcome"] for result in done.json()["results"]] == ["refunding"] * 3 + ["refused"]
    assert await market.rows("select sum(amount_fen)::bigint, count(*) from shop.refund") == [(2700, 3)]
    balances = await market.balances()
    assert (balances["refund_payable"], "unearned_sales" in balances) == (-2700, False)
    states = [await market.state(placed.order_no) for placed in (*orders, mixed, unpaid)]
    assert states == ["refund_pending"] * 3 + ["pending_payment"]
    assert await market.one("select count(*) from shop.fulfilment where state = 'delivered'") == 3


async def test_a_bulk_act_locks_its_orders_as_refunds_do_and_waits_with_none_in_its_hand(market: Market) -> None:
    sku = await market.sku("S", "manual_service")
    shoppers = [await market.customer(name) for name in ("early", "late")]
    later, sooner = [await market.order(shopper, (sku, 1)) for shopper in reversed(shoppers)]
    for placed in (later, sooner):
        await market.pay(placed)
    async with writing(market.shop.engine) as session:
        await lock_due_by_id(session, later.order_id)
        act = asyncio.create_task(refund_all(market, [sooner, later]))
        while not await market.one(WAITING):
            await asyncio.sleep(0.01)
        await lock_due_by_id(session, sooner.order_id)
    assert [each.outcome for each in (await act).results] == ["refunding", "refunding"]


async def refund_all(market: Market, orders: list[PlacedOrder]) -> BulkResult:
    async with writing(market.shop.engine) as session:
        member = await accounts.add_staff(session, "op@example.com", "correct horse battery", "Op", "operator")
        return await stuck.act_on(
            session, member.id, [placed.order_no for placed in orders], "refund", "closing down", market.shop.zone
        )
