"""The gate before every attempt: what it refuses costs no connection, and whom it lets go on before others."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import PASSWORD, Client
from transactional.accounts import jobs, service
from transactional.accounts.entry import log_in, log_in_by_code, rate_limits
from transactional.accounts.entry.browser import DEVICE_COOKIE
from transactional.accounts.entry.errors import CrowdedError, TooManyTriesError, WrongCodeError
from transactional.accounts.entry.fading import Fading
from transactional.accounts.entry.identifiers import Identifier, claimed
from transactional.accounts.entry.queue import EntryQueue
from transactional.accounts.entry.rules import ADDRESS, CODE_TRIES
from transactional.accounts.sessions import Opened, Visitor
from transactional.db import reading, writing
from transactional.errors import WrongCredentialsError
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
LI, STRANGER = Identifier("email", "li@example.com"), Visitor("198.51.100.1")
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


@contextmanager
def statements(shop: Shop) -> Iterator[list[str]]:
    """What the shop's own connections are asked meanwhile."""
    asked: list[str] = []

    def keep(*given: object) -> None:
        asked.append(str(given[2]))

    event.listen(shop.engine.sync_engine, "before_cursor_execute", keep)
    yield asked
    event.remove(shop.engine.sync_engine, "before_cursor_execute", keep)


async def li(shop: Shop) -> Opened:
    async with writing(shop.engine) as session:
        await service.register(session, LI.value, PASSWORD, "Li")
    return await log_in.by_password(shop, Visitor("203.0.113.7"), LI, PASSWORD)


async def use_up(shop: Shop, visitor: Visitor = STRANGER) -> None:
    for number in range(ADDRESS.burst):
        with pytest.raises(WrongCredentialsError):
            await log_in.by_password(shop, visitor, claimed(f"a{number}@example.com"), "whatever it is")
    with pytest.raises(TooManyTriesError):
        await log_in.by_password(shop, visitor, LI, "whatever it is")


async def failed(shop: Shop) -> int:
    await shop.gate.refused.flush()
    async with reading(shop.engine) as session:
        found = await session.scalar(text("select sum(times) from shop.log_in_attempt where outcome = 'refused'"))
        return int(found or 0)


async def test_an_address_beyond_its_allowance_is_refused_without_a_question_until_it_may_try_again(shop: Shop) -> None:
    with clock.at(NOON):
        await use_up(shop)
        with statements(shop) as asked:
            for _ in range(50):
                with pytest.raises(TooManyTriesError) as refusal:
                    await log_in.by_password(shop, STRANGER, LI, "whatever it is")
        assert asked == []
        assert refusal.value.values == {"retry_after_seconds": 60}
        assert await failed(shop) == 51
    with clock.at(NOON + timedelta(seconds=60)), pytest.raises(WrongCredentialsError):
        await log_in.by_password(shop, STRANGER, LI, "whatever it is")


async def test_who_is_refused_by_password_still_comes_in_by_code_and_by_a_known_device(shop: Shop) -> None:
    opened = await li(shop)
    await use_up(shop)
    assert opened.device
    assert await log_in.by_password(shop, replace(STRANGER, device_token=opened.device.token), LI, PASSWORD)
    for _ in range(CODE_TRIES.burst):
        with pytest.raises(WrongCodeError):
            await log_in_by_code.by_code(shop, STRANGER, LI, "no flow", "000000")
    for _ in range(2):
        with pytest.raises(TooManyTriesError):
            await log_in_by_code.by_code(shop, STRANGER, LI, "no flow", "000000")


async def test_where_somebody_came_in_nothing_is_held_against_the_address(shop: Shop) -> None:
    opened = await li(shop)
    await use_up(shop)
    assert opened.device
    await log_in.by_password(shop, replace(STRANGER, device_token=opened.device.token), LI, PASSWORD)
    with statements(shop) as asked, pytest.raises(TooManyTriesError):
        await log_in.by_password(shop, STRANGER, LI, "whatever it is")
    assert asked != []


async def test_a_crowd_is_refused_without_a_question_and_a_known_device_goes_on(shop: Shop) -> None:
    opened = await li(shop)
    assert opened.device
    crowded = replace(shop, gate=replace(shop.gate, queue=EntryQueue(at_once=1, patience_s=0.01)))
    async with crowded.gate.queue.turn(2, "stranger"):
        with statements(shop) as asked, pytest.raises(CrowdedError) as refusal:
            await log_in.by_password(crowded, STRANGER, LI, PASSWORD)
        assert asked == []
        assert int(str(refusal.value.values["retry_after_seconds"])) >= 1
        at_lis = Visitor("198.51.100.2", device_token=opened.device.token)
        assert await log_in.by_password(crowded, at_lis, LI, PASSWORD)
    assert await failed(shop) == 1


async def test_addresses_that_tried_often_wait_behind_quiet_ones_and_both_behind_good_ones(shop: Shop) -> None:
    await li(shop)
    gate, order = replace(shop.gate, queue=EntryQueue(at_once=1)), []
    async with gate.turn(Visitor("198.51.100.9"), "x"):
        pass

    async def comes(name: str, address: str) -> None:
        async with gate.turn(Visitor(address), name):
            order.append(name)

    waiting: list[asyncio.Task[None]] = []
    async with gate.turn(Visitor("198.51.100.8"), "x"):
        for name, address in (("noisy", "198.51.100.9"), ("quiet", "198.51.100.10"), ("good", "203.0.113.7")):
            waiting.append(asyncio.create_task(comes(name, address)))
            await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == ["good", "quiet", "noisy"]


async def test_a_device_that_the_shop_did_not_name_is_none(
    shop: Shop, fresh_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    await li(shop)
    tokens: list[str | None] = []
    real = log_in.by_password

    async def seen(shop: Shop, visitor: Visitor, who: Identifier, password: str) -> Opened:
        tokens.append(visitor.device_token)
        return await real(shop, visitor, who, password)

    monkeypatch.setattr(log_in, "by_password", seen)
    right = {"identifier": LI.value, "password": PASSWORD}
    async with Client(shop, fresh_database) as client:
        assert (await client.post("/api/v1/session", json=right)).status_code == 201
        given = client.cookies[DEVICE_COOKIE]
        for cookie in (given, given[:-1] + ("0" if given[-1] != "0" else "1"), given.partition(".")[0], "made.up", ""):
            client.cookies.clear()
            client.cookies.set(DEVICE_COOKIE, cookie, domain="shop.test")
            assert (await client.post("/api/v1/session", json=right)).status_code == 201
    assert tokens == [None, given.partition(".")[0], None, None, None, None]


async def test_allowances_that_are_whole_again_are_forgotten_and_the_others_kept(shop: Shop) -> None:
    with clock.at(NOON):
        async with writing(shop.engine) as session:
            await rate_limits.take(session, shop.vault, [ADDRESS.of("spent lately"), CODE_TRIES.of("too")], NOON)
            await rate_limits.remember(session, shop.vault, ADDRESS.of("good"), NOON + timedelta(days=30))
    with clock.at(NOON + timedelta(minutes=30)):
        assert await jobs.forget_allowances(shop) == 0
    with clock.at(NOON + timedelta(hours=2)):
        assert await jobs.forget_allowances(shop) == 2
        assert await jobs.forget_allowances(shop) == 0
        async with reading(shop.engine) as session:
            assert await rate_limits.used(session, shop.vault, [ADDRESS.of("good")], clock.now()) != {ADDRESS.scope: 0}


def test_what_is_remembered_fades_and_has_bounds() -> None:
    fading: Fading[int] = Fading(places=2)
    for number in range(3):
        fading.keep(f"{number}", number, NOON)
    before = NOON - timedelta(seconds=1)
    assert [fading.get(f"{number}", before) for number in range(3)] == [None, 1, 2]
    assert fading.get("2", NOON) is None
    fading.forget("1")
    assert fading.get("1", before) is None
