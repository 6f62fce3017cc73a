"""Stolen passwords tried from hundreds of addresses: shoppers go on logging in, nobody is locked out, people see it."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.faults.hot_sale import Workers
from tests.faults.stuffing import SESSION, Reader, Shopper, Thieves, client_at, loopback_addresses, p95
from tests.transactional.accounts.sent_codes import last_code
from transactional.accounts import service as accounts
from transactional.accounts.entry.queue import PATIENCE_OF_GOOD_S
from transactional.accounts.entry.rules import ADDRESS, WRONG_A_MINUTE
from transactional.db import engine, reading, writing
from transactional.shop import Shop, open_shop

pytestmark = [pytest.mark.proof, pytest.mark.anyio, pytest.mark.enable_socket]
LI, PASSWORD = "li@example.com", "correct horse battery"
HOME = "127.0.77.1"
QUIET_ROUNDS = 10
UP_WITHIN_S = 180


@pytest.fixture
async def shop(fresh_database: DatabaseUrls, tmp_path: Path) -> AsyncIterator[Shop]:
    source = engine(fresh_database.app)
    opened = await open_shop(Settings(var=tmp_path / "var"), source)
    async with writing(source) as session:
        await accounts.register(session, LI, PASSWORD, "Li")
    yield opened
    await opened.aclose()
    await source.dispose()


async def up(workers: Workers) -> None:
    async with asyncio.timeout(UP_WITHIN_S), httpx.AsyncClient(timeout=5) as client:
        for address in workers.addresses:
            while True:
                try:
                    if (await client.get(f"{address}/readyz")).status_code == 200:
                        break
                except httpx.TransportError:
                    await asyncio.sleep(0.1)


def environment(urls: DatabaseUrls, shop: Shop) -> dict[str, str]:
    return {**urls.environment(), "MINGSUAN_VAR": str(shop.settings.var), "FORWARDED_ALLOW_IPS": ""}


async def seen(shop: Shop, sql: str) -> list[tuple[object, ...]]:
    async with reading(shop.engine) as session:
        return [tuple(row) for row in await session.execute(text(sql))]


async def test_a_shopper_logs_in_while_thousands_of_stolen_passwords_are_tried(
    shop: Shop, fresh_database: DatabaseUrls, tmp_path: Path, full_counts: bool
) -> None:
    tries, sources, seconds = (5000, 500, 59.0) if full_counts else (250, 50, 3.0)
    with Workers(1, environment(fresh_database, shop), tmp_path) as workers:
        await up(workers)
        [url] = workers.addresses
        thieves = Thieves(url, loopback_addresses(sources, random.Random(4)), LI)  # noqa: S311
        reader = Reader(url, "/")
        async with Shopper(url, HOME, LI, PASSWORD, lambda: last_code(shop, LI)) as shopper:
            for _ in range(QUIET_ROUNDS):
                await shopper.log_in_once()
                await reader.look_once()
            quiet = p95(shopper.known), p95(shopper.new), p95(reader.seconds)
            shopper.forget_times()
            reader.seconds.clear()
            done = asyncio.Event()
            going_on = asyncio.gather(shopper.until(done), reader.until(done))
            await thieves.try_all(tries, seconds, target_every=20)
            done.set()
            await going_on
        async with httpx.AsyncClient(base_url=url) as client:
            metrics = (await client.get("/metrics")).text
        failed = await counted(shop, tries + shopper.by_code)
    figures = {
        "tries": sum(thieves.answers.values()),
        "addresses": sources,
        "sent_within_s": round(thieves.seconds, 1),
        "answers": dict(thieves.answers),
        "answers_p95_s": round(p95(thieves.waits), 3),
        "shopper_log_ins": len(shopper.known) + len(shopper.new),
        "by_code": shopper.by_code,
    }
    for name, of_late, before in zip(
        ("known", "new", "page"), (shopper.known, shopper.new, reader.seconds), quiet, strict=True
    ):
        figures |= {f"{name}_p95_s": round(p95(of_late), 3), f"{name}_p95_over_quiet": round(p95(of_late) / before, 1)}
    print(json.dumps({"name": "credential_stuffing", "figures": figures}))  # noqa: T201  (the figures are the point)
    assert shopper.refusals == []
    assert len(shopper.known) == len(shopper.new) > 0
    assert shopper.by_code > 0
    assert p95(shopper.known) < PATIENCE_OF_GOOD_S
    assert p95(reader.seconds) < PATIENCE_OF_GOOD_S
    assert set(reader.statuses) == {200}
    assert sum(thieves.answers.values()) == tries
    assert set(thieves.answers) <= {401, 403, 429, 503}
    assert failed == tries + shopper.by_code
    [(detail,)] = await seen(shop, "select detail from shop.review_case where kind = 'credential_stuffing'")
    assert detail["in_a_minute"] >= WRONG_A_MINUTE  # type: ignore[index]
    assert 'mingsuan_log_in_attempts_total{kind="customer",outcome="wrong"}' in metrics


async def counted(shop: Shop, expected: int) -> int:
    """Attempts on record that did not succeed; those refused at the door are written a second later."""
    failed = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10):
            while failed < expected:
                sql = "select sum(times)::bigint from shop.log_in_attempt where outcome <> 'succeeded'"
                [(failed,)] = await seen(shop, sql)  # type: ignore[assignment]
                await asyncio.sleep(0.1)
    return failed


async def test_allowances_hold_across_two_processes(shop: Shop, fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    statuses: list[int] = []
    with Workers(2, environment(fresh_database, shop), tmp_path) as workers:
        await up(workers)
        clients = [client_at(url, "127.5.5.5") for url in workers.addresses]
        for number in range(ADDRESS.burst + 4):
            spoofed = {"x-forwarded-for": f"203.0.113.{number}"}
            wrong = {"identifier": f"a{number}@example.com", "password": "stolen elsewhere"}
            statuses.append((await clients[number % 2].post(SESSION, json=wrong, headers=spoofed)).status_code)
        for client in clients:
            await client.aclose()
    assert statuses == [401] * ADDRESS.burst + [429] * 4
