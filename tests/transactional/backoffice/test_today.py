"""The desk's first page says what waits, the worst first, and is calm when nothing does."""

import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.orders.goods import Market
from tests.transactional.web.visits import enter_desk, visit
from transactional.backoffice import today
from transactional.backoffice.service import open_case
from transactional.db import reading, writing
from transactional.selling import pause
from transactional.shop import Shop

pytestmark = pytest.mark.anyio


async def test_nothing_waits_in_a_quiet_shop(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        seen = await visit(client, "/desk")
    assert "Nothing waits" in seen.text
    assert seen.faults == []


async def test_what_waits_is_counted_the_worst_first_and_each_leads_where_it_is_settled(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    market = Market(shop)
    service = await market.sku("S", "manual_service")
    await market.sku("A")
    for name in ("one", "two"):
        await market.pay(await market.order(await market.customer(name), (service, 1)))
    await market.rows(
        "insert into jobs.procrastinate_jobs (queue_name, task_name, status)"
        " values ('shop', 'x', 'failed') returning id"
    )
    async with writing(shop.engine) as session:
        await open_case(session, "refund_failed", "R1", 100)
        await pause(session, "looking", None)
    async with reading(shop.engine) as session:
        found = await today.waiting(session, clock.now(), lambda _act: True)
    counts = {matter.name: matter.count for matter in found}
    assert counts == {"stuck_manual": 2, "cases": 1, "failed_jobs": 1, "paused": 1, "sold_out": 1}
    assert [matter.tone for matter in found] == ["bad"] * 4 + ["warn"]
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        seen = await visit(client, "/desk")
        for matter in found:
            await visit(client, matter.address)
    assert "Paid orders for our staff" in seen.text
    assert seen.faults == []
