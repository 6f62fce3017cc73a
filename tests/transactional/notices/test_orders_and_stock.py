"""What customers hear of their orders, of money that goes back, and of goods that are there again."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.other_databases import wait_for_other_databases
from tests.transactional.api_client import Client
from tests.transactional.orders.goods import Market
from tests.transactional.web.visits import register, send, visit
from transactional.catalogue.schemas import SkuView
from transactional.db import engine, reading, writing
from transactional.errors import NotFoundError
from transactional.notices import inbox, restock, service
from transactional.notices.order_events import tell_of_orders
from transactional.orders import fulfilment
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
TOLD = "select kind, subject from shop.notice order by id"


@pytest.fixture
def market(shop: Shop) -> Market:
    return Market(shop)


async def _tell(market: Market, urls: DatabaseUrls) -> None:
    """What ended is told of; other databases' transactions hold back what counts as ended."""
    await asyncio.to_thread(wait_for_other_databases, urls)
    await tell_of_orders(market.shop)


async def test_each_event_of_an_order_is_told_once_and_at_once_delivered_needs_no_paid(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    code, service_ = await market.sku("CODE"), await market.sku("WORK", "manual_service")
    await market.stock("CODE", 1)
    li = await market.customer("li")
    at_once = await market.order(li, (code, 1))
    await market.pay(at_once)
    by_hand = await market.order(li, (service_, 1))
    await market.pay(by_hand)
    given_up = await market.order(li, (service_, 1))
    async with writing(market.shop.engine) as session:
        await fulfilment.cancel(session, given_up.order_no, li.id)
    for _ in range(3):
        await _tell(market, fresh_database)
    assert await market.rows(TOLD) == [
        ("delivered", f"order:{at_once.order_no}"),
        ("paid", f"order:{by_hand.order_no}"),
        ("cancelled", f"order:{given_up.order_no}"),
    ]


async def test_an_event_that_commits_after_later_ones_were_told_is_not_missed(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    """The slow transaction begins first and commits last; a cursor over ids or times would have passed it."""
    sku = await market.sku("WORK", "manual_service")
    li = await market.customer("li")
    first, second = await market.order(li, (sku, 1)), await market.order(li, (sku, 1))
    other = engine(fresh_database.app)
    async with writing(other) as slow:
        await fulfilment.cancel(slow, first.order_no, li.id)
        async with writing(market.shop.engine) as session:
            await fulfilment.cancel(session, second.order_no, li.id)
        await _tell(market, fresh_database)
    await other.dispose()
    await _tell(market, fresh_database)
    assert {subject for _, subject in await market.rows(TOLD)} == {
        f"order:{first.order_no}",
        f"order:{second.order_no}",
    }


async def test_imported_orders_and_what_happened_days_ago_are_told_to_nobody(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    sku = await market.sku("WORK", "manual_service")
    li = await market.customer("li")
    imported, old = await market.order(li, (sku, 1)), await market.order(li, (sku, 1))
    await market.pay(imported)
    with clock.at(clock.now() - timedelta(days=3)):
        await market.pay(old)
    async with writing(market.shop.engine) as session:
        mark = "update shop.orders set source = 'elsewhere', source_ref = '1' where order_no = :order_no"
        await session.execute(text(mark), {"order_no": imported.order_no})
    await _tell(market, fresh_database)
    assert await market.rows(TOLD) == []


async def test_a_restored_database_whose_transactions_are_counted_anew_goes_on_telling(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    sku = await market.sku("WORK", "manual_service")
    async with writing(market.shop.engine) as session:
        await session.execute(text("update shop.notice_sweep set last_xid = 9000000000000000"))
    placed = await market.order(await market.customer("li"), (sku, 1))
    await market.pay(placed)
    await _tell(market, fresh_database)
    assert await market.rows(TOLD) == [("paid", f"order:{placed.order_no}")]


async def watch(market: Market, sku: SkuView, name: str, times: int = 1) -> None:
    customer = await market.customer(name)
    async with writing(market.shop.engine) as session:
        for _ in range(times):
            await restock.watch(session, customer.id, "code", sku.id)


async def test_few_pieces_are_announced_to_few_those_who_asked_first_and_each_asking_once(market: Market) -> None:
    sku = await market.sku("CODE")
    for number in range(5):
        await watch(market, sku, f"c{number}", times=2)
    assert await restock.tell_of_restock(market.shop) == 0
    await market.stock("CODE", 1)
    at = clock.now()
    assert await restock.tell_of_restock(market.shop) == 2
    assert await restock.tell_of_restock(market.shop) == 0, "the first have their time"
    with clock.at(at + timedelta(minutes=31)):
        assert await restock.tell_of_restock(market.shop) == 2
    with clock.at(at + timedelta(minutes=62)):
        assert await restock.tell_of_restock(market.shop) == 1
    with clock.at(at + timedelta(minutes=93)):
        assert await restock.tell_of_restock(market.shop) == 0
    emails = await market.rows(
        "select c.email from shop.notice n join shop.customer c on c.id = n.customer_id order by n.id"
    )
    assert [email for (email,) in emails] == [f"c{number}@example.com" for number in range(5)]


async def test_who_asks_again_after_being_told_is_told_again(market: Market) -> None:
    sku = await market.sku("CODE")
    await market.stock("CODE", 5)
    await watch(market, sku, "li")
    assert await restock.tell_of_restock(market.shop) == 1
    li = await market.one("select id from shop.customer where email = 'li@example.com'")
    async with writing(market.shop.engine) as session:
        await restock.watch(session, li, "code", sku.id)
    assert await restock.tell_of_restock(market.shop) == 1
    assert [subject for _, subject in await market.rows(TOLD)] == ["sku:CODE#1", "sku:CODE#2"]
    async with writing(market.shop.engine) as session:
        with pytest.raises(NotFoundError):
            await restock.watch(session, li, "other", sku.id)


async def test_the_inbox_shows_one_s_own_and_preferences_are_kept(
    market: Market, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    async with Client(market.shop, fresh_database) as client:
        assert (await client.get("/notices")).status_code in (303, 401)
        await register(client)
        empty = await visit(client, "/notices")
        assert empty.faults == []
        wang = await market.customer("wang")
        li = await market.one("select id from shop.customer where email = 'li@example.com'")
        values: dict[str, Any] = {"product": "<b>卡</b>", "amount_fen": 5000}
        async with writing(market.shop.engine) as session:
            await service.tell(session, li, "delivered", "order:MINE", values)
            await service.tell(session, wang.id, "delivered", "order:HERS", values)
        page = await visit(client, "/notices")
        assert page.faults == []
        assert "MINE" in page.text
        assert "HERS" not in page.text
        assert "<b>卡</b>" in page.text, "escaped, so it is seen as typed"
        assert (await send(client, "/notices/read")).status_code == 303
        async with reading(market.shop.engine) as session:
            assert await inbox.unread(session, li) == 0
            assert await inbox.unread(session, wang.id) == 1
        form = await visit(client, "/account/notices")
        assert form.faults == []
        done = await send(client, "/account/notices", on=["orders:email", "nothing:else"])
        assert done.headers["location"] == "/account/notices?saved=yes"
        async with reading(market.shop.engine) as session:
            chosen = await inbox.preferences(session, li)
        on = {f"{topic}:{channel}" for (topic, channel), is_on in chosen.items() if is_on}
        assert on == {"orders:email", "security:email", "security:sms"}
