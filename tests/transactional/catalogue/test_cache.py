"""The catalogue as it is remembered: briefly, forgotten when staff change it, and never needed to sell."""

import asyncio
import logging
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_staff
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes
from transactional.catalogue import cache as cache_module
from transactional.catalogue import queries
from transactional.catalogue.cache import CatalogueCache
from transactional.errors import NotFoundError

pytestmark = pytest.mark.anyio

SLUG = "steam-50"
Answer = TypeVar("Answer")


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one with each reading of a product from the database."""
    seen: list[str] = []
    real: Callable[..., Awaitable[object]] = queries.product

    async def counted(*arguments: object) -> object:
        seen.append("product")
        return await real(*arguments)

    monkeypatch.setattr(queries, "product", counted)
    return seen


async def test_what_many_ask_for_is_read_once(stocked: Stocked, readings: list[str]) -> None:
    catalogue = stocked.shop.catalogue
    first = await asyncio.gather(*(catalogue.product(SLUG) for _ in range(20)))
    again = await catalogue.product(SLUG)
    assert len(readings) == 1
    assert {view.stock for view in (*first, again)} == {0}
    assert again == first[0]


async def test_what_is_remembered_ages_within_two_seconds(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_module.FRESH_S <= 2
    monkeypatch.setattr(cache_module, "FRESH_S", 0.05)
    assert (await stocked.shop.catalogue.product(SLUG)).stock == 0
    await stocked.stock(codes(3))
    async with asyncio.timeout(5):
        while (await stocked.shop.catalogue.product(SLUG)).stock != 3:
            await asyncio.sleep(0.01)


async def test_a_change_by_staff_is_seen_by_the_next_who_looks(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    async with Client(stocked.shop, fresh_database) as staff:
        await log_in_staff(staff, stocked.shop)
        assert (await staff.read(f"/products/{SLUG}")).json()["from_price_fen"] == PRICE_FEN
        assert (await staff.read("/products")).json()["total"] == 1
        priced = await staff.command("/staff/prices", {"sku_code": "STEAM-50", "list_price_fen": 4900})
        assert priced.status_code == 201
        assert (await staff.read(f"/products/{SLUG}")).json()["from_price_fen"] == 4900
        await staff.command(f"/staff/products/{SLUG}/publish-state", {"publish_state": "withdrawn"})
        assert (await staff.read(f"/products/{SLUG}")).status_code == 404
        assert (await staff.read("/products")).json()["total"] == 0


async def test_what_was_read_before_a_change_is_not_remembered_after_it(
    stocked: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = asyncio.Event(), asyncio.Event()
    real: Callable[..., Awaitable[object]] = queries.product

    async def slow(*arguments: object) -> object:
        found = await real(*arguments)
        reached.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(queries, "product", slow)
    catalogue = stocked.shop.catalogue
    early = asyncio.create_task(catalogue.product(SLUG))
    await reached.wait()
    await stocked.stock(codes(2))
    await catalogue.forget()
    go_on.set()
    assert (await early).stock == 0
    assert (await catalogue.product(SLUG)).stock == 2


async def test_what_is_not_there_is_not_remembered(stocked: Stocked, readings: list[str]) -> None:
    for _ in range(2):
        with pytest.raises(NotFoundError):
            await stocked.shop.catalogue.product("nothing")
    assert len(readings) == 2


async def test_without_redis_the_database_answers_and_the_log_says_so_once(
    stocked: Stocked, caplog: pytest.LogCaptureFixture
) -> None:
    """A socket file that nobody listens at: refused at once."""
    catalogue = CatalogueCache(stocked.shop.engine, "unix:///nonexistent/redis.sock")
    with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING, "mingsuan.catalogue"):
        patch.setattr(cache_module, "PAUSE_S", 0)  # ask Redis every time
        for _ in range(3):
            assert (await catalogue.product(SLUG)).stock == 0
            await catalogue.forget()
    await catalogue.aclose()
    assert ["does not answer" in record.message for record in caplog.records] == [True]


async def test_a_redis_that_hangs_is_left_alone_for_a_while(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue = stocked.shop.catalogue
    tries: list[str] = []

    async def hang(key: str) -> None:
        tries.append(key)
        await asyncio.sleep(60)

    monkeypatch.setattr(catalogue._cache, "get", hang)
    monkeypatch.setattr(cache_module, "PATIENCE_S", 0.01)
    for _ in range(5):
        assert (await catalogue.product(SLUG)).stock == 0
    assert len(tries) == 1


async def test_an_entry_of_another_version_is_read_anew(stocked: Stocked) -> None:
    catalogue = stocked.shop.catalogue
    await catalogue._cache.set(f"{cache_module.PREFIX}product:{SLUG}", b'{"slug": "old"}', expire=10)
    assert (await catalogue.product(SLUG)).slug == SLUG


@pytest.fixture
def redis_url() -> Iterator[str]:
    """A Redis of its own at a socket file, where one is installed; what it must do is tested without it too."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("not run: redis-server is not installed")
    with tempfile.TemporaryDirectory() as folder:
        at = f"{folder}/r.sock"
        command = [program, "--port", "0", "--unixsocket", at, "--save", "", "--dir", folder]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 10
            while not _listens(at) and time.monotonic() < until:
                time.sleep(0.02)
            yield f"unix://{at}"
        finally:
            process.terminate()
            process.wait()


def _listens(at: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(at) == 0


async def test_processes_share_one_redis_and_its_forgetting(
    stocked: Stocked, redis_url: str, readings: list[str]
) -> None:
    one, other = [CatalogueCache(stocked.shop.engine, redis_url) for _ in range(2)]
    assert await one.product(SLUG) == await other.product(SLUG)
    assert len(readings) == 1
    await stocked.stock(codes(1))
    await other.forget()
    assert (await one.product(SLUG)).stock == 1
    for each in (one, other):
        await each.aclose()
