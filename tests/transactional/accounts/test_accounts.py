"""Registering, logging in and out, and who is behind a token."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from pwdlib import PasswordHash
from sqlalchemy import text

from mingsuan import clock
from tests.transactional.small_shop import Stocked
from transactional.accounts import service, tokens
from transactional.accounts.entry import log_in, passwords
from transactional.accounts.entry.identifiers import claimed
from transactional.accounts.members.entry import Caller, Door
from transactional.accounts.rules import MAY, email_problems, may, password_problems
from transactional.accounts.sessions import Visitor
from transactional.db import WriteSession, reading, writing
from transactional.errors import EmailTakenError, InvalidInputError, NotFoundError, WrongCredentialsError
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
BROWSER = Visitor("203.0.113.7")
PASSWORD = "correct horse battery"


async def registered(shop: Shop, email: str = "li@example.com") -> int:
    async with writing(shop.engine) as session:
        return (await service.register(session, email, PASSWORD, "Li")).id


async def who(shop: Shop, token: str | None) -> str | None:
    async with reading(shop.engine) as session:
        found = await service.customer_of(session, token)
        return found.email if found else None


@pytest.mark.parametrize("email", ["li@example.com", "a.b+c@mail.example.cn", "李@例子.中国"])
async def test_addresses_that_look_like_addresses_are_taken(email: str) -> None:
    assert email_problems(email) == ()


@pytest.mark.parametrize(
    "email", ["", "li", "li@", "@example.com", "li@example", "a b@example.com", "a@b@c.d", "a\x00@b.cd"]
)
async def test_what_is_no_address_is_refused(email: str) -> None:
    assert email_problems(email)


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("123456789", False),
        ("9182736450", True),
        ("LI.wang@example.com", False),
        ("li.wang.li", True),
        ("十个汉字也是好密码的", True),
    ],
)
async def test_a_password_is_long_enough_and_not_the_address(password: str, good: bool) -> None:
    assert (password_problems(password, "li.wang@example.com") == ()) is good


async def test_the_name_before_the_at_sign_is_no_password_either() -> None:
    assert password_problems("wanglaoshi1", "WangLaoshi1@example.com")


async def test_registering_makes_a_customer_with_an_empty_wallet(session: WriteSession) -> None:
    customer = await service.register(session, " Li@Example.com ", PASSWORD, "")
    assert (customer.email, customer.display_name) == ("Li@Example.com", "Li")
    wallet = await service.wallet(session, customer.id, "CNY")
    assert (wallet.balance_fen, wallet.lines) == (0, ())
    stored = (await session.execute(text("select password_hash from shop.customer"))).scalar_one()
    assert stored.startswith("$argon2id$")
    assert PASSWORD not in stored


async def test_an_address_registers_once_whatever_its_case(session: WriteSession) -> None:
    await service.register(session, "li@example.com", PASSWORD, "Li")
    with pytest.raises(EmailTakenError):
        await service.register(session, "LI@EXAMPLE.COM", PASSWORD, "Li")


async def test_everything_wrong_with_a_registration_is_said_at_once(session: WriteSession) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        await service.register(session, "li", "short", "Li")
    assert [problem.place for problem in refusal.value.problems] == ["email", "password"]


async def test_staff_need_a_known_role(session: WriteSession) -> None:
    with pytest.raises(InvalidInputError):
        await service.add_staff(session, "a@example.com", PASSWORD, "A", "king")
    member = await service.add_staff(session, "a@example.com", PASSWORD, "A", "buyer")
    assert member.role == "buyer"


async def test_every_role_may_something_and_only_known_acts_are_asked() -> None:
    assert {role for roles in MAY.values() for role in roles} == {"owner", "buyer", "operator", "auditor"}
    assert may("buyer", "import_cards")
    assert not may("auditor", "credit_wallet")
    with pytest.raises(KeyError):
        may("owner", "reign")


class TestLoggingIn:
    async def test_a_token_names_its_customer_and_the_table_keeps_its_hash_only(self, shop: Shop) -> None:
        await registered(shop)
        token = (await log_in.by_password(shop, BROWSER, claimed("LI@example.com"), PASSWORD)).session
        assert await who(shop, token.token) == "li@example.com"
        assert len(token.token) >= 43
        assert token.token not in repr(token)
        async with reading(shop.engine) as session:
            stored = (await session.execute(text("select token_sha256 from shop.session"))).scalar_one()
        assert bytes(stored) == tokens.digest(token.token)

    async def test_someone_without_a_password_cannot_log_in(self, stocked: Stocked) -> None:
        await stocked.customer("imported")
        with pytest.raises(WrongCredentialsError):
            await log_in.by_password(stocked.shop, BROWSER, claimed("imported@example.com"), "")

    async def test_a_session_ends_by_logging_out_by_logging_in_again_and_by_time(self, shop: Shop) -> None:
        await registered(shop)
        first = (await log_in.by_password(shop, BROWSER, claimed("li@example.com"), PASSWORD)).session
        again = replace(BROWSER, session_token=first.token)
        second = (await log_in.by_password(shop, again, claimed("li@example.com"), PASSWORD)).session
        assert first.token != second.token
        assert await who(shop, first.token) is None
        with clock.at(second.expires_at - timedelta(seconds=1)):
            assert await who(shop, second.token)
        with clock.at(second.expires_at):
            assert await who(shop, second.token) is None
        async with writing(shop.engine) as session:
            await service.log_out(session, second.token)
            await service.log_out(session, "never a token")
        assert await who(shop, second.token) is None

    async def test_no_token_is_nobody(self, shop: Shop) -> None:
        for token in (None, "", "x", "\udcff", "'; drop table"):
            assert await who(shop, token) is None

    async def test_staff_log_in_until_they_are_disabled(self, shop: Shop) -> None:
        async with writing(shop.engine) as session:
            await service.add_staff(session, "a@example.com", PASSWORD, "A", "auditor")
        caller = Caller("203.0.113.7", "Firefox")
        door = Door(shop.engine, shop.vault, shop.settings, shop.wrong_log_ins, shop.staff_gate)
        token = (await door.enter(caller, await door.password(caller, "a@example.com", PASSWORD))).log_in
        async with writing(shop.engine) as session:
            member = await service.staff_of(session, token.token)
            assert member is not None
            assert member.role == "auditor"
            assert await service.customer_of(session, token.token) is None
            await session.execute(text("update shop.staff set disabled_at = now()"))
            assert await service.staff_of(session, token.token) is None
        with pytest.raises(WrongCredentialsError):
            await door.password(caller, "a@example.com", PASSWORD)


async def test_only_a_known_customer_is_named(session: WriteSession) -> None:
    with pytest.raises(NotFoundError):
        await service.customer_named(session, "nobody@example.com")


async def test_hashing_is_argon2id_and_leaves_the_event_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = PasswordHash.recommended()
    monkeypatch.setattr(passwords, "_hasher", lambda: slow)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    stored = await passwords.hashed(PASSWORD)
    ticking.cancel()
    assert stored.startswith("$argon2id$v=19$m=65536")
    assert ticks > 10
    assert await passwords.matches(PASSWORD, stored)


async def test_an_unknown_person_costs_as_much_time_as_a_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    real = passwords._fits

    def counted(password: str, password_hash: str) -> bool:
        verified.append(password_hash)
        return real(password, password_hash)

    monkeypatch.setattr(passwords, "_fits", counted)
    assert not await passwords.matches(PASSWORD, None)
    assert not await passwords.matches(PASSWORD, await passwords.hashed("another password"))
    assert [password_hash[:9] for password_hash in verified] == ["$argon2id", "$argon2id"]
