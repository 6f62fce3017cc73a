"""Addresses: checked field by field, one default, sealed at rest, nobody else's."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.accounts.logged_in import new_customer
from tests.transactional.api_client import Client
from tests.transactional.small_shop import Stocked, all_text
from transactional.accounts.persons import addresses
from transactional.accounts.persons.address_rules import PROVINCES
from transactional.accounts.persons.errors import TooManyAddressesError
from transactional.accounts.persons.schemas import AddressView
from transactional.db import reading, writing
from transactional.errors import InvalidInputError, NotFoundError

pytestmark = pytest.mark.anyio
HOME = {
    "recipient": "韩梅梅",
    "phone": "139 0571 7788",
    "province": "浙江省",
    "city": "杭州市",
    "district": "西湖区",
    "street": "文三路 90 号 known-house 7",
    "postcode": "310012",
}
GOOD = {**HOME, "phone": "13905717788"}


@pytest.fixture
async def client(stocked: Stocked, fresh_database: DatabaseUrls) -> AsyncIterator[Client]:
    async with Client(stocked.shop, fresh_database) as found:
        yield found


async def add(stocked: Stocked, customer_id: int, **changes: str) -> UUID:
    async with writing(stocked.shop.engine) as session:
        return await addresses.add(session, stocked.shop.vault, customer_id, {**GOOD, **changes})


async def listed(stocked: Stocked, customer_id: int) -> tuple[AddressView, ...]:
    async with reading(stocked.shop.engine) as session:
        return await addresses.list_of(session, stocked.shop.vault, customer_id)


def test_there_are_34_places_of_the_first_level() -> None:
    assert len(set(PROVINCES)) == 34


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipient", ""),
        ("recipient", "李\x07雷"),
        ("phone", "12345"),
        ("province", "浙江"),
        ("city", ""),
        ("street", "7"),
        ("street", "长" * 161),
        ("postcode", "31001"),
    ],
)
def test_each_wrong_field_is_named_alone(field: str, value: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        addresses.checked({**GOOD, field: value})
    assert [problem.place for problem in refused.value.problems] == [field]


def test_what_need_not_be_there_may_be_left_out_and_a_landline_will_do() -> None:
    kept = addresses.checked({**GOOD, "district": "", "postcode": "", "phone": "0571-87654321"})
    assert kept["phone"] == "+8657187654321"


async def test_the_first_is_the_default_and_its_removal_hands_that_on(stocked: Stocked) -> None:
    li = await stocked.customer("li")
    first, second = await add(stocked, li.id), await add(stocked, li.id, street="二号楼")
    third = await add(stocked, li.id, street="三号楼")
    assert [(row.id, row.is_default) for row in await listed(stocked, li.id)] == [
        (first, True),
        (third, False),
        (second, False),
    ]
    async with writing(stocked.shop.engine) as session:
        await addresses.make_default(session, li.id, second)
        await addresses.remove(session, li.id, second)
        await addresses.remove(session, li.id, second)
    assert [(row.id, row.is_default) for row in await listed(stocked, li.id)] == [(third, True), (first, False)]
    assert await stocked.rows("select sealed from shop.address where removed_at is not null") == [(b"",)]


async def test_many_at_once_leave_one_default_and_no_more_than_the_limit(stocked: Stocked) -> None:
    li = await stocked.customer("li")
    done = await asyncio.gather(*(add(stocked, li.id) for _ in range(addresses.AT_MOST + 3)), return_exceptions=True)
    assert sum(isinstance(each, TooManyAddressesError) for each in done) == 3
    shown = await listed(stocked, li.id)
    assert (len(shown), sum(row.is_default for row in shown)) == (addresses.AT_MOST, 1)


async def test_nobody_elses_address_is_there(stocked: Stocked) -> None:
    li, wang = await stocked.customer("li"), await stocked.customer("wang")
    home = await add(stocked, li.id)
    async with writing(stocked.shop.engine) as session:
        vault = stocked.shop.vault
        for act in (
            addresses.one(session, vault, wang.id, home),
            addresses.change(session, vault, wang.id, home, GOOD),
            addresses.make_default(session, wang.id, home),
            addresses.remove(session, wang.id, home),
        ):
            with pytest.raises(NotFoundError):
                await act
    assert await listed(stocked, wang.id) == ()


async def test_the_database_shows_nothing_of_where_somebody_lives(
    stocked: Stocked, client: Client, fresh_database: DatabaseUrls
) -> None:
    await new_customer(client, stocked.shop)
    saved = await client.command("/addresses", HOME, "one-key")
    assert saved.status_code == 201, saved.text
    assert (await client.command("/addresses", HOME, "one-key")).json() == saved.json()
    assert (await client.command("/addresses", {**HOME, "city": "宁波市"}, "one-key")).status_code == 422
    [shown] = (await client.read("/addresses")).json()["items"]
    assert (shown["phone"], shown["street"], shown["is_default"]) == ("+8613905717788", HOME["street"], True)
    told = await all_text(fresh_database)
    for secret in ("韩梅梅", "13905717788", "known-house", "文三路"):
        assert secret not in told
        assert secret.encode().hex() not in told


async def test_the_form_says_what_is_wrong_keeps_what_was_typed_and_saves_once(
    stocked: Stocked, client: Client
) -> None:
    await new_customer(client, stocked.shop)
    refused = await client.post("/addresses/new", data={**HOME, "postcode": "1", "idempotency_key": "k" * 10})
    assert refused.status_code == 422
    assert "A postcode has six digits." in refused.text
    assert "known-house 7" in refused.text
    for _ in range(2):
        saved = await client.post("/addresses/new", data={**HOME, "idempotency_key": "l" * 10})
        assert (saved.status_code, saved.headers["location"]) == (303, "/addresses")
    [shown] = (await client.read("/addresses")).json()["items"]
    page = await client.get("/addresses")
    assert "139****7788" in page.text
    assert "13905717788" not in page.text
    changed = await client.post(f"/addresses/{shown['id']}", data={**HOME, "city": "宁波市"})
    assert changed.status_code == 303
    assert "宁波市" in (await client.get("/addresses")).text
    assert (await client.post(f"/addresses/{shown['id']}/removal")).status_code == 303
    assert (await client.get(f"/addresses/{shown['id']}")).status_code == 404
    elsewhere = await client.post(
        "/addresses/new", data={**HOME, "next": "//evil.example", "idempotency_key": "m" * 10}
    )
    assert elsewhere.headers["location"] == "/addresses"
