"""What staff deliver: services, top-ups and parcels, sealed for their owners, each once."""

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_customer, log_in_staff, new_email
from tests.transactional.orders.goods import ACCOUNT, Market
from tests.transactional.small_shop import all_text
from transactional.accounts import service as accounts
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading

pytestmark = pytest.mark.anyio
SECRET = "login li / password Xyzzy-1985"


async def shopper(market: Market, client: Client) -> CustomerSubject:
    email = new_email()
    await log_in_customer(client, email)
    async with reading(market.shop.engine) as session:
        return await accounts.customer_named(session, email)


async def test_a_service_is_handed_over_once_sealed_and_shown_to_its_owner_only(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    sku = await market.sku("S", "manual_service", 900, form=(ACCOUNT,))
    async with Client(market.shop, fresh_database) as client:
        li = await shopper(market, client)
        placed = await market.order(li, (sku, 1), answers={"account": "li"})
        [unit] = await market.fulfilment_ids(placed.order_no)
        await log_in_staff(client, market.shop, "operator")
        body = {"content": SECRET, "cost_fen": 250}
        early = await client.command(f"/staff/fulfilments/{unit}/deliveries", body)
        assert early.json()["type"] == "/problems/unit-not-waiting"
        await market.pay(placed)
        done = await client.command(f"/staff/fulfilments/{unit}/deliveries", body, "key-1")
        assert (done.status_code, done.json()["order_state"]) == (201, "delivered")
        again = await client.command(f"/staff/fulfilments/{unit}/deliveries", body, "key-1")
        assert again.json() == done.json()
        twice = await client.command(f"/staff/fulfilments/{unit}/deliveries", body)
        assert twice.json()["type"] == "/problems/unit-not-waiting"
        order = (await client.read(f"/orders/{placed.order_no}")).json()
        assert order["items"][0]["units"][0]["is_revealable"]
        assert SECRET not in str(order)
    assert SECRET not in await all_text(fresh_database)
    assert await market.balances() == {
        "gateway_receivable": 900,
        "sales": -900,
        "cogs": 250,
        "supplier_payable": -250,
    }
    assert await market.one("select count(*) from shop.staff_act where act = 'deliver_by_hand'") == 1


async def test_a_parcel_leaves_the_stock_when_it_is_shipped_not_when_it_is_paid(
    market: Market, fresh_database: DatabaseUrls
) -> None:
    sku = await market.sku("BOX", "physical", 5000)
    await market.units("BOX", 2, 3000)
    async with Client(market.shop, fresh_database) as client:
        li = await shopper(market, client)
        placed = await market.order(li, (sku, 1))
        await market.pay(placed)
        assert (await market.balances())["card_inventory"] == 6000
        assert await market.state(placed.order_no) == "fulfilling"
        [unit] = await market.fulfilment_ids(placed.order_no)
        parcel = {"courier": "SF", "tracking_no": "SF-1234567"}
        assert (await client.command(f"/staff/fulfilments/{unit}/parcels", parcel)).status_code == 401
        await log_in_staff(client, market.shop, "auditor")
        assert (await client.command(f"/staff/fulfilments/{unit}/parcels", parcel)).status_code == 403
        await log_in_staff(client, market.shop, "operator")
        assert (await client.command(f"/staff/fulfilments/{unit}/deliveries", {"content": "x"})).status_code == 409
        shipped = await client.command(f"/staff/fulfilments/{unit}/parcels", parcel)
        assert shipped.json()["order_state"] == "delivered"
    balances = await market.balances()
    assert (balances["card_inventory"], balances["cogs"], balances["sales"]) == (3000, 3000, -5000)


async def test_a_physical_unit_that_was_paid_is_kept_however_long_it_takes(market: Market) -> None:
    sku = await market.sku("BOX", "physical", 5000)
    await market.units("BOX", 1, 3000)
    placed = await market.order(await market.customer("li"), (sku, 1))
    await market.pay(placed)
    assert await market.rows("select free_at = 'infinity', held_item_id is not null, state from shop.card") == [
        (True, True, "available")
    ]
