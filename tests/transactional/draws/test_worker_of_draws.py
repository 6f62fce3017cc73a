"""The worker itself moves draws on: in time, whatever is planned for later, whatever failed, whatever else waits."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import procrastinate
import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.draws.lives import World, world
from tests.transactional.draws.open_draws import adult
from tests.transactional.small_shop import Stocked
from transactional import worker
from transactional.db import writing
from transactional.draws import jobs, service, steps
from transactional.draws.log.running import sequencing
from transactional.draws.models import Draw
from transactional.draws.moving import step_at
from transactional.jobs import defer
from transactional.shop import Shop

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]
SECONDS = 20
WAITING = "select count(*) from jobs.procrastinate_jobs where task_name = 'draws.step' and status = 'todo'"


class Hanging:
    """A slice whose jobs never end."""

    @staticmethod
    def register(app: procrastinate.App, _shop: Callable[[], Shop]) -> None:
        @app.task(name="test.hang", queue="shop")
        async def hang() -> None:
            await asyncio.sleep(600)


@pytest.fixture
async def lives(stocked: Stocked) -> AsyncIterator[World]:
    """Its draws begin a minute ago; the worker, the beacon and the witness live in the present."""
    async with world(stocked) as made:
        made.second = int(time.time()) - 60
        made.relay.now = made.witness.now = lambda: int(time.time())
        yield made


@pytest.fixture
def working(
    lives: World, fresh_database: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], contextlib.AbstractAsyncContextManager[None]]:
    """The worker with nothing but the slice of draws and one whose jobs hang, and the log's sequencer beside it."""
    monkeypatch.setattr(worker, "slices", lambda: (jobs, Hanging))

    @contextlib.asynccontextmanager
    async def at_work() -> AsyncIterator[None]:
        app = worker.worker_app(fresh_database.app, lambda: lives.shop)
        async with sequencing(lives.shop.engine, lives.keeper, 0.2), worker.working(app):
            yield

    return at_work


async def until(told: Callable[[], Awaitable[Any]], expected: Any) -> None:
    async with asyncio.timeout(SECONDS):
        while await told() != expected:
            await asyncio.sleep(0.1)


def state(lives: World, draw: Draw) -> Callable[[], Awaitable[str]]:
    async def read() -> str:
        return (await lives.row(draw)).state

    return read


def in_an_hour() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)


@pytest.mark.proof
async def test_a_draw_that_is_full_early_is_committed_at_once_though_other_work_hangs(
    lives: World, working: Callable[[], contextlib.AbstractAsyncContextManager[None]]
) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened(closes_at=in_an_hour())
    await lives.enters(draw, ann, 10)
    async with writing(lives.shop.engine) as session:
        for _ in range(worker.CONCURRENCY + 1):
            await defer(session, "test.hang", {}, priority=100)
    async with working():
        await until(state(lives, draw), "committed")


async def test_stakes_of_a_draw_that_is_called_off_before_its_time_go_back_at_once(
    lives: World, working: Callable[[], contextlib.AbstractAsyncContextManager[None]]
) -> None:
    ann = await adult(lives.stocked, "ann", 5000)
    draw = await lives.opened(mode="refundable", price_fen=100, closes_at=in_an_hour())
    await lives.enters(draw, ann, 2, "wallet")
    async with writing(lives.shop.engine) as session:
        await service.void(session, draw.id, "cancelled", "The prize was stolen.", lives.staff_id, lives.at())

    async def balance() -> int:
        [(fen,)] = await lives.stocked.rows("select balance_fen from shop.wallet where customer_id = :id", id=ann.id)
        return int(fen)

    assert await balance() == 4800
    async with working():
        await until(balance, 5000)


async def test_stakes_go_back_at_once_when_somebody_else_asked_for_the_result(
    lives: World, working: Callable[[], contextlib.AbstractAsyncContextManager[None]]
) -> None:
    lives.second -= 3600
    ann = await adult(lives.stocked, "ann", 5000)
    draw = await lives.opened(mode="refundable", price_fen=100, winners=1)
    await lives.enters(draw, ann, 10, "wallet")
    await lives.sequenced()
    lives.relay.now = lambda: lives.second
    assert await lives.stepped(draw) == "committed"
    await lives.sequenced()
    await lives.wait_for_round(draw)
    lives.passes(minutes=5)
    with lives.now():
        assert await service.decide(lives.shop.engine, lives.shop.beacons, draw.id) == "decided"

    async def is_settled() -> bool:
        return (await lives.row(draw)).settled_at is not None

    async with working():
        await until(is_settled, True)
    assert (await lives.balances())["customer_wallet"] == -4900


async def test_a_step_that_failed_is_found_by_the_sweep_and_done(
    lives: World,
    working: Callable[[], contextlib.AbstractAsyncContextManager[None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 10)
    close, tried = steps.closing.close_if_due, asyncio.Event()

    async def fails_once(*asked: Any) -> str:
        if tried.is_set():
            return await close(*asked)
        tried.set()
        raise ZeroDivisionError

    async def waiting() -> int:
        return int((await lives.stocked.rows(WAITING))[0][0])

    monkeypatch.setattr(steps.closing, "close_if_due", fails_once)
    monkeypatch.setattr(jobs, "AGAIN_S", 3600)
    async with working():
        async with asyncio.timeout(SECONDS):
            await tried.wait()
        await until(waiting, 1)
        for _ in range(2):
            await jobs.sweep(lives.shop)
        assert await waiting() <= 1
        await until(state(lives, draw), "committed")


async def test_of_one_draw_only_one_step_ever_waits_and_it_is_moved_to_the_present(lives: World) -> None:
    draw = await lives.opened(closes_at=in_an_hour())
    for _ in range(3):
        async with writing(lives.shop.engine) as session:
            await step_at(session, draw.id)
            await step_at(session, draw.id, in_an_hour())
    planned = "select task_name, lock, scheduled_at is null from jobs.procrastinate_jobs order by task_name, id"
    rows = await lives.stocked.rows(planned)
    assert [row for row in rows if row[0] == "draws.step"] == [("draws.step", f"draw:{draw.id}", True)]
    assert {row for row in rows if row[0] == "draws.wake"} == {("draws.wake", None, False)}
