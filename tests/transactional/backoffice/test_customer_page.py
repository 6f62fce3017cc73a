"""The desk's page of a customer: what people talk about on the telephone, and no more than that."""

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.api_ways.persons import HOME
from tests.transactional.payments.conftest import Till
from tests.transactional.payments.conftest import till as till  # noqa: PLC0414  (a fixture)
from tests.transactional.web.visits import enter_desk, visit
from transactional.accounts.persons import addresses
from transactional.aftersales import opening
from transactional.aftersales.schemas import NewCase
from transactional.db import writing

pytestmark = pytest.mark.anyio


async def test_addresses_are_masked_and_cases_lead_to_their_pages(till: Till, fresh_database: DatabaseUrls) -> None:
    customer, order, _ = await till.bought()
    units = tuple(unit.public_id for unit in await till.units(order))
    new = NewCase(order_no=order.order_no, unit_ids=units, reason="other", words="不能用")
    shop = till.shop
    async with writing(shop.engine) as session:
        await addresses.add(session, shop.vault, customer.id, HOME)
        case = await opening.open_case(session, shop.vault, customer.id, new, (), shop.zone)
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        page = await client.get(f"/desk/customers/{customer.public_id}", headers={"accept": "text/html"})
        seen = await visit(client, f"/desk/customers/{customer.public_id}")
    assert seen.faults == []
    assert "浙江省杭州市" in seen.text
    assert "李* 138****8000 · Default" in seen.text
    for sealed in (HOME["street"], HOME["recipient"], HOME["phone"], "不能用"):
        assert sealed not in page.text
    assert f'href="/desk/aftersales/{case.id}"' in page.text
    assert "New request" in seen.text
