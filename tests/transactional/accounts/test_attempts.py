"""What people see of attempts to get in: hours, networks, and a case when a minute was an attack."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from mingsuan import clock
from transactional.accounts.entry import attempts
from transactional.accounts.entry.attempts import ASK_EVERY, Attempt, Outcome, Watch
from transactional.accounts.entry.refused_attempts import PAIRS, RefusedAttempts
from transactional.accounts.entry.rules import WRONG_A_MINUTE
from transactional.backoffice import security_queries
from transactional.db import reading, writing
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 22, 6, 59, 30, tzinfo=UTC)


async def tried(
    shop: Shop, watch: Watch, count: int, outcome: Outcome = "wrong", at: datetime = AT, network: str = "198.51.100"
) -> None:
    async with writing(shop.engine) as session:
        for number in range(count):
            who = Attempt("customer", f"email:a{number}@example.com", f"{network}.{number % 50}")
            await attempts.record(session, shop.vault, watch, who, outcome, at)


async def cases(shop: Shop) -> list[tuple[str, int]]:
    async with reading(shop.engine) as session:
        found = await session.execute(text("select subject, (detail->>'in_a_minute')::int from shop.review_case"))
        return [(row[0], row[1]) for row in found]


async def test_an_attack_opens_one_case_an_hour_whichever_process_sees_it(shop: Shop) -> None:
    here, there = Watch(), Watch()
    await tried(shop, here, WRONG_A_MINUTE // 2)
    await tried(shop, there, WRONG_A_MINUTE // 2 - ASK_EVERY)
    assert await cases(shop) == []
    await tried(shop, there, 2 * ASK_EVERY)
    assert [subject for subject, _ in await cases(shop)] == ["hour:2026-11-22T06Z"]
    await tried(shop, here, WRONG_A_MINUTE)
    assert len(await cases(shop)) == 1
    await tried(shop, here, WRONG_A_MINUTE + ASK_EVERY, at=AT + timedelta(minutes=1))
    assert [subject for subject, _ in await cases(shop)] == ["hour:2026-11-22T06Z", "hour:2026-11-22T07Z"]


async def test_right_ones_and_slow_wrong_ones_are_no_attack(shop: Shop) -> None:
    watch = Watch()
    await tried(shop, watch, 2 * WRONG_A_MINUTE, "succeeded")
    for minute in range(3):
        await tried(shop, watch, WRONG_A_MINUTE - 1, at=AT + timedelta(minutes=2 * minute))
    assert await cases(shop) == []


async def test_hours_and_networks_are_counted_the_worst_first(shop: Shop) -> None:
    watch = Watch()
    await tried(shop, watch, 3, "succeeded")
    await tried(shop, watch, 7, at=AT + timedelta(hours=1), network="203.0.113")
    await tried(shop, watch, 2, "refused", at=AT + timedelta(hours=1))
    async with reading(shop.engine) as session:
        hours = await security_queries.hours(session, AT - timedelta(days=1), "customer")
        networks = await security_queries.networks(session, AT - timedelta(days=1), 20)
        none = await security_queries.hours(session, AT + timedelta(hours=2), "customer")
    assert [
        (each.starts_at.hour, each.counts["succeeded"], each.counts["wrong"], each.counts["refused"]) for each in hours
    ] == [(7, 0, 7, 2), (6, 3, 0, 0)]
    assert [(each.network, each.failed, each.succeeded, each.accounts) for each in networks] == [
        ("203.0.113.0/24", 7, 0, 7),
        ("198.51.100.0/24", 2, 3, 3),
    ]
    assert none == []


async def test_refusals_at_the_door_are_counted_in_few_rows_and_all_of_them(shop: Shop) -> None:
    watch = Watch()
    refused = RefusedAttempts(shop.engine, shop.vault, watch, every_s=3600)
    for number in range(3 * WRONG_A_MINUTE):
        refused.count(Attempt("customer", f"email:a{number % 2}@example.com", f"203.0.113.{number % 3}"))
    await refused.aclose()
    async with reading(shop.engine) as session:
        rows = (await session.execute(text("select count(*), sum(times) from shop.log_in_attempt"))).one()
        [network] = await security_queries.networks(session, clock.now() - timedelta(hours=1), 20)
    assert tuple(rows) == (6, 3 * WRONG_A_MINUTE)
    assert (network.network, network.tries, network.accounts) == ("203.0.113.0/24", 3 * WRONG_A_MINUTE, 2)
    assert [count for _, count in await cases(shop)] == [3 * WRONG_A_MINUTE]


async def test_refusals_are_written_a_moment_later_without_being_asked_for(shop: Shop) -> None:
    refused = RefusedAttempts(shop.engine, shop.vault, Watch(), every_s=0.01)
    for more in (1, 2):
        refused.count(Attempt("customer", "email:a@example.com", "203.0.113.7"))
        async with asyncio.timeout(10), reading(shop.engine) as session:
            while await session.scalar(text("select sum(times) from shop.log_in_attempt")) != more:
                await asyncio.sleep(0.01)
    await refused.aclose()


async def test_refusals_that_could_not_be_written_are_counted_on_and_never_without_bounds(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = RefusedAttempts(shop.engine, shop.vault, Watch(), every_s=3600)
    for number in range(PAIRS + 10):
        refused.count(Attempt("customer", f"email:a{number}@example.com", "203.0.113.7"))
    with monkeypatch.context() as broken:
        broken.setattr(attempts, "ADD_REFUSED", text("select 1/0"))
        await refused.flush()
    refused.count(Attempt("customer", "email:a0@example.com", "203.0.113.7"))
    await refused.aclose()
    async with reading(shop.engine) as session:
        rows = (await session.execute(text("select count(*), sum(times) from shop.log_in_attempt"))).one()
    assert tuple(rows) == (PAIRS + 1, PAIRS + 11)
