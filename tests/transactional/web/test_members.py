"""How staff come in: the first owner, codes to join, the second step, guessing, roles, the last owner."""

import re
from datetime import timedelta

import httpx
import pyotp
import pytest
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import PASSWORD, Client
from tests.transactional.small_shop import all_text
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, enter_desk, send, visit
from transactional.accounts.members import service as members
from transactional.db import writing
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
CODE = re.compile(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}")
SECRET = re.compile(r"<code>([A-Z2-7]{32})</code>")
OWN = "a password of my own"


async def rows(shop: Shop, sql: str) -> list[tuple[object, ...]]:
    async with writing(shop.engine) as session:
        return [tuple(row) for row in await session.execute(text(sql))]


async def acts(shop: Shop) -> list[str]:
    return [str(act) for (act,) in await rows(shop, "select act from shop.staff_act order by id")]


async def log_in(client: Client, email: str, password: str = PASSWORD) -> httpx.Response:
    return await send(client, "/desk/log-in", email=email, password=password)


async def with_two_step(client: Client) -> str:
    """Sets the second step up in the profile; the secret of the authenticator."""
    await send(client, "/desk/profile/two-step")
    found = SECRET.search((await client.get("/desk/profile/two-step", headers=HTML)).text)
    assert found
    done = await send(client, "/desk/profile/two-step/confirm", code=code_of(found.group(1)))
    assert done.headers["location"] == "/desk/profile/spare-codes"
    return found.group(1)


def code_of(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30 * steps))


async def invited(client: Client, email: str, role: str) -> str:
    key = (await visit(client, "/desk/staff/new")).fields["idempotency_key"]
    shown = await send(client, "/desk/staff/new", email=email, display_name="Wang", role=role, idempotency_key=key)
    found = CODE.search(shown.text)
    assert found, shown.text
    return found.group()


async def test_a_shop_without_staff_belongs_to_whoever_reads_the_servers_command_line(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        assert (await client.get("/desk/log-in", headers=HTML)).headers["location"] == "/desk/set-up"
        async with writing(shop.engine) as session:
            code = await members.set_up_code(session, shop.vault)
        form = {"email": "boss@example.com", "display_name": "Boss", "password": OWN}
        stranger = await send(client, "/desk/set-up", code="AAAA-BBBB-CCCC-DDDD", **form)
        assert stranger.status_code == 401
        assert await rows(shop, "select count(*) from shop.staff") == [(0,)]
        done = await send(client, "/desk/set-up", code=code.lower().replace("-", " "), **form)
        assert done.headers["location"] == "/desk/profile?done=set_up"
        assert "The shop is yours" in (await visit(client, "/desk/profile?done=set_up")).text
        assert (await client.get("/desk/set-up", headers=HTML)).status_code == 404
        again = await send(client, "/desk/set-up", code=code, **{**form, "email": "second@example.com"})
        assert again.headers["location"] == "/desk/log-in"
    assert await rows(shop, "select email, role from shop.staff") == [("boss@example.com", "owner")]
    assert await acts(shop) == ["set_up_shop"]


async def test_a_set_up_code_ends_when_a_newer_one_is_printed_and_after_a_day(
    shop: Shop, fresh_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with writing(shop.engine) as session:
        older = await members.set_up_code(session, shop.vault)
        newer = await members.set_up_code(session, shop.vault)
    form = {"email": "boss@example.com", "password": OWN}
    async with Client(shop, fresh_database) as client:
        assert (await send(client, "/desk/set-up", code=older, **form)).status_code == 401
        later = clock.now() + timedelta(hours=25)
        monkeypatch.setattr(clock, "now", lambda: later)
        assert (await send(client, "/desk/set-up", code=newer, **form)).status_code == 401


async def test_a_member_joins_by_a_code_that_is_shown_once_used_once_and_kept_nowhere(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as owner, Client(shop, fresh_database) as newcomer:
        await enter_desk(owner, shop)
        key = (await visit(owner, "/desk/staff/new")).fields["idempotency_key"]
        form = {"email": "wang@example.com", "display_name": "王", "role": "operator", "idempotency_key": key}
        first, second = [(await send(owner, "/desk/staff/new", **form)).text for _ in range(2)]
        [code] = set(CODE.findall(first))
        assert code in second, "a double click must not lose the code"
        assert (await log_in(newcomer, "wang@example.com", "!")).status_code == 401
        for email, given in (("other@example.com", code), ("wang@example.com", "AAAA-BBBB-CCCC-DDDD")):
            refused = await send(newcomer, "/desk/join", email=email, code=given, password=OWN)
            assert refused.status_code == 401
        joined = await send(newcomer, "/desk/join", email="Wang@example.com", code=code, password=OWN)
        assert joined.headers["location"] == "/desk/log-in?done=joined"
        assert (
            await send(newcomer, "/desk/join", email="wang@example.com", code=code, password=OWN)
        ).status_code == 401
        assert (await log_in(newcomer, "wang@example.com", OWN)).headers["location"] == "/desk"
        assert code.replace("-", "") not in (await all_text(fresh_database)).replace("-", "")
    assert await rows(shop, "select count(*) from shop.staff where email = 'wang@example.com'") == [(1,)]
    assert (await acts(shop)).count("add_staff") == 1


async def test_the_second_step_is_asked_for_and_no_code_opens_the_desk_twice(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as first, Client(shop, fresh_database) as second:
        await enter_desk(first, shop)
        secret = await with_two_step(first)
        assert (await log_in(second, "owner@example.com")).headers["location"].startswith("/desk/log-in/code")
        assert (await second.get("/desk", headers=HTML)).status_code == 303, "the password alone opens nothing"
        used = await send(second, "/desk/log-in/code", code=code_of(secret))
        assert used.status_code == 401, "the code that set it up is used up"
        fresh = code_of(secret, 1)
        assert (await send(second, "/desk/log-in/code", code=fresh, next="/desk/acts")).headers[
            "location"
        ] == "/desk/acts"
        await send(second, "/desk/log-out")
        await log_in(second, "owner@example.com")
        assert (await send(second, "/desk/log-in/code", code=fresh)).status_code == 401
    assert secret not in await all_text(fresh_database)


async def test_codes_of_a_neighbouring_step_are_taken_and_of_two_steps_ago_are_not(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        secret = await with_two_step(client)
        await rows(shop, "update shop.staff set totp_last_step = 1 returning 1")
        await send(client, "/desk/log-out")
        await log_in(client, "owner@example.com")
        assert (await send(client, "/desk/log-in/code", code=code_of(secret, -2))).status_code == 401
        assert (await send(client, "/desk/log-in/code", code=code_of(secret, -1))).status_code == 303


async def test_a_spare_code_stands_in_once(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        await with_two_step(client)
        key = (await visit(client, "/desk/profile/spare-codes")).fields["idempotency_key"]
        shown = [await send(client, "/desk/profile/spare-codes", idempotency_key=key) for _ in range(2)]
        codes = CODE.findall(shown[0].text)
        assert len(set(codes)) == 10
        assert codes == CODE.findall(shown[1].text), "a double click shows the codes that are in force"
        assert codes[0].replace("-", "") not in (await all_text(fresh_database)).replace("-", "")
        for code, status in ((codes[3].lower(), 303), (codes[3], 401), (codes[4], 303)):
            await send(client, "/desk/log-out")
            await log_in(client, "owner@example.com")
            assert (await send(client, "/desk/log-in/code", code=code)).status_code == status
        assert "8 spare codes left" in (await visit(client, "/desk/profile")).text


async def test_guessing_codes_is_stopped_whatever_the_address(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        secret = await with_two_step(client)
        await log_in(client, "owner@example.com")
        guesses = [await send(client, "/desk/log-in/code", code="000000") for _ in range(9)]
        assert [each.status_code for each in guesses] == [401] * 7 + [429] * 2, (
            "setting it up took the first of eight tries"
        )
        assert (await send(client, "/desk/log-in/code", code=code_of(secret, 1))).status_code == 429


async def test_strangers_who_guess_passwords_shut_themselves_out_and_not_the_member(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as stranger, Client(shop, fresh_database) as member:
        await enter_desk(member, shop)
        await send(member, "/desk/log-out")
        guesses = [(await log_in(stranger, "owner@example.com", f"wrong {n}")).status_code for n in range(7)]
        assert guesses == [401] * 6 + [429]
        stranger._transport = httpx.ASGITransport(stranger.app, client=("198.51.100.9", 1))
        assert (await log_in(stranger, "owner@example.com", "wrong")).status_code == 401
        member._transport = httpx.ASGITransport(member.app, client=("203.0.113.5", 1))
        assert (await log_in(member, "owner@example.com")).status_code == 303
    assert await rows(
        shop, "select outcome, count(*) from shop.log_in_attempt where kind = 'staff' group by 1 order by 1"
    ) == [("refused", 1), ("succeeded", 2), ("wrong", 7)]


async def test_an_unknown_a_disabled_and_a_mistaken_member_are_told_the_same(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop, "buyer")
        await rows(shop, "update shop.staff set disabled_at = now() returning 1")
        answers = [
            await log_in(client, "buyer@example.com"),
            await log_in(client, "buyer@example.com", "wrong"),
            await log_in(client, "nobody@example.com"),
        ]
        said = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
        assert len(said) == 1
        assert {answer.status_code for answer in answers} == {401}


async def test_where_a_role_needs_the_second_step_the_first_log_in_sets_it_up(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    strict = shop.settings.model_copy(update={"staff_two_step": "owner"})
    object.__setattr__(shop, "settings", strict)
    async with writing(shop.engine) as session:
        code = await members.set_up_code(session, shop.vault)
    async with Client(shop, fresh_database) as client:
        await send(client, "/desk/set-up", code=code, email="boss@example.com", password=OWN)
        assert (await client.get("/desk/profile", headers=HTML)).status_code == 303
        found = SECRET.search((await client.get("/desk/log-in/code", headers=HTML)).text)
        assert found
        done = await send(client, "/desk/log-in/code", code=code_of(found.group(1)))
        assert done.headers["location"] == "/desk/profile/spare-codes"
        assert (await send(client, "/desk/profile/two-step/remove")).status_code == 409
        refused = await client.post("/api/v1/staff/session", json={"email": "boss@example.com", "password": OWN})
        assert refused.json()["type"] == "/problems/second-factor-needed"
        with_code = {"email": "boss@example.com", "password": OWN, "code": code_of(found.group(1), 1)}
        assert (await client.post("/api/v1/staff/session", json=with_code)).status_code == 201
    assert "set_up_two_step" in await acts(shop)


async def test_the_shop_keeps_an_owner_and_nobody_changes_their_own_role(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        [(own,)] = await rows(shop, "select public_id from shop.staff")
        assert (await send(client, f"/desk/staff/{own}/role", role="operator")).status_code == 409
        assert (await send(client, f"/desk/staff/{own}/disable")).status_code == 409
        await invited(client, "second@example.com", "owner")
        [(other,)] = await rows(shop, "select public_id from shop.staff where email = 'second@example.com'")
        assert (await send(client, f"/desk/staff/{other}/role", role="auditor")).status_code == 303
        assert (await send(client, f"/desk/staff/{other}/role", role="king")).status_code == 422
        assert (await send(client, f"/desk/staff/{other}/disable", reason="left")).status_code == 303
        assert (await send(client, f"/desk/staff/{other}/disable", reason="left")).status_code == 303
    assert await rows(shop, "select role, disabled_at is null from shop.staff order by id") == [
        ("owner", True),
        ("auditor", False),
    ]
    assert (await acts(shop)).count("disable_staff") == 1


async def test_two_owners_who_switch_each_other_off_at_once_leave_one(shop: Shop, fresh_database: DatabaseUrls) -> None:
    import asyncio

    from transactional.accounts import service as accounts
    from transactional.accounts.members.errors import LastOwnerError

    async with writing(shop.engine) as session:
        one = await accounts.add_staff(session, "one@example.com", PASSWORD, "", "owner")
        two = await accounts.add_staff(session, "two@example.com", PASSWORD, "", "owner")

    async def switch_off(who: object, by: object) -> str:
        try:
            async with writing(shop.engine) as session:
                await members.disable(session, by, who.public_id, "")  # type: ignore[attr-defined,arg-type]
        except LastOwnerError:
            return "refused"
        return "done"

    assert sorted(await asyncio.gather(switch_off(one, two), switch_off(two, one))) == ["done", "refused"]
    assert await rows(shop, "select count(*) from shop.staff where disabled_at is null") == [(1,)]


async def test_a_member_switched_off_or_given_another_role_is_out_at_once(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as owner, Client(shop, fresh_database) as buyer:
        await enter_desk(owner, shop)
        await enter_desk(buyer, shop, "buyer")
        [(who,)] = await rows(shop, "select public_id from shop.staff where role = 'buyer'")
        await send(owner, f"/desk/staff/{who}/role", role="operator")
        assert (await buyer.get("/desk/profile", headers=HTML)).status_code == 303
        assert (await log_in(buyer, "buyer@example.com")).status_code == 303
        await send(owner, f"/desk/staff/{who}/disable")
        assert (await buyer.get("/desk/profile", headers=HTML)).status_code == 303
        assert (await log_in(buyer, "buyer@example.com")).status_code == 401


async def test_only_the_owner_reaches_the_pages_of_staff(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        for role in ("operator", "buyer", "auditor"):
            await enter_desk(client, shop, role)
            [(who,)] = await rows(shop, f"select public_id from shop.staff where role = '{role}'")
            assert (await client.get("/desk/staff", headers=HTML)).status_code == 403
            assert (await client.get(f"/desk/staff/{who}", headers=HTML)).status_code == 403
            assert (await send(client, f"/desk/staff/{who}/role", role="owner")).status_code == 403
            await visit(client, "/desk/staff/roles")
    assert await rows(shop, "select count(*) from shop.staff where role = 'owner'") == [(0,)]


async def test_a_log_in_ends_when_idle_and_at_the_end_of_the_day_however_busy(
    shop: Shop, fresh_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = clock.now()
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        for minutes in range(50, 12 * 60, 50):
            at = begun + timedelta(minutes=minutes)
            monkeypatch.setattr(clock, "now", lambda at=at: at)
            await visit(client, "/desk/profile")
        monkeypatch.setattr(clock, "now", lambda: begun + timedelta(hours=12, minutes=1))
        assert (await client.get("/desk/profile", headers=HTML)).status_code == 303
        monkeypatch.setattr(clock, "now", lambda: begun + timedelta(hours=13))
        await log_in(client, "owner@example.com")
        monkeypatch.setattr(clock, "now", lambda: begun + timedelta(hours=14, minutes=2))
        assert (await client.get("/desk/profile", headers=HTML)).status_code == 303


async def test_grave_acts_want_the_password_again_and_the_token_changes_with_it(
    shop: Shop, fresh_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = clock.now()
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        key = (await visit(client, "/desk/staff/new")).fields["idempotency_key"]
        form = {"email": "wang@example.com", "role": "buyer", "idempotency_key": key}
        monkeypatch.setattr(clock, "now", lambda: begun + timedelta(minutes=11))
        away = await send(client, "/desk/staff/new", **form)
        assert away.headers["location"] == "/desk/confirm?next=%2Fdesk%2Fstaff%2Fnew"
        assert await rows(shop, "select count(*) from shop.staff") == [(1,)]
        assert (await send(client, "/desk/confirm", password="wrong")).status_code == 401
        before = client.cookies["mingsuan_staff"]
        back = await send(client, "/desk/confirm", password=PASSWORD, next="/desk/staff/new")
        assert back.headers["location"] == "/desk/staff/new"
        assert client.cookies["mingsuan_staff"] != before
        assert CODE.search((await send(client, "/desk/staff/new", **form)).text)
        stolen = await client.get("/desk/profile", headers={**HTML, "cookie": f"mingsuan_staff={before}"})
        assert stolen.status_code == 303


async def test_a_new_password_ends_the_other_log_ins(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as here, Client(shop, fresh_database) as there:
        await enter_desk(here, shop)
        await log_in(there, "owner@example.com")
        wrong = await send(here, "/desk/profile/password", current="wrong", password=OWN)
        assert "This is not your password" in Seen(wrong.text).text
        done = await send(here, "/desk/profile/password", current=PASSWORD, password=OWN)
        assert done.headers["location"] == "/desk/profile?done=password"
        await visit(here, "/desk/profile")
        assert (await there.get("/desk/profile", headers=HTML)).status_code == 303
        assert (await log_in(there, "owner@example.com")).status_code == 401


async def test_nobody_ends_a_log_in_of_somebody_else_from_the_profile(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as owner, Client(shop, fresh_database) as buyer:
        await enter_desk(owner, shop)
        await enter_desk(buyer, shop, "buyer")
        [(other,)] = await rows(
            shop, "select s.id from shop.session s join shop.staff m on m.id = s.staff_id where role = 'owner'"
        )
        assert (await send(buyer, f"/desk/profile/sessions/{other}/end")).status_code == 404
        await visit(owner, "/desk/profile")


async def test_every_page_of_staff_is_whole_in_both_languages(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        for address in ("/desk/set-up", "/desk/join"):
            seen = await visit(client, address)
            assert (seen.faults, len(seen.headings)) == ([], 1), address
        await enter_desk(client, shop)
        await with_two_step(client)
        await send(client, "/desk/profile/two-step")
        await invited(client, "wang@example.com", "operator")
        [(who,)] = await rows(shop, "select public_id from shop.staff where email = 'wang@example.com'")
        pages = ("profile", "profile/two-step", "profile/spare-codes", "confirm", "staff", "staff/new", "staff/roles")
        for page in (*pages, f"staff/{who}", "acts", "acts?act=nothing", "security", "security?hours=168"):
            for language in ("en", "zh-CN"):
                seen = await visit(client, f"/desk/{page}", **{"accept-language": language})
                assert (seen.faults, len(seen.headings)) == ([], 1), page
