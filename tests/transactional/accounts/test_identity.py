"""Identity checks: sent once, decided once, whatever the provider does; sealed, one account each, forgotten in time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from simulation.identity import APP_ID, Fault, Registry, router
from tests.transactional.accounts.logged_in import new_customer
from tests.transactional.api_client import Client, log_in_staff
from tests.transactional.small_shop import Stocked, all_text
from transactional.accounts.entry.errors import TooManyTriesError
from transactional.accounts.jobs import purge_identities
from transactional.accounts.persons import consents, identity, identity_checks, identity_queries
from transactional.accounts.persons.errors import IdentityTakenError
from transactional.accounts.persons.identity_http import SignedProvider
from transactional.accounts.persons.identity_provider import ManualReview
from transactional.accounts.persons.identity_rules import check_character
from transactional.accounts.persons.schemas import IdentityView
from transactional.db import reading, writing
from transactional.errors import InvalidInputError
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
SECRET = b"a secret of the provider"
NAME = "韩梅梅"


def number_of(born: date, sequence: int = 2) -> str:
    first = f"330106{born:%Y%m%d}{sequence:03}"
    return first + check_character(first)


NUMBER = number_of(date(1990, 3, 7))


@pytest.fixture
def registry() -> Registry:
    return Registry(SECRET)


@pytest.fixture
async def shop(shop: Shop, registry: Registry) -> AsyncIterator[Shop]:
    """The shop with the simulated provider."""
    app = FastAPI()
    app.include_router(router(registry), prefix="/identity")
    provider = SignedProvider("http://id.test/identity", APP_ID, SECRET, httpx.ASGITransport(app))
    yield replace(shop, identity=provider)
    await provider.aclose()


async def ask(shop: Shop, customer_id: int, name: str = NAME, number: str = NUMBER, key: str = "key") -> IdentityView:
    await identity_checks.ask(shop, customer_id, name, number, key, "zh_CN")
    return await standing(shop, customer_id)


async def standing(shop: Shop, customer_id: int) -> IdentityView:
    async with reading(shop.engine) as session:
        return await identity.standing(session, shop.vault, customer_id)


async def test_a_match_verifies_and_tells_the_name_to_those_who_may_know_it(stocked: Stocked, shop: Shop) -> None:
    li = await stocked.customer("li")
    shown = await ask(shop, li.id)
    assert (shown.state, shown.name, shown.number, shown.is_adult) == (
        "verified",
        "韩**",
        f"3{'*' * 16}{NUMBER[-1]}",
        True,
    )
    async with reading(shop.engine) as session:
        assert await identity.verified_name(session, shop.vault, li.id) == NAME
        assert await identity.is_verified_adult(session, li.id)
        assert await consents.has_given(session, li.id, "identity")
    assert await stocked.rows("select target, operation, outcome from shop.external_call") == [
        ("identity", "submit", "succeeded")
    ]


@pytest.mark.parametrize(("name", "reason"), [("韩不同", "mismatch"), ("韩无此", "no_record")])
async def test_a_refusal_says_why_and_another_try_is_possible(
    stocked: Stocked, shop: Shop, name: str, reason: str
) -> None:
    li = await stocked.customer("li")
    shown = await ask(shop, li.id, name)
    assert (shown.state, shown.reason) == ("refused", reason)
    async with reading(shop.engine) as session:
        assert await identity.verified_name(session, shop.vault, li.id) is None
        assert not await identity.is_verified_adult(session, li.id)
    assert (await ask(shop, li.id, key="again")).state == "verified"


async def test_somebody_of_17_is_verified_and_no_adult(stocked: Stocked, shop: Shop) -> None:
    today = clock.now().date()
    li = await stocked.customer("li")
    shown = await ask(shop, li.id, number=number_of(today.replace(year=today.year - 18) + timedelta(days=2)))
    assert (shown.state, shown.is_adult) == ("verified", False)
    async with reading(shop.engine) as session:
        assert not await identity.is_verified_adult(session, li.id)


@pytest.mark.parametrize("fault", ["server_error_after", "unsigned", "bad_signature", "busy"])
async def test_an_answer_that_says_nothing_is_asked_for_again_and_never_sent_twice(
    stocked: Stocked, shop: Shop, registry: Registry, fault: Fault
) -> None:
    registry.faults.append(fault)
    li = await stocked.customer("li")
    assert (await ask(shop, li.id)).state == "checking"
    assert await stocked.rows("select state from shop.identity_check") == [("unknown",)]
    assert await identity_checks.ask_due(shop) == 0  # not so soon
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert await identity_checks.ask_due(shop) == 1
    assert (await standing(shop, li.id)).state == "verified"
    assert len(registry.submissions) == 1


async def test_what_the_provider_never_got_stays_open_and_becomes_a_case(
    stocked: Stocked, shop: Shop, registry: Registry
) -> None:
    registry.faults.append("server_error")
    li = await stocked.customer("li")
    await ask(shop, li.id)
    began = clock.now()
    for minutes in (2, 10, 24 * 60 + 1):
        with clock.at(began + timedelta(minutes=minutes)):
            assert await identity_checks.ask_due(shop) == 1
    assert (await standing(shop, li.id)).state == "checking"
    assert registry.submissions == []
    assert await stocked.rows("select kind, state from shop.review_case") == [("identity_check", "open")]


async def test_a_slow_provider_is_waited_for(stocked: Stocked, shop: Shop) -> None:
    li = await stocked.customer("li")
    assert (await ask(shop, li.id, "韩慢慢")).state == "checking"
    with clock.at(clock.now() + timedelta(minutes=2)):
        await identity_checks.ask_due(shop)
    assert (await standing(shop, li.id)).state == "verified"


async def test_double_clicks_and_two_tabs_send_one_request(stocked: Stocked, shop: Shop, registry: Registry) -> None:
    li = await stocked.customer("li")
    keys = ["tab 1", "tab 1", "tab 2", "tab 2"]
    await asyncio.gather(*(ask(shop, li.id, key=key) for key in keys), return_exceptions=True)
    await ask(shop, li.id, key="tab 1")
    assert len(registry.submissions) == 1
    assert (await standing(shop, li.id)).state == "verified"


async def test_one_identity_verifies_one_account_also_at_the_same_instant(stocked: Stocked, shop: Shop) -> None:
    people = [await stocked.customer(f"p{n}") for n in range(4)]
    done = await asyncio.gather(*(ask(shop, each.id, key=f"k{each.id}") for each in people), return_exceptions=True)
    assert sum(isinstance(each, IdentityTakenError) for each in done) == 3
    assert await stocked.rows("select count(*) from shop.identity_check") == [(1,)]


async def test_tries_are_limited_and_nonsense_uses_none_up(stocked: Stocked, shop: Shop) -> None:
    li = await stocked.customer("li")
    for n in range(10):
        with pytest.raises(InvalidInputError):
            await ask(shop, li.id, number=NUMBER[:-1], key=f"nonsense {n}")
    for n in range(5):
        assert (await ask(shop, li.id, "韩不同", key=f"try {n}")).state == "refused"
    with pytest.raises(TooManyTriesError):
        await ask(shop, li.id, key="one more")


async def test_names_and_numbers_are_gone_after_their_time_and_still_verify_no_second_account(
    stocked: Stocked, shop: Shop
) -> None:
    li, wang, refused = [await stocked.customer(name) for name in ("li", "wang", "zhao")]
    await ask(shop, li.id)
    await ask(shop, refused.id, "韩不同", number_of(date(1991, 1, 1)))
    days = 180
    with clock.at(clock.now() + timedelta(days=days - 1)):
        assert await purge_identities(shop) == 0
    with clock.at(clock.now() + timedelta(days=days + 1)):
        assert await purge_identities(shop) == 2
        assert await purge_identities(shop) == 0
    shown = await standing(shop, li.id)
    assert (shown.state, shown.name, shown.number) == ("verified", None, None)
    async with reading(shop.engine) as session:
        assert await identity.verified_name(session, shop.vault, li.id) is None
        assert await identity.is_verified_adult(session, li.id)
    with pytest.raises(IdentityTakenError):
        await ask(shop, wang.id)
    left = "select state, sealed, length(number_index) from shop.identity_check order by id"
    assert await stocked.rows(left) == [("verified", None, 32), ("refused", None, 0)]


async def test_without_a_provider_staff_decide_once_and_on_record(
    stocked: Stocked, fresh_database: DatabaseUrls
) -> None:
    shop = replace(stocked.shop, identity=ManualReview())
    li = await stocked.customer("li")
    assert (await ask(shop, li.id)).state == "checking"
    assert await identity_checks.ask_due(shop) == 0
    [(check,)] = await stocked.rows("select public_id from shop.identity_check")
    assert await stocked.rows("select subject, detail from shop.review_case") == [(f"identity:{check}", {})]
    async with Client(shop, fresh_database) as client:
        for role, allowed in (("auditor", 403), ("buyer", 403), ("operator", 200)):
            await log_in_staff(client, shop, role)
            page = await client.get(f"/desk/identity/{check}")
            assert (page.status_code, NUMBER in page.text) == (allowed, allowed == 200), role
            if allowed == 403:
                answer = await client.post(f"/desk/identity/{check}", data={"verdict": "verified"})
                assert answer.status_code == 403
        [(case,)] = await stocked.rows("select public_id from shop.review_case")
        assert f"/desk/identity/{check}" in (await client.get(f"/desk/review/{case}")).text
        for verdict in ("verified", "verified", "refused"):
            assert (await client.post(f"/desk/identity/{check}", data={"verdict": verdict})).status_code == 303
    assert (await standing(shop, li.id)).state == "verified"
    assert await stocked.rows("select act, subject from shop.staff_act where act = 'decide_identity'") == [
        ("decide_identity", f"identity:{check}")
    ]
    assert await stocked.rows("select state from shop.review_case") == [("resolved",)]


async def test_page_and_api_say_how_far_it_is_and_never_repeat_the_number(
    stocked: Stocked, shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await new_customer(client, shop)
        form = {"name": NAME, "number": NUMBER, "idempotency_key": "0123456789"}
        refused = await client.post("/account/identity", data=form)
        assert refused.status_code == 422
        assert "Please agree to the check first." in refused.text
        assert NUMBER not in refused.text
        wrong = await client.post("/account/identity", data={**form, "number": NUMBER[:-1], "agreed": "yes"})
        assert (wrong.status_code, NUMBER[:-1] in wrong.text) == (422, False)
        for _ in range(2):
            assert (await client.post("/account/identity", data={**form, "agreed": "yes"})).status_code == 303
        page = await client.get("/account/identity")
        assert "Your identity is verified." in page.text
        assert NUMBER not in page.text
        body = {"name": NAME, "number": NUMBER, "agreed": True}
        again = await client.command("/identity", body)
        assert (again.status_code, again.json()["state"]) == (201, "verified")
        assert (await client.read("/identity")).json()["name"] == "韩**"
    told = await all_text(fresh_database)
    for secret in (NUMBER, NAME):
        assert secret not in told
        assert secret.encode().hex() not in told


async def test_two_accounts_that_are_open_at_once_do_not_both_end_verified(
    stocked: Stocked, shop: Shop, registry: Registry
) -> None:
    """An older row of another account that staff verify meanwhile wins; the provider's match is refused."""
    li, wang = await stocked.customer("li"), await stocked.customer("wang")
    registry.faults.append("server_error_after")
    await ask(shop, li.id)
    async with writing(shop.engine) as session:
        await session.execute(
            text(
                "insert into shop.identity_check (customer_id, provider, state, number_index, is_adult, keep_until,"
                " purged_at) select :wang, 'manual', 'verified', number_index, true, now(), now()"
                " from shop.identity_check"
            ),
            {"wang": wang.id},
        )
    with clock.at(clock.now() + timedelta(minutes=2)):
        await identity_checks.ask_due(shop)
    shown = await standing(shop, li.id)
    assert (shown.state, shown.reason) == ("refused", "taken")
    async with reading(shop.engine) as session:
        assert not await identity_queries.is_verified_adult(session, li.id)
