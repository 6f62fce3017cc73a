"""Another address or number: only with the code that went there, told to the old one, nobody else's."""

from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.accounts.logged_in import log_in_as, new_customer
from tests.transactional.accounts.sent_codes import last_code, sent
from tests.transactional.api_client import PASSWORD, Client
from transactional.accounts import service as accounts
from transactional.accounts.persons import contacts
from transactional.accounts.persons.contact_changes import REPLACED
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading, writing
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
OLD, NEW = "li@example.com", "li.new@example.com"
FIRST, SECOND = "+8613800138000", "+8613905717788"


@pytest.fixture
async def li(shop: Shop) -> CustomerSubject:
    async with writing(shop.engine) as session:
        found = await accounts.register(session, OLD, PASSWORD, "Li")
        await contacts.set_phone(session, shop.vault, found.id, FIRST, clock.now())
        return found


@pytest.fixture
async def client(shop: Shop, li: CustomerSubject, fresh_database: DatabaseUrls) -> AsyncIterator[Client]:
    async with Client(shop, fresh_database) as found:
        await log_in_as(found, shop, li.id)
        yield found


async def present(shop: Shop, li: CustomerSubject) -> tuple[str, str | None]:
    async with reading(shop.engine) as session:
        email = await session.scalar(text("select email from shop.customer where id = :id"), {"id": li.id})
        return str(email), await contacts.phone_of(session, shop.vault, li.id)


async def ask(client: Client, typed: str) -> httpx.Response:
    return await client.post("/account/contacts", data={"identifier": typed})


async def confirm(client: Client, code: str) -> httpx.Response:
    return await client.post("/account/contacts/code", data={"code": code})


@pytest.mark.parametrize(
    ("typed", "target", "former", "after"),
    [(NEW, NEW, OLD, (NEW, FIRST)), ("139 0571 7788", SECOND, FIRST, (OLD, SECOND))],
)
async def test_the_code_moves_the_account_and_the_former_contact_hears_of_it(
    client: Client, shop: Shop, li: CustomerSubject, typed: str, target: str, former: str, after: tuple[str, str]
) -> None:
    asked = await ask(client, typed)
    assert (asked.status_code, asked.headers["location"]) == (303, "/account/contacts/code")
    assert await present(shop, li) == (OLD, FIRST)
    code = await last_code(shop, target)
    for _ in range(2):  # a double click
        done = await confirm(client, code)
        assert (done.status_code, done.headers["location"][:17]) == (303, "/account/contacts")
    assert await present(shop, li) == after
    assert [(purpose, word.target, word.code) for purpose, word in await sent(shop)][1:] == [(REPLACED, former, "")]
    async with reading(shop.engine) as session:
        told = await session.scalars(text("select kind from shop.notice where kind = 'contact_changed'"))
        assert list(told) == ["contact_changed"]


async def test_a_wrong_code_changes_nothing(client: Client, shop: Shop, li: CustomerSubject) -> None:
    await ask(client, NEW)
    right = await last_code(shop, NEW)
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    refused = await confirm(client, wrong)
    assert refused.status_code == 422
    assert await present(shop, li) == (OLD, FIRST)


async def test_a_contact_of_somebody_else_is_refused_only_to_whoever_holds_its_code(
    client: Client, shop: Shop, li: CustomerSubject
) -> None:
    async with writing(shop.engine) as session:
        wang = await accounts.register(session, NEW, PASSWORD, "Wang")
        await contacts.set_phone(session, shop.vault, wang.id, SECOND, clock.now())
    for typed, target in ((NEW, NEW), (SECOND, SECOND)):
        assert (await ask(client, typed)).status_code == 303
        assert (await confirm(client, await last_code(shop, target))).status_code == 409
    assert await present(shop, li) == (OLD, FIRST)


@pytest.mark.parametrize(
    ("typed", "status"), [("nonsense", 422), ("010-62770334", 422), (OLD, 409), ("13800138000", 409)]
)
async def test_what_cannot_take_a_code_or_is_there_already_is_refused(client: Client, typed: str, status: int) -> None:
    refused = await ask(client, typed)
    assert refused.status_code == status
    assert 'role="alert"' in refused.text or 'aria-invalid="true"' in refused.text


async def test_a_code_of_another_customer_is_worth_nothing(
    client: Client, shop: Shop, li: CustomerSubject, fresh_database: DatabaseUrls
) -> None:
    await ask(client, NEW)
    code = await last_code(shop, NEW)
    async with Client(shop, fresh_database) as other:
        await new_customer(other, shop)
        other.cookies.set("mingsuan_flow", client.cookies["mingsuan_flow"], domain="shop.test")
        assert (await confirm(other, code)).status_code == 422
    assert (await confirm(client, code)).status_code == 303
    assert await present(shop, li) == (NEW, FIRST)


async def test_pages_show_the_number_masked(client: Client) -> None:
    page = await client.get("/account/contacts")
    assert "138****8000" in page.text
    assert "13800138000" not in page.text
