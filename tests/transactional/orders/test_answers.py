"""What buyers answer is readable for them and for those who deliver, and nowhere in the database."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from tests.faults.disguises import disguises
from tests.transactional.accounts.logged_in import new_customer
from tests.transactional.api_client import Client, log_in_staff
from tests.transactional.orders.goods import Market
from tests.transactional.small_shop import all_text
from transactional.accounts.persons import personal
from transactional.catalogue.forms import FormField
from transactional.db import reading, writing
from transactional.orders import answers, service
from transactional.orders.jobs import seal_answers

pytestmark = pytest.mark.anyio
ACCOUNT = FormField(name="account", label_zh="充值账号", label_en="Account")
SAID = "known-gamer-7741@example.net"


@pytest.fixture
async def client(market: Market, fresh_database: DatabaseUrls) -> AsyncIterator[Client]:
    async with Client(market.shop, fresh_database) as found:
        yield found


def shown_answers(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [said["value"] for item in answer.json()["items"] for said in item["answers"]]


async def test_answers_are_shown_to_their_buyer_and_to_those_who_deliver_alone(market: Market, client: Client) -> None:
    sku = await market.sku("TOPUP", "api_topup", form=(ACCOUNT,))
    li = await new_customer(client, market.shop)
    placed = await market.order(li, (sku, 1), answers={"account": SAID})
    assert shown_answers(await client.get(f"/api/v1/orders/{placed.order_no}")) == [SAID]
    page = await client.get(f"/orders/{placed.order_no}", headers={"accept-language": "zh"})
    assert SAID in page.text
    assert "充值账号" in page.text
    for role, seen in (("operator", [SAID]), ("auditor", []), ("buyer", [])):
        await log_in_staff(client, market.shop, role)
        assert shown_answers(await client.get(f"/api/v1/staff/orders/{placed.order_no}")) == seen, role


async def test_no_answer_is_readable_in_the_database(market: Market, fresh_database: DatabaseUrls) -> None:
    sku = await market.sku("TOPUP", "api_topup", form=(ACCOUNT,))
    await market.order(await market.customer("li"), (sku, 1), answers={"account": SAID})
    shown = (await all_text(fresh_database)).encode()
    assert [form for form in disguises(SAID) if form in shown] == []


async def test_rows_of_an_earlier_version_are_sealed_with_the_labels_of_today(market: Market) -> None:
    sku = await market.sku("TOPUP", "api_topup", form=(ACCOUNT,))
    li = await market.customer("li")
    placed = await market.order(li, (sku, 1), answers={"account": "x"})
    async with writing(market.shop.engine) as session:
        old = (
            "update shop.order_item set sealed_answers = null, answers_key_id = null, form_answers = cast(:it as jsonb)"
        )
        await session.execute(text(old), {"it": '{"account": "li", "server": "East"}'})
    assert await seal_answers(market.shop) == 1
    assert await seal_answers(market.shop) == 0
    assert await market.rows("select form_answers from shop.order_item") == [(None,)]
    async with reading(market.shop.engine) as session:
        [item] = (await service.order_with_answers(session, market.shop.vault, li.id, placed.order_no)).items
    assert [(said.label_zh, said.value) for said in item.answers] == [("充值账号", "li"), ("server", "East")]


async def test_answers_of_somebody_whose_key_was_destroyed_are_gone_and_the_order_is_not(market: Market) -> None:
    sku = await market.sku("TOPUP", "api_topup", form=(ACCOUNT,))
    li = await market.customer("li")
    placed = await market.order(li, (sku, 1), answers={"account": SAID})
    async with writing(market.shop.engine) as session:
        await personal.destroy_key(session, li.id)
    async with reading(market.shop.engine) as session:
        assert await answers.of_order(session, market.shop.vault, placed.order_no, li.id) == {}
        assert (await service.order_with_answers(session, market.shop.vault, li.id, placed.order_no)).order_no
