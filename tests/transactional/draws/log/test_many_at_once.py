"""Several sequencers and many who append: each leaf once, one history."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.postgres import DatabaseUrls
from tests.transactional.draws.log.draws_in_rows import SECOND, enter, opened
from tests.transactional.draws.log.witnesses import keeper_in, run
from transactional.db import engine, reading, writing
from transactional.draws.leaves import seal
from transactional.draws.log import published
from transactional.draws.log import service as log
from transactional.draws.log.keeper import Keeper

pytestmark = pytest.mark.anyio
INDICES = text("select log_index from shop.log_position order by log_index")


async def _append(source: AsyncEngine, who: int, times: int) -> None:
    for turn in range(times):
        async with writing(source) as session:
            await log.append(session, "seal", seal(who * times + turn, bytes(32)))
            await asyncio.sleep(0.002 * (who % 3))  # transactions end in another order than their ids were given


async def _sequence(source: AsyncEngine, keeper: Keeper, done: asyncio.Event) -> list[log.Placed]:
    runs: list[log.Placed] = []
    while not done.is_set():
        runs.append(await run(source, keeper))
        await asyncio.sleep(0.001)
    return runs


async def _all_at_once(source: AsyncEngine, keepers: list[Keeper], who: int, times: int) -> list[log.Placed]:
    """Appends while all of these run the log; then runs until nothing waits. What the runs did."""
    done = asyncio.Event()
    running = [asyncio.create_task(_sequence(source, keeper, done)) for keeper in keepers]
    await asyncio.gather(*(_append(source, each, times) for each in range(who)))
    done.set()
    runs = [each for task in running for each in await task]
    return [*runs, *[await run(source, keeper) for keeper in keepers]]


@pytest.mark.parametrize("folders", [1, 2])
async def test_each_leaf_stands_once_in_one_history(fresh_engine: AsyncEngine, tmp_path: Path, folders: int) -> None:
    """Two folders: two machines that share the database alone, and take turns."""
    keepers = [keeper_in(tmp_path / str(number % folders)) for number in range(3)]
    runs = await _all_at_once(fresh_engine, keepers, who=6, times=10)
    assert sum(each.leaves for each in runs) == 60
    assert any(each.was_busy for each in runs)
    async with reading(fresh_engine) as session:
        assert list(await session.scalars(INDICES)) == list(range(60))
        newest = await log.newest(session)
    assert newest is not None
    for keeper in keepers:
        shown = published.read(keeper)
        assert shown is not None
        assert (shown.checkpoint.size, shown.checkpoint.root) == (60, newest.root)


async def test_a_folder_that_two_databases_were_given_is_one_shops(
    fresh_engine: AsyncEngine, module_database: DatabaseUrls, tmp_path: Path
) -> None:
    other = engine(module_database.app)
    keeper = keeper_in(tmp_path)
    done = asyncio.Event()
    task = asyncio.create_task(_sequence(fresh_engine, keeper, done))
    runs = [await run(other, keeper_in(tmp_path)) for _ in range(20)]
    done.set()
    assert any(each.was_busy for each in [*runs, *await task])
    await other.dispose()


async def test_an_entry_that_comes_while_its_second_is_batched_goes_into_a_later_second(
    fresh_engine: AsyncEngine, tmp_path: Path
) -> None:
    """Its process read the clock before the sequencer did, and got the draw after it."""
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        draw_id, _ = await opened(session)
    await enter(fresh_engine, draw_id, 1, SECOND)
    await run(fresh_engine, keeper, SECOND + 1)
    await enter(fresh_engine, draw_id, 1, SECOND)
    await run(fresh_engine, keeper, SECOND + 2)
    async with reading(fresh_engine) as session:
        rows = await session.execute(text("select first_index, accepted_second from shop.draw_batch order by 1"))
        assert [tuple(row) for row in rows] == [(0, SECOND), (1, SECOND + 1)]
        assert await log.batched(session, draw_id)


async def test_what_ends_the_entries_waits_for_the_last_batch(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        draw_id, _ = await opened(session)
    await enter(fresh_engine, draw_id, 1, SECOND)
    async with writing(fresh_engine) as session:
        await log.append(session, "void", '{"draw_id":"0","type":"draw-void/v1"}', draw_id)
    assert (await run(fresh_engine, keeper, SECOND)).leaves == 1
    assert (await run(fresh_engine, keeper, SECOND + 1)).leaves == 2
    async with reading(fresh_engine) as session:
        kinds = await session.scalars(
            text("select l.kind from shop.log_position p join shop.log_leaf l on l.id = p.leaf_id order by p.log_index")
        )
        assert list(kinds) == ["open", "batch", "void"]
