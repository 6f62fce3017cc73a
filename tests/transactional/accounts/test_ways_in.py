"""Registering, logging in, getting back in: what strangers are told, what codes are good for, who is locked out."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.accounts.sent_codes import last_code, sent
from tests.transactional.api_client import PASSWORD
from tests.transactional.small_shop import all_text
from transactional.accounts import service
from transactional.accounts.entry import code_requests, codes, log_in, log_in_by_code, password_changes, registration
from transactional.accounts.entry.code_requests import TAKEN
from transactional.accounts.entry.codes import Purpose
from transactional.accounts.entry.errors import (
    CodeNeededError,
    ConsentNeededError,
    TooManyTriesError,
    WrongCodeError,
)
from transactional.accounts.entry.identifiers import Identifier, claimed, identified
from transactional.accounts.entry.registration import DOCUMENTS, NewAccount
from transactional.accounts.entry.rules import ADDRESS, CODES_PER_ADDRESS, CODES_PER_HOUR, IDENTIFIER
from transactional.accounts.schemas import CustomerSubject
from transactional.accounts.sessions import Opened, Visitor
from transactional.db import engine, reading
from transactional.errors import InvalidInputError, WrongCredentialsError
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
LI = Identifier("email", "li@example.com")
PHONE = Identifier("sms", "+8613800138000")
HOME, CHROME = "203.0.113.7", "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36"
LIS = Visitor(HOME, CHROME)


async def asked(shop: Shop, purpose: Purpose, who: Identifier = LI, visitor: Visitor = LIS) -> tuple[str, str]:
    """A flow, and the code that was sent for it."""
    flow = await code_requests.request_code(shop, visitor, purpose, who)
    return flow, await last_code(shop, who.value)


async def registered(shop: Shop, who: Identifier = LI, password: str = PASSWORD) -> Opened:
    flow, code = await asked(shop, "register", who)
    return await registration.open_account(shop, LIS, NewAccount(who, password, DOCUMENTS), flow, code)


async def who_is(shop: Shop, opened: Opened) -> CustomerSubject | None:
    async with reading(shop.engine) as session:
        return await service.customer_of(session, opened.session.token)


async def rows(shop: Shop, sql: str) -> list[tuple[object, ...]]:
    async with reading(shop.engine) as session:
        return [tuple(row) for row in await session.execute(text(sql))]


def stranger(number: int) -> Visitor:
    return Visitor(f"198.51.100.{number}")


def at_lis(opened: Opened) -> Visitor:
    """The browser that was given this log-in's device."""
    assert opened.device
    return replace(LIS, device_token=opened.device.token)


class TestRegistering:
    async def test_an_address_is_proven_by_a_code_and_what_was_agreed_to_is_on_record(self, shop: Shop) -> None:
        opened = await registered(shop)
        customer = await who_is(shop, opened)
        assert customer
        assert (customer.email, customer.display_name) == ("li@example.com", "li")
        assert await rows(shop, "select document, act from shop.consent order by document") == [
            ("privacy", "given"),
            ("refund_rule", "given"),
            ("terms", "given"),
        ]
        assert await rows(shop, "select email_verified_at is not null, phone_index is null from shop.customer") == [
            (True, True)
        ]
        assert await rows(shop, "select count(*) from shop.notice") == [(0,)]

    async def test_a_number_needs_no_password_and_is_found_in_any_spelling(self, shop: Shop) -> None:
        await registered(shop, PHONE, "")
        flow, code = await asked(shop, "log_in", identified("138 0013 8000"))
        assert await log_in_by_code.by_code(shop, LIS, identified("+86 138-0013-8000"), flow, code)
        with pytest.raises(WrongCredentialsError):
            await log_in.by_password(shop, LIS, PHONE, "")

    async def test_a_number_and_codes_are_nowhere_in_clear(self, shop: Shop, fresh_database: DatabaseUrls) -> None:
        flow, code = await asked(shop, "register", PHONE)
        await registration.open_account(shop, LIS, NewAccount(PHONE, "", DOCUMENTS), flow, code)
        dump = await all_text(fresh_database)
        assert "13800138000" not in dump
        assert code not in dump.split()
        assert flow not in dump

    async def test_who_is_registered_already_is_told_so_by_message_and_nobody_else_is(self, shop: Shop) -> None:
        await registered(shop)
        flow = await code_requests.request_code(shop, stranger(1), "register", LI)
        assert len(flow) == len(await code_requests.request_code(shop, stranger(1), "register", PHONE))
        purpose, message = (await sent(shop))[1]
        assert (purpose, message.code, message.target) == (TAKEN, "", "li@example.com")
        for code in ("", "000000"):
            with pytest.raises(WrongCodeError):
                await registration.open_account(shop, stranger(1), NewAccount(LI, PASSWORD, DOCUMENTS), flow, code)
        assert await rows(shop, "select count(*) from shop.customer") == [(1,)]

    async def test_codes_for_nobody_are_sent_to_nobody(self, shop: Shop) -> None:
        for purpose in ("log_in", "reset_password"):
            assert await code_requests.request_code(shop, LIS, purpose, LI)  # type: ignore[arg-type]
        assert await sent(shop) == []
        assert await rows(shop, "select count(*) from jobs.procrastinate_jobs") == [(0,)]

    @pytest.mark.parametrize("agreed", [(), ("terms",), ("privacy",)])
    async def test_without_agreement_there_is_no_account(self, shop: Shop, agreed: tuple[str, ...]) -> None:
        flow, code = await asked(shop, "register")
        with pytest.raises(ConsentNeededError):
            await registration.open_account(shop, LIS, NewAccount(LI, PASSWORD, agreed), flow, code)
        assert await rows(shop, "select count(*) from shop.customer") == [(0,)]

    @pytest.mark.parametrize("password", ["", "short", "password123", "1234567890", "li@example.com", "aaaaaaaaaaaa"])
    async def test_a_weak_password_is_refused_before_the_code_is_used_up(self, shop: Shop, password: str) -> None:
        flow, code = await asked(shop, "register")
        with pytest.raises(InvalidInputError):
            await registration.open_account(shop, LIS, NewAccount(LI, password, DOCUMENTS), flow, code)
        assert await registration.open_account(shop, LIS, NewAccount(LI, PASSWORD, DOCUMENTS), flow, code)

    async def test_a_form_sent_twice_at_once_makes_one_customer_and_logs_in_both_times(self, shop: Shop) -> None:
        flow, code = await asked(shop, "register")
        new, within = NewAccount(LI, PASSWORD, DOCUMENTS), timedelta(seconds=30)
        both = await asyncio.gather(
            *(registration.open_account(shop, LIS, new, flow, code, again_within=within) for _ in range(2))
        )
        assert [await who_is(shop, opened) for opened in both] == [await who_is(shop, both[0])] * 2
        assert await rows(shop, "select count(*) from shop.customer") == [(1,)]


class TestCodes:
    async def test_a_code_is_good_once_and_for_ten_minutes(self, shop: Shop) -> None:
        await registered(shop)
        flow, code = await asked(shop, "log_in")
        late = clock.now() + timedelta(minutes=codes.MINUTES)
        with clock.at(late), pytest.raises(WrongCodeError):
            await log_in_by_code.by_code(shop, LIS, LI, flow, code)
        assert await log_in_by_code.by_code(shop, LIS, LI, flow, f" {code[:3]} {code[3:]} ")
        with pytest.raises(WrongCodeError):
            await log_in_by_code.by_code(shop, LIS, LI, flow, code)

    async def test_after_five_wrong_tries_the_right_one_comes_too_late(self, shop: Shop) -> None:
        await registered(shop)
        flow, code = await asked(shop, "log_in")
        for _ in range(codes.TRIES):
            with pytest.raises(WrongCodeError):
                await log_in_by_code.by_code(shop, LIS, LI, flow, wrong(code))
        with pytest.raises(WrongCodeError):
            await log_in_by_code.by_code(shop, LIS, LI, flow, code)

    async def test_a_code_is_good_for_its_purpose_its_target_and_its_browser_alone(self, shop: Shop) -> None:
        await registered(shop)
        await registered(shop, PHONE)
        flow, code = await asked(shop, "log_in")
        other, _ = await asked(shop, "log_in")
        with pytest.raises(WrongCodeError):
            await password_changes.reset(shop, LIS, LI, flow, code, f"{PASSWORD} new")
        with pytest.raises(WrongCodeError):
            await log_in_by_code.by_code(shop, LIS, PHONE, flow, code)
        for _ in range(codes.TRIES):
            with pytest.raises(WrongCodeError):
                await log_in_by_code.by_code(shop, stranger(1), LI, other, wrong(code))
        assert await log_in_by_code.by_code(shop, LIS, LI, flow, code)

    async def test_so_many_are_sent_to_one_target_and_strangers_cannot_use_up_those_of_its_own_address(
        self, shop: Shop
    ) -> None:
        await registered(shop)
        for number in range(CODES_PER_HOUR.burst):
            await code_requests.request_code(shop, stranger(number), "log_in", LI)
        with pytest.raises(TooManyTriesError) as refusal:
            await code_requests.request_code(shop, stranger(99), "log_in", LI)
        assert 0 < refusal.value.values["retry_after_seconds"] <= 3600  # type: ignore[operator]
        assert await code_requests.request_code(shop, LIS, "log_in", LI)

    async def test_one_address_cannot_have_messages_sent_to_everybody(self, shop: Shop) -> None:
        burst = CODES_PER_ADDRESS.burst
        people = [Identifier("email", f"a{number}@example.com") for number in range(burst + 1)]
        for who in people[:burst]:
            await code_requests.request_code(shop, stranger(1), "register", who)
        with pytest.raises(TooManyTriesError):
            await code_requests.request_code(shop, stranger(1), "register", people[burst])
        assert len(await sent(shop)) == burst


class TestPasswords:
    async def test_strangers_lock_nobody_out(self, shop: Shop) -> None:
        mine = await registered(shop)
        for number in range(40):
            with pytest.raises((WrongCredentialsError, CodeNeededError)):
                await log_in.by_password(shop, stranger(number), LI, "not the password")
        assert await log_in.by_password(shop, at_lis(mine), LI, PASSWORD)
        with pytest.raises(CodeNeededError):
            await log_in.by_password(shop, LIS, LI, PASSWORD)
        flow, code = await asked(shop, "log_in")
        assert await log_in_by_code.by_code(shop, LIS, LI, flow, code)

    async def test_nobodys_account_answers_like_somebodys(self, shop: Shop) -> None:
        await registered(shop)
        answers = []
        for who in (LI, claimed("nobody@example.com"), claimed("13900139000"), claimed("no such thing")):
            kinds = []
            for number in range(IDENTIFIER.burst + 2):
                with pytest.raises((WrongCredentialsError, CodeNeededError)) as refusal:
                    await log_in.by_password(shop, stranger(number + 20 * len(answers)), who, "not the password")
                kinds.append(type(refusal.value))
            answers.append(kinds)
        expected = [WrongCredentialsError] * IDENTIFIER.burst + [CodeNeededError] * 2
        assert answers == [expected] * 4

    async def test_an_address_that_guesses_is_slowed_down_for_all_accounts(self, shop: Shop) -> None:
        mine = await registered(shop)
        for number in range(ADDRESS.burst):
            with pytest.raises(WrongCredentialsError):
                await log_in.by_password(shop, stranger(1), claimed(f"a{number}@example.com"), "whatever it is")
        with pytest.raises(TooManyTriesError):
            await log_in.by_password(shop, stranger(1), LI, PASSWORD)
        assert await log_in.by_password(shop, replace(at_lis(mine), address=stranger(1).address), LI, PASSWORD)

    async def test_right_passwords_use_nothing_up(self, shop: Shop) -> None:
        await registered(shop)
        for _ in range(30):
            await log_in.by_password(shop, LIS, LI, PASSWORD)

    async def test_allowances_hold_across_processes(self, shop: Shop, fresh_database: DatabaseUrls) -> None:
        other = replace(shop, engine=engine(fresh_database.app))
        kinds = []
        for number in range(2 * IDENTIFIER.burst):
            with pytest.raises((WrongCredentialsError, CodeNeededError)) as refusal:
                await log_in.by_password((shop, other)[number % 2], stranger(number), LI, "not the password")
            kinds.append(type(refusal.value))
        await other.engine.dispose()
        assert kinds.count(WrongCredentialsError) == IDENTIFIER.burst

    async def test_a_known_device_that_guesses_counts_as_a_stranger(self, shop: Shop) -> None:
        mine = await registered(shop)
        kinds = []
        for _ in range(25):
            with pytest.raises((WrongCredentialsError, CodeNeededError, TooManyTriesError)) as refusal:
                await log_in.by_password(shop, at_lis(mine), LI, "not the password")
            kinds.append(type(refusal.value))
        assert kinds[-1] is not WrongCredentialsError

    async def test_a_forgotten_password_is_set_anew_and_every_other_log_in_ends(self, shop: Shop) -> None:
        first = await registered(shop)
        flow, code = await asked(shop, "reset_password")
        opened = await password_changes.reset(shop, stranger(1), LI, flow, code, f"{PASSWORD} new")
        assert await who_is(shop, first) is None
        assert await who_is(shop, opened)
        with pytest.raises(WrongCredentialsError):
            await log_in.by_password(shop, LIS, LI, PASSWORD)
        assert await log_in.by_password(shop, LIS, LI, f"{PASSWORD} new")
        assert ("password_changed",) in await rows(shop, "select kind from shop.notice")

    async def test_a_change_asks_the_old_password_and_rotates_the_session(self, shop: Shop) -> None:
        first = await registered(shop)
        elsewhere = await log_in.by_password(shop, LIS, LI, PASSWORD)
        customer = await who_is(shop, first)
        assert customer
        with pytest.raises(InvalidInputError) as refusal:
            await password_changes.change(shop, LIS, customer, "not the old one", f"{PASSWORD} new")
        assert [problem.place for problem in refusal.value.problems] == ["old_password"]
        assert await who_is(shop, first)
        opened = await password_changes.change(shop, LIS, customer, PASSWORD, f"{PASSWORD} new")
        assert [await who_is(shop, each) for each in (first, elsewhere)] == [None, None]
        assert await who_is(shop, opened) == customer

    async def test_a_new_browser_is_told_once_a_known_one_never(self, shop: Shop) -> None:
        mine = await registered(shop)
        await log_in.by_password(shop, at_lis(mine), LI, PASSWORD)
        assert await rows(shop, "select count(*) from shop.notice") == [(0,)]
        await log_in.by_password(shop, LIS, LI, PASSWORD)
        assert await rows(shop, "select kind, values->>'device', values->>'network' from shop.notice") == [
            ("new_device", "Chrome · Windows", "203.0.113.0/24")
        ]

    async def test_a_hash_of_other_parameters_is_made_again_at_log_in(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await registered(shop)
        before = await rows(shop, "select password_hash from shop.customer")
        monkeypatch.setattr("transactional.accounts.entry.passwords.is_outdated", lambda _: True)
        await log_in.by_password(shop, LIS, LI, PASSWORD)
        assert await rows(shop, "select password_hash from shop.customer") != before
        assert await log_in.by_password(shop, LIS, LI, PASSWORD)


async def test_every_attempt_is_a_row_that_names_nobody(shop: Shop) -> None:
    await registered(shop)
    for who, password in ((LI, PASSWORD), (LI, "wrong wrong"), (PHONE, "wrong wrong")):
        try:
            await log_in.by_password(shop, LIS, who, password)
        except WrongCredentialsError:
            continue
    found = await rows(
        shop, "select outcome, network, length(who_index), customer_id is null from shop.log_in_attempt order by id"
    )
    assert found == [
        ("succeeded", "203.0.113.0/24", 32, False),
        ("succeeded", "203.0.113.0/24", 32, False),
        ("wrong", "203.0.113.0/24", 32, False),
        ("wrong", "203.0.113.0/24", 32, True),
    ]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"
