"""From the cart through the checkout: what is shown is what is bought, and what is not handed over can be given up."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_customer, new_email
from tests.transactional.orders.goods import ACCOUNT, Market
from tests.transactional.web.visits import send, visit
from transactional.accounts import service as accounts
from transactional.accounts.schemas import CustomerSubject
from transactional.db import writing
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
MONEY_FEN = 50_000


@dataclass(frozen=True)
class Visitor:
    """A logged-in shopper with money, in a shop with goods of three kinds at ¥10."""

    client: Client
    market: Market
    customer: CustomerSubject
    skus: dict[str, str]

    async def balance(self) -> int:
        return int(
            await self.market.one("select balance_fen from shop.wallet where customer_id = :id", id=self.customer.id)
        )

    async def put(self, code: str, quantity: int, act: str = "set") -> None:
        answer = await send(self.client, "/cart", sku=self.skus[code], quantity=str(quantity), act=act)
        assert (answer.status_code, answer.headers["location"]) == (303, "/cart")

    async def cart(self) -> dict[str, int]:
        answer = await self.client.read("/cart/items")
        assert answer.status_code == 200, answer.text
        found = answer.json()["items"]
        return {line["sku_code"]: line["quantity"] for line in found}


@pytest.fixture
async def visitor(shop: Shop, fresh_database: DatabaseUrls) -> AsyncIterator[Visitor]:
    market = Market(shop)
    skus = {
        "CODE": await market.sku("CODE"),
        "OTHER": await market.sku("OTHER"),
        "HAND": await market.sku("HAND", "manual_service", form=(ACCOUNT,)),
    }
    await market.stock("CODE", 5)
    await market.stock("OTHER", 1)
    async with Client(shop, fresh_database, **{"accept-language": "zh-CN"}) as client:
        email = new_email()
        await log_in_customer(client, email)
        async with writing(shop.engine) as session:
            customer = await accounts.customer_named(session, email)
            await accounts.credit_wallet(session, customer, MONEY_FEN, "bank", "start", shop.zone)
        yield Visitor(client, market, customer, {code: str(sku.id) for code, sku in skus.items()})


async def test_putting_twice_sets_and_adding_never_lowers(visitor: Visitor) -> None:
    await visitor.put("CODE", 3)
    await visitor.put("CODE", 3)
    await visitor.put("CODE", 1, "add")
    assert await visitor.cart() == {"CODE": 3}
    await visitor.put("CODE", 2)
    assert await visitor.cart() == {"CODE": 2}
    await visitor.put("CODE", 9, "remove")
    assert await visitor.cart() == {}
    assert "购物车还是空的" in (await visit(visitor.client, "/cart")).text
    assert (await visitor.client.get("/checkout?cart=1")).headers["location"] == "/cart"


async def test_the_cart_says_what_cannot_be_had_and_the_checkout_leaves_it_out(visitor: Visitor) -> None:
    await visitor.put("CODE", 2)
    await visitor.put("OTHER", 2)
    cart = await visit(visitor.client, "/cart")
    assert "仅剩 1 件" in cart.text
    assert "¥20.00" in cart.text
    checkout = await visit(visitor.client, "/checkout?cart=1")
    assert "OTHER" not in checkout.text
    assert checkout.fields["total_fen"] == "2000"


async def test_a_whole_cart_becomes_one_order_with_the_answers_of_each_line(visitor: Visitor) -> None:
    await visitor.put("CODE", 2)
    await visitor.put("HAND", 1)
    form = await _form(visitor, "/checkout?cart=1")
    refused = await visitor.client.post("/checkout", data={**form, "door": "wallet"})
    assert refused.status_code == 422
    assert refused.text.count('aria-invalid="true"') == 1
    assert await visitor.balance() == MONEY_FEN
    form = _sent(refused.text)
    bought = await visitor.client.post("/checkout", data={**form, "door": "wallet", "answer_1_account": "li-at-home"})
    assert bought.status_code == 303
    again = await visitor.client.post("/checkout", data={**form, "door": "wallet", "answer_1_account": "li-at-home"})
    assert again.headers["location"] == bought.headers["location"]
    assert await visitor.balance() == MONEY_FEN - 3000
    assert await visitor.cart() == {}
    order = await visit(visitor.client, bought.headers["location"])
    assert "li-at-home" in order.text


async def test_a_price_that_changed_since_it_was_shown_buys_nothing(visitor: Visitor) -> None:
    form = await _form(visitor, f"/checkout?sku={visitor.skus['CODE']}&quantity=2")
    refused = await visitor.client.post("/checkout", data={**form, "door": "wallet", "total_fen": "1999"})
    assert refused.status_code == 409
    assert _sent(refused.text)["total_fen"] == "2000"
    assert await visitor.balance() == MONEY_FEN


async def test_what_waits_is_given_up_alone_and_what_was_handed_over_stays(visitor: Visitor) -> None:
    await visitor.put("CODE", 1)
    await visitor.put("HAND", 1)
    form = await _form(visitor, "/checkout?cart=1")
    bought = await visitor.client.post("/checkout", data={**form, "door": "wallet", "answer_1_account": "x"})
    address = bought.headers["location"]
    assert "取消未交付的部分" in (await visit(visitor.client, address)).text
    for _ in range(2):
        assert (await send(visitor.client, f"{address}/cancel")).headers["location"] == address
        assert await visitor.balance() == MONEY_FEN - 1000
    shown = await visit(visitor.client, address)
    assert "取消未交付的部分" not in shown.text
    assert shown.text.count("查看卡密") == 1


async def test_a_delivered_order_is_completed_by_its_owner(visitor: Visitor) -> None:
    form = await _form(visitor, f"/checkout?sku={visitor.skus['CODE']}&quantity=1")
    address = (await visitor.client.post("/checkout", data={**form, "door": "wallet"})).headers["location"]
    assert (await send(visitor.client, f"{address}/cancel")).status_code == 303
    assert await visitor.balance() == MONEY_FEN - 1000
    for _ in range(2):
        assert (await send(visitor.client, f"{address}/completion")).status_code == 303
    assert await visitor.market.state(address.rpartition("/")[2]) == "completed"


async def _form(visitor: Visitor, address: str) -> dict[str, list[str] | str]:
    answer = await visitor.client.get(address, headers={"accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return _sent(answer.text)


def _sent(html: str) -> dict[str, list[str] | str]:
    """The hidden fields of the checkout's form, as a browser sends them."""
    main = html[html.index('<form method="post" action="/checkout"') :]
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main[: main.index("</form>")]):
        found.setdefault(name, []).append(value)
    ticked = {"agreed": "1"} if 'name="agreed"' in main else {}
    return ticked | {name: values if len(values) > 1 else values[0] for name, values in found.items()}
