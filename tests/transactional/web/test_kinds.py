"""Every kind of product and every state of an order has a page that reads well, in both languages."""

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_customer, new_email
from tests.transactional.orders.goods import ACCOUNT, Market
from transactional.accounts import service as accounts
from transactional.db import reading
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
STATES = {
    "zh-CN": {"pending_payment": "立即付款", "fulfilling": "客服正在处理", "partially_delivered": "已生效"},
    "en": {"pending_payment": "Pay now", "fulfilling": "Being prepared by our staff", "partially_delivered": "Active"},
}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_pages_of_all_kinds_and_states(shop: Shop, fresh_database: DatabaseUrls, language: str) -> None:
    market = Market(shop)
    codes = await market.sku("A")
    await market.stock("A", 3)
    service = await market.sku("S", "manual_service", form=(ACCOUNT,))
    await market.sku("VIP", "membership", duration_days=30)
    await market.sku("BOX", "physical")
    await market.sku("TOP", "api_topup")
    pack = await market.bundle("PACK", 1500, {"VIP": 1, "S": 1})
    async with Client(shop, fresh_database, **{"accept-language": language}) as client:
        for slug in ("a", "s", "vip", "box", "top", "pack"):
            shown = await client.get(f"/products/{slug}")
            assert shown.status_code == 200
            assert "None" not in shown.text
        assert "VIP" in (await client.get("/products/pack")).text
        email = new_email()
        await log_in_customer(client, email)
        async with reading(shop.engine) as session:
            li = await accounts.customer_named(session, email)
        pending = await market.order(li, (codes, 1))
        made = await market.order(li, (service, 1), answers={"account": "li-at-home"})
        mixed = await market.order(li, (pack, 1), answers={"account": "x"})
        for placed in (made, mixed):
            await market.pay(placed)
        for placed in (pending, made, mixed):
            state = await market.state(placed.order_no)
            page = (await client.get(f"/orders/{placed.order_no}")).text
            assert STATES[language][state] in page
        assert "li-at-home" in (await client.get(f"/orders/{made.order_no}")).text
        assert "PACK × 1" in (await client.get(f"/orders/{mixed.order_no}")).text
        assert (await client.get("/orders")).status_code == 200
