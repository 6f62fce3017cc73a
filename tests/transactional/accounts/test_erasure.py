"""Personal data handed out whole, and erased for good: not while anything is open, books unchanged, nobody gets in."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.accounts.logged_in import log_in_as, new_customer
from tests.transactional.accounts.sent_codes import last_code
from tests.transactional.api_client import PASSWORD, Client
from tests.transactional.orders.goods import Market
from tests.transactional.small_shop import all_text
from transactional.accounts import service as accounts
from transactional.accounts.persons import addresses, consents, contacts, erasure, identity, identity_checks, personal
from transactional.accounts.persons.errors import NotErasableError
from transactional.accounts.persons.identity_rules import check_character
from transactional.accounts.schemas import CustomerSubject
from transactional.catalogue.forms import FormField
from transactional.db import reading, writing
from transactional.orders import service as orders
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
PHONE = "+8613905717788"
EMAIL = "known-person-441@example.com"
HOME = {
    "recipient": "韩梅梅",
    "phone": PHONE,
    "province": "浙江省",
    "city": "杭州市",
    "street": "known-street 7",
    "district": "",
    "postcode": "",
}
NUMBER = "33010619900307002" + check_character("33010619900307002")
ACCOUNT = FormField(name="account", label_zh="充值账号", label_en="Account")
SECRETS = (PHONE[3:], EMAIL, "known-street", "韩梅梅", "known-gamer", NUMBER)


@pytest.fixture
async def market(shop: Shop) -> Market:
    return Market(shop)


@pytest.fixture
async def client(market: Market, fresh_database: DatabaseUrls) -> AsyncIterator[Client]:
    async with Client(market.shop, fresh_database) as found:
        yield found


@pytest.fixture
async def known(market: Market, client: Client) -> CustomerSubject:
    """A customer of whom the shop holds one of everything; one order was cancelled, nothing is open."""
    shop = market.shop
    customer = await new_customer(client, shop, EMAIL)
    async with writing(shop.engine) as session:
        await contacts.set_phone(session, shop.vault, customer.id, PHONE, clock.now())
        await consents.give(session, customer.id, ["terms", "privacy", "refund_rule"], "zh_CN")
    assert (await client.command("/addresses", HOME)).status_code == 201
    await identity_checks.ask(shop, customer.id, "韩梅梅", NUMBER, "key", "zh_CN")
    sku = await market.sku("TOPUP", "api_topup", form=(ACCOUNT,))
    placed = await market.order(customer, (sku, 1), answers={"account": "known-gamer"})
    assert (await client.command(f"/orders/{placed.order_no}/cancellation")).status_code == 200
    async with writing(shop.engine) as session:
        await accounts.credit_wallet(session, customer, 500, "goodwill", "gift", shop.zone)
    other = await market.customer("other")
    async with writing(shop.engine) as session:  # spent since
        await session.execute(text("update shop.wallet set balance_fen = 0 where customer_id <> :id"), {"id": other.id})
    return customer


async def one(market: Market, sql: str, **values: Any) -> Any:
    return await market.one(sql, **values)


async def test_the_file_holds_everything_in_clear_and_no_secret(
    market: Market, client: Client, known: CustomerSubject
) -> None:
    answer = await client.get("/account/data/export")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "no-store" in answer.headers["cache-control"]
    for secret in SECRETS:
        assert secret in answer.text
    told = answer.json()
    assert told["addresses"][0]["street"] == "known-street 7"
    assert told["orders"][0]["items"][0]["answers"][0]["value"] == "known-gamer"
    assert [each["document"] for each in told["records"]["consent"]] == ["terms", "privacy", "refund_rule", "identity"]
    assert told["records"]["customer"][0]["email"] == EMAIL
    for word in ("argon2", "token", "fingerprint", "\\x"):
        assert word not in answer.text


async def test_the_file_holds_nothing_of_anybody_else(
    market: Market, client: Client, known: CustomerSubject, fresh_database: DatabaseUrls
) -> None:
    async with Client(market.shop, fresh_database) as other:
        await new_customer(other, market.shop)
        answer = await other.get("/account/data/export")
    assert [secret for secret in SECRETS if secret in answer.text] == []
    assert answer.json()["orders"] == []


async def test_erasure_leaves_a_tombstone_and_the_books(
    market: Market, client: Client, known: CustomerSubject, fresh_database: DatabaseUrls
) -> None:
    shop = market.shop
    kept = "select id, net_fen, state, customer_id from shop.orders", "select * from shop.ledger_entry"
    before = [await market.rows(sql) for sql in kept]
    assert all(before)
    answer = await client.post("/account/data/erasure", data={"password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    told = await all_text(fresh_database)
    for secret in SECRETS:
        assert secret not in told
        assert secret.encode().hex() not in told
    assert [await market.rows(sql) for sql in kept] == before
    row = "select email, display_name, password_hash, phone_index, sealed_phone, erased_at is null from shop.customer"
    assert await market.rows(f"{row} where id = :id", id=known.id) == [(None, None, None, None, None, False)]
    assert await one(market, "select count(*) from shop.data_key where purpose = 'person' and wrapped <> ''") == 0
    async with reading(shop.engine) as session:
        assert await addresses.list_of(session, shop.vault, known.id) == ()
        assert await identity.verified_name(session, shop.vault, known.id) is None
        assert await contacts.customer_by_phone(session, shop.vault, PHONE) is None
        [summary] = (await orders.orders(session, known.id)).items
        order = await orders.order_with_answers(session, shop.vault, known.id, summary.order_no)
        assert order.items[0].answers == ()


async def test_nobody_gets_in_any_more_and_nothing_is_sealed_again(
    market: Market, client: Client, known: CustomerSubject
) -> None:
    await client.post("/account/data/erasure", data={"password": PASSWORD})
    assert (await client.read("/addresses")).status_code == 401
    again = await client.post("/account/data/erasure", data={"password": PASSWORD})
    assert again.headers.get("location", "").startswith("/log-in") or again.status_code == 401
    await log_in_as(client, market.shop, known.id)  # a log-in that was under way meanwhile
    assert (await client.read("/addresses")).status_code == 401
    with pytest.raises(personal.ErasedError):
        async with writing(market.shop.engine) as session:
            await addresses.add(session, market.shop.vault, known.id, HOME)


async def test_address_number_and_identity_are_free_for_a_new_account(
    market: Market, client: Client, known: CustomerSubject
) -> None:
    await client.post("/account/data/erasure", data={"password": PASSWORD})
    client.cookies.clear()
    anew = await new_customer(client, market.shop, EMAIL)
    async with writing(market.shop.engine) as session:
        await contacts.set_phone(session, market.shop.vault, anew.id, PHONE, clock.now())
    await identity_checks.ask(market.shop, anew.id, "韩梅梅", NUMBER, "key", "zh_CN")
    async with reading(market.shop.engine) as session:
        assert (await identity.standing(session, market.shop.vault, anew.id)).state == "checking"


async def test_a_code_does_in_place_of_a_password_and_wrong_ones_are_refused(
    market: Market, client: Client, known: CustomerSubject
) -> None:
    wrong = await client.post("/account/data/erasure", data={"password": "not the password"})
    assert wrong.status_code == 422
    assert (await client.post("/account/data/code")).status_code == 303
    code = await last_code(market.shop, PHONE)
    bad = f"{(int(code) + 1) % 1_000_000:06}"
    assert (await client.post("/account/data/erasure", data={"code": bad})).status_code == 422
    assert await one(market, "select count(*) from shop.customer where erased_at is not null") == 0
    assert (await client.post("/account/data/erasure", data={"code": code})).status_code == 303
    assert await one(market, "select count(*) from shop.customer where erased_at is not null") == 1


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("update shop.wallet set balance_fen = 5 where customer_id = :id", "¥0.05"),
        ("update shop.orders set state = 'fulfilling' where customer_id = :id", "An order is not finished."),
        ("update shop.orders set state = 'refund_pending' where customer_id = :id", "An order is not finished."),
        (
            "insert into shop.withdrawal (customer_id, state, amount_fen, confirmed_by)"
            " values (:id, 'requested', 1, 'password')",
            "Money is on its way.",
        ),
    ],
)
async def test_erasure_waits_for_what_is_open_and_says_what(
    market: Market, client: Client, known: CustomerSubject, sql: str, words: str
) -> None:
    async with writing(market.shop.engine) as session:
        await session.execute(text(sql), {"id": known.id})
    assert words in (await client.get("/account/data")).text
    refused = await client.post("/account/data/erasure", data={"password": PASSWORD})
    assert refused.status_code == 409
    assert words in refused.text
    with pytest.raises(NotErasableError):
        async with writing(market.shop.engine) as session:
            await erasure.erase(session, known.id)
    assert await one(market, "select count(*) from shop.customer where erased_at is not null") == 0
    assert (await client.read("/addresses")).json()["items"]


async def test_documents_are_agreed_to_again_in_a_new_version_and_identity_can_be_taken_back(
    market: Market, client: Client, known: CustomerSubject
) -> None:
    async with writing(market.shop.engine) as session:
        assert await consents.missing(session, known.id) == ()
        columns = "customer_id, document, version, act, language"
        old = f"insert into shop.consent ({columns}) values (:id, 'terms', '1999', 'given', 'en')"
        await session.execute(text(old), {"id": known.id})
        assert await consents.missing(session, known.id) == ("terms",)
    assert "present version" in (await client.get("/account/data")).text
    assert (await client.post("/account/data/consents")).status_code == 303
    async with reading(market.shop.engine) as session:
        assert await consents.missing(session, known.id) == ()
    assert (await client.post("/account/data/consents/terms/withdrawal")).status_code == 404
    for _ in range(2):
        assert (await client.post("/account/data/consents/identity/withdrawal")).status_code == 303
    assert await market.rows("select state, sealed from shop.identity_check") == [("refused", None)]
    acts = "select act from shop.consent where document = 'identity' order by id"
    assert await market.rows(acts) == [("given",), ("withdrawn",)]
