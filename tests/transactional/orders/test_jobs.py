"""The orders' periodic work: registered under its names, and all that is due is done, however much."""

from datetime import timedelta

import procrastinate
import pytest
from procrastinate.testing import InMemoryConnector

from mingsuan import clock
from tests.transactional.orders.goods import Market
from transactional.orders import fulfilment, jobs

pytestmark = pytest.mark.anyio


async def test_tasks_are_registered_under_their_names(market: Market) -> None:
    app = procrastinate.App(connector=InMemoryConnector())
    jobs.register(app, lambda: market.shop)
    assert {"orders.cancel_expired", "orders.release_memberships"} <= set(app.tasks)
    assert {task for task, _ in app.periodic_registry.periodic_tasks} == {
        "orders.cancel_expired",
        "orders.release_memberships",
        "orders.seal_answers",
    }


async def test_all_expired_orders_are_marked_in_batches_and_the_others_left(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulfilment, "AT_ONCE", 2)
    sku = await market.sku("S", "manual_service")
    li = await market.customer("li")
    placed = [await market.order(li, (sku, 1)) for _ in range(5)]
    await market.pay(placed[0])
    assert await jobs.cancel_expired(market.shop) == 0
    with clock.at(placed[-1].ordered_at + timedelta(minutes=16)):
        fresh = await market.order(li, (sku, 1))
        assert await jobs.cancel_expired(market.shop) == 4
    states = [await market.state(order.order_no) for order in (*placed, fresh)]
    assert states == ["fulfilling", *["cancelled"] * 4, "pending_payment"]
