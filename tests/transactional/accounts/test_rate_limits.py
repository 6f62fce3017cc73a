"""Allowances: as many acts as were said, all or none of several, the same for every process at once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from transactional.accounts.entry import rate_limits
from transactional.accounts.entry.rate_limits import Allowance, Taken
from transactional.db import engine, writing
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 22, 6, tzinfo=UTC)
THREE = Allowance("three", count=3, period=timedelta(minutes=3), burst=3)
ONE = Allowance("one", count=1, period=timedelta(hours=1), burst=1)


async def taken(shop: Shop, *uses: rate_limits.Use, after: int = 0) -> Taken:
    async with writing(shop.engine) as session:
        return await rate_limits.take(session, shop.vault, uses, AT + timedelta(seconds=after))


async def test_a_burst_is_allowed_then_one_a_step(shop: Shop) -> None:
    answers = [await taken(shop, THREE.of("a")) for _ in range(4)]
    assert [answer.is_refused for answer in answers] == [False, False, False, True]
    assert [answer.used["three"] for answer in answers] == [1, 2, 3, 3]
    assert answers[3].retry_after_seconds == 60
    assert (await taken(shop, THREE.of("a"), after=59)).is_refused
    assert not (await taken(shop, THREE.of("a"), after=60)).is_refused
    assert (await taken(shop, THREE.of("a"), after=60)).is_refused
    assert not (await taken(shop, THREE.of("b"))).is_refused


async def test_of_several_allowances_all_are_taken_or_none(shop: Shop) -> None:
    assert not (await taken(shop, THREE.of("a"), ONE.of("x"))).is_refused
    refused = await taken(shop, THREE.of("a"), ONE.of("x"))
    assert refused.retry_after_seconds == 3600
    assert not (await taken(shop, THREE.of("a"))).is_refused
    assert not (await taken(shop, THREE.of("a"))).is_refused
    assert (await taken(shop, THREE.of("a"))).is_refused


async def test_what_is_given_back_may_be_taken_again(shop: Shop) -> None:
    await taken(shop, ONE.of("x"))
    async with writing(shop.engine) as session:
        await rate_limits.give_back(session, shop.vault, [ONE.of("x")])
        assert await rate_limits.used(session, shop.vault, [ONE.of("x")], AT) == {"one": 0}
    assert not (await taken(shop, ONE.of("x"))).is_refused


async def test_two_processes_that_take_at_once_share_one_allowance(shop: Shop, fresh_database: DatabaseUrls) -> None:
    others = [engine(fresh_database.app) for _ in range(2)]
    uses = THREE.of("a"), ONE.of("x")

    async def one(number: int) -> bool:
        async with writing(others[number % 2]) as session:
            several = uses if number % 4 < 2 else uses[::-1]
            return not (await rate_limits.take(session, shop.vault, several[: 1 + number % 2], AT)).is_refused

    answers = await asyncio.gather(*(one(number) for number in range(40)))
    assert 3 <= sum(answers) <= 4
    async with writing(shop.engine) as session:
        used = await rate_limits.used(session, shop.vault, uses, AT)
    assert used["three"] <= 3
    assert used["one"] <= 1
    for other in others:
        await other.dispose()


async def test_the_table_does_not_tell_whose_allowances_they_are(shop: Shop) -> None:
    await taken(shop, THREE.of("li@example.com"))
    async with writing(shop.engine) as session:
        [key] = await session.scalars(text("select key from shop.rate_limit"))
    assert len(key) == 32
    assert b"li@example.com" not in bytes(key)


@pytest.mark.parametrize(
    ("address", "block", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("testclient", "unknown", "unknown"),
    ],
)
async def test_an_address_counts_as_its_line(address: str, block: str, network: str) -> None:
    assert rate_limits.address_block(address) == block
    assert rate_limits.network_of(address) == network


@given(st.integers(1, 50), st.integers(1, 50), st.integers(0, 10_000))
def test_after_the_wait_that_was_told_one_more_is_allowed_and_not_before(count: int, burst: int, taken_s: int) -> None:
    use = Allowance("any", count, timedelta(minutes=10), burst).of("a")
    free_at = AT + timedelta(seconds=taken_s)
    room = use.allowance.step * burst
    later = AT + use.wait(free_at, AT)
    assert max(free_at, later) + use.allowance.step <= later + room
    if later > AT:
        just = later - timedelta(microseconds=1)
        assert max(free_at, just) + use.allowance.step > just + room
