"""The cart: today's prices, never negative, honest about what cannot be had; and checking it out over the API."""

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_customer, new_email
from tests.transactional.orders.goods import Market
from transactional.catalogue import service as catalogue
from transactional.catalogue.schemas import NewPrice
from transactional.db import writing

pytestmark = pytest.mark.anyio


async def test_a_cart_shows_what_it_costs_now_and_what_cannot_be_had(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    a, b, c = await market.sku("A"), await market.sku("B"), await market.sku("C", max_per_order=2)
    await market.stock("A", 5)
    await market.stock("B", 1)
    await market.stock("C", 9)
    async with Client(market.shop, fresh_database) as client:
        await log_in_customer(client, new_email())
        for sku, quantity in ((a, 1), (a, 3), (b, 2), (c, 3)):
            put = await client.put("/api/v1/cart/items", json={"sku_id": str(sku.id), "quantity": quantity})
            assert put.status_code == 200, put.text
        negative = await client.put("/api/v1/cart/items", json={"sku_id": str(a.id), "quantity": -1})
        assert negative.status_code == 422
        async with writing(market.shop.engine) as session:
            await catalogue.set_price(session, NewPrice(sku_code="A", list_price_fen=900))
        cart = (await client.read("/cart/items")).json()
        lines = {line["sku_code"]: (line["quantity"], line["total_fen"], line["problem"]) for line in cart["items"]}
        assert lines == {"A": (3, 2700, None), "B": (2, 2000, "not_enough_stock"), "C": (3, 3000, "too_many")}
        assert cart["total_fen"] == 2700
        async with writing(market.shop.engine) as session:
            await catalogue.set_product_state(session, "b", "withdrawn")
        await client.put("/api/v1/cart/items", json={"sku_id": str(c.id), "quantity": 0})
        cart = (await client.read("/cart/items")).json()
        assert [(line["sku_code"], line["problem"]) for line in cart["items"]] == [("A", None), ("B", "not_for_sale")]


async def test_a_cart_is_checked_out_once_under_its_key_and_is_empty_then(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    sku = await market.sku("A")
    await market.stock("A", 5)
    async with Client(market.shop, fresh_database) as client:
        await log_in_customer(client, new_email())
        empty = await client.command("/checkout", {"from_cart": True})
        assert empty.json()["type"] == "/problems/empty-order"
        await client.put("/api/v1/cart/items", json={"sku_id": str(sku.id), "quantity": 2})
        body = {"from_cart": True, "expected_net_fen": 2000}
        first = await client.command("/checkout", body, "key-1")
        assert (first.status_code, first.json()["state"]) == (201, "pending_payment"), first.text
        assert (await client.command("/checkout", body, "key-1")).json() == first.json()
        assert (await client.read("/cart/items")).json() == {"items": [], "total_fen": 0}
        order_no = first.json()["order_no"]
        shown = (await client.read(f"/orders/{order_no}")).json()
        assert (shown["state"], shown["pay_by"], shown["paid_at"]) == ("pending_payment", first.json()["pay_by"], None)
        cancelled = await client.command(f"/orders/{order_no}/cancellation")
        assert cancelled.json() == {"order_no": order_no, "state": "cancelled"}
    assert await market.one("select count(*) from shop.orders") == 1
