"""Statements fetched from suppliers: of the days that are missing, taken in like any other, refusals told."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import pytest

from tests.transactional.small_shop import Stocked
from tests.transactional.suppliers.supplied_world import DAY, NOON, SuppliedWorld, file_of, line, supplied_world
from transactional.alerts.service import lasting
from transactional.db import reading
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels.keeping import OpenChannel
from transactional.suppliers.models import SupplyChannel
from transactional.suppliers.money import statement_pull
from transactional.suppliers.protocols.interface import StatementFile, StatementNotReadyError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(stocked: Stocked) -> SuppliedWorld:
    return await supplied_world(stocked)


class Teller:
    """Stands for a supplier that gives statements by day."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content

    async def statement(self, day: date) -> StatementFile:
        if self.content is None:
            raise StatementNotReadyError
        return StatementFile("bill.csv", self.content, day, day)


def gives(monkeypatch: pytest.MonkeyPatch, world: SuppliedWorld, content: bytes | None) -> None:
    @asynccontextmanager
    async def opening(*_: object) -> AsyncIterator[OpenChannel]:
        async with reading(world.stocked.shop.engine) as session:
            channel = await session.get_one(SupplyChannel, world.channel_id)
        yield OpenChannel(channel, Teller(content))  # type: ignore[arg-type]

    monkeypatch.setattr(channels, "opening", opening)


async def wanted(world: SuppliedWorld) -> list[str]:
    sql = "select args ->> 'day' from jobs.procrastinate_jobs where task_name = :task order by id"
    return [row[0] for row in await world.stocked.rows(sql, task=statement_pull.PULL)]


async def test_the_last_days_are_asked_for_until_they_are_there(
    world: SuppliedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    purchase = await world.bought(4000)
    shop, next_noon = world.stocked.shop, NOON + timedelta(days=1)
    assert await statement_pull.want(shop, NOON.replace(hour=16)) == 0  # midnight there: too early
    assert await statement_pull.want(shop, next_noon) == 2
    assert await wanted(world) == [str(DAY - timedelta(days=1)), str(DAY)]
    gives(monkeypatch, world, None)
    assert not await statement_pull.pull(shop, world.channel_id, DAY)
    gives(monkeypatch, world, file_of([line(purchase, "40")]))
    assert await statement_pull.pull(shop, world.channel_id, DAY)
    rows = await world.stocked.rows("select source, from_date, to_date from shop.supplier_statement")
    assert rows == [("pull", DAY, DAY)]
    await world.stocked.rows("delete from jobs.procrastinate_jobs returning id")
    assert await statement_pull.want(shop, next_noon) == 1


async def test_a_refused_statement_is_told_until_a_good_one_comes(
    world: SuppliedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = world.stocked.shop
    gives(monkeypatch, world, b"request_no,amount\nR1,many\n")
    assert not await statement_pull.pull(shop, world.channel_id, DAY)
    async with reading(shop.engine) as session:
        [told] = (await lasting(session, statement_pull.UNREADABLE)).values()
    assert "row 2, column amount" in told.detail["why"]
    assert await world.stocked.rows("select count(*) from shop.supplier_statement") == [(0,)]
    gives(monkeypatch, world, file_of([]))
    assert await statement_pull.pull(shop, world.channel_id, DAY)
    async with reading(shop.engine) as session:
        assert await lasting(session, statement_pull.UNREADABLE) == {}
