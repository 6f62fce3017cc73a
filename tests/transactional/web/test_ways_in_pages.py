"""The pages of the ways in, as a person without JavaScript meets them, and the page of the own security."""

import pytest
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from tests.transactional.accounts.sent_codes import last_code
from tests.transactional.api_client import PASSWORD, Client
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, register, send, visit
from transactional.accounts.sessions import REFERENCE
from transactional.db import writing
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
LI, PHONE = "li@example.com", "13800138000"


async def asked(client: Client, address: str, identifier: str, **form: str) -> Seen:
    """The page that takes the code, after one was asked for."""
    answer = await send(client, address, identifier=identifier, next="/orders", **form)
    assert answer.status_code == 303, answer.text
    return await visit(client, answer.headers["location"])


async def test_a_person_registers_by_phone_sets_no_password_and_comes_back_where_they_were(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        empty = await client.get("/register?next=/orders", headers=HTML)
        assert 'name="agree"' in empty.text
        assert "checked" not in empty.text
        refused = await send(client, "/register", identifier=PHONE, next="/orders")
        assert refused.status_code == 422
        assert "agree to the user agreement" in Seen(refused.text).text
        page = await asked(client, "/register", PHONE, agree="yes")
        assert "138****8000" in page.text
        assert page.faults == []
        code = await last_code(shop, f"+86{PHONE}")
        wrong = await send(client, "/register/code", code="0" if code != "0" else "1", password="")
        assert wrong.status_code == 422
        done = await send(client, "/register/code", code=code, password="")
        assert (done.status_code, done.headers["location"]) == (303, "/orders")
        assert (await visit(client, "/account/security")).headings == ["Security"]


async def test_the_page_is_the_same_for_a_taken_address_and_a_free_one(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client, Client(shop, fresh_database) as stranger:
        await register(client, LI)
        shown = [await asked(stranger, "/register", each, agree="yes") for each in (LI, "ly@example.com")]
        assert shown[0].text == shown[1].text.replace("ly@example.com", LI)
        for address in ("/log-in/by-code", "/forgot-password"):
            shown = [await asked(stranger, address, each) for each in (LI, "ly@example.com")]
            assert shown[0].text == shown[1].text.replace("ly@example.com", LI)


async def test_a_code_logs_in_and_a_foreign_next_leads_nowhere(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await register(client, LI)
        await send(client, "/log-out")
        await send(client, "/log-in/by-code", identifier=LI, next="https://evil.test/")
        done = await send(client, "/log-in/code", code=await last_code(shop, LI))
        assert (done.status_code, done.headers["location"]) == (303, "/")
        again = await send(client, "/log-in/code", code="123456")
        assert again.headers["location"] == "/log-in"


async def test_too_many_tries_are_told_with_when_to_come_again(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        for number in range(13):
            answer = await send(client, "/log-in", identifier=f"a{number}@example.com", password="not the password")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert Seen(answer.text).headings == ["Log in"]


async def test_many_wrong_tries_lead_a_new_device_to_a_code(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        for _ in range(6):
            answer = await send(client, "/log-in", identifier=LI, password="not the password", next="/orders")
        assert answer.status_code == 403
        seen = Seen(answer.text)
        assert "Your account is safe" in seen.text
        assert seen.fields["identifier"] == LI
        assert '<input type="hidden" name="next" value="/orders">' in answer.text


async def test_a_customer_sees_ends_and_forgets_only_what_is_their_own(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with (
        Client(shop, fresh_database) as here,
        Client(shop, fresh_database) as there,
        Client(shop, fresh_database) as other,
    ):
        await register(here, LI)
        await send(there, "/log-in", identifier=LI, password=PASSWORD)
        await register(other, "han@example.com")
        seen = await visit(here, "/account/security")
        assert seen.faults == []
        reference = seen.fields["id"]
        async with writing(shop.engine) as session:
            mine = await session.scalar(
                text(f"""select {REFERENCE} from shop.session
                where customer_id = (select id from shop.customer where email = :email)
                order by id desc limit 1"""),
                {"email": LI},
            )
        for path, name in (("sessions", mine), ("devices", reference)):
            assert (await send(other, f"/account/security/{path}", id=name)).status_code == 404
        for _ in range(2):
            ended = await send(here, "/account/security/sessions", id=mine)
            assert ended.headers["location"] == "/account/security?done=session"
        assert (await there.get("/account", headers=HTML)).headers["location"].startswith("/log-in")
        assert (await visit(here, "/account/security?done=session")).faults == []


async def test_a_password_is_changed_and_everything_else_is_logged_out(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as here, Client(shop, fresh_database) as there:
        await register(here, LI)
        await send(there, "/log-in", identifier=LI, password=PASSWORD)
        address, new = "/account/security/password", "a better horse battery"
        weak = await send(here, address, old_password=PASSWORD, new_password="password1234")
        assert weak.status_code == 422
        assert "one of the first that thieves try" in Seen(weak.text).text
        former = here.cookies["mingsuan_session"]
        done = await send(here, address, old_password=PASSWORD, new_password=new)
        assert done.headers["location"] == "/account/security?done=password"
        assert here.cookies["mingsuan_session"] != former
        assert "logged out everywhere else" in (await visit(here, "/account/security?done=password")).text
        assert (await there.get("/account", headers=HTML)).headers["location"].startswith("/log-in")
        gone = await send(here, "/account/security/sessions/all")
        assert gone.headers["location"] == "/log-in"
        assert (await here.get("/account", headers=HTML)).headers["location"].startswith("/log-in")


async def test_a_forgotten_password_is_set_with_a_code(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await register(client, LI)
        await send(client, "/log-out")
        await asked(client, "/forgot-password", LI)
        new = "a better horse battery"
        done = await send(client, "/forgot-password/code", code=await last_code(shop, LI), new_password=new)
        assert done.headers["location"] == "/orders"
        await send(client, "/log-out")
        assert (await send(client, "/log-in", identifier=LI, password=PASSWORD)).status_code == 401
        assert (await send(client, "/log-in", identifier=LI, password=new)).status_code == 303
