"""The sequencer beside the worker: it goes on after whatever ends a run, and really dies when it is killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.postgres import DatabaseUrls
from tests.transactional.draws.log.witnesses import KEY, keeper_in, run
from transactional.alerts.service import lasting
from transactional.db import reading, writing
from transactional.draws.leaves import seal
from transactional.draws.log import proving, published, running
from transactional.draws.log import service as log
from transactional.draws.log.keeper import Keeper
from transactional.draws.log.sequencer import sequence
from transactional.draws.log.tiles import Tiles

pytestmark = pytest.mark.anyio
SECONDS = 30
SEQUENCER = """
import asyncio, sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from transactional.db import engine
from transactional.draws.log.keeper import Keeper
from transactional.draws.log.running import sequencing

async def main():
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(sys.argv[3]))
    async with sequencing(engine(sys.argv[1]), Keeper(key, Path(sys.argv[2]), "shop.example/log"), 0.001):
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def _append(source: AsyncEngine, number: int) -> None:
    async with writing(source) as session:
        await log.append(session, "seal", seal(number, bytes(32)))


async def _until(keeper: Keeper, size: int) -> None:
    async with asyncio.timeout(SECONDS):
        while (shown := published.read(keeper)) is None or shown.checkpoint.size < size:
            await asyncio.sleep(0.01)


async def test_it_extends_the_log_until_the_worker_ends(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path)
    async with running.sequencing(fresh_engine, keeper, 0.01):
        for number in (1, 2):
            await _append(fresh_engine, number)
            await _until(keeper, number)
    assert json.loads((keeper.folder / "policy.json").read_bytes()) == log.policy(keeper)
    await _append(fresh_engine, 3)
    await asyncio.sleep(0.1)
    shown = published.read(keeper)
    assert shown is not None
    assert shown.checkpoint.size == 2


async def test_a_run_that_fails_is_followed_by_others(
    fresh_engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = keeper_in(tmp_path)
    errors = [RuntimeError("nobody foresaw it"), published.LogBrokenError("It does not add up.")]

    async def failing(source: AsyncEngine, keeper: Keeper, asking: httpx.AsyncClient) -> log.Placed:
        if errors:
            raise errors.pop()
        return await sequence(source, keeper, asking)

    monkeypatch.setattr(running, "sequence", failing)
    await _append(fresh_engine, 1)
    async with running.sequencing(fresh_engine, keeper, 0.01):
        await _until(keeper, 1)
    assert not errors


async def test_people_are_told_while_the_log_stands_still(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path)
    await _append(fresh_engine, 1)
    await run(fresh_engine, keeper)
    tile = keeper.folder / "tile/0/000.p/1"
    content = tile.read_bytes()
    tile.write_bytes(bytes(32))

    async def told(has_alert: bool) -> None:
        async with asyncio.timeout(SECONDS):
            while True:
                async with reading(fresh_engine) as session:
                    found = await lasting(session, "log_stands_still")
                if bool(found) is has_alert:
                    return
                await asyncio.sleep(0.01)

    async with running.sequencing(fresh_engine, keeper, 0.01):
        await told(True)
        tile.write_bytes(content)
        await told(False)


@pytest.mark.proof
async def test_killed_for_real_again_and_again_it_keeps_one_history(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path, full_counts: bool
) -> None:
    keeper = keeper_in(tmp_path)
    command = [sys.executable, "-c", SEQUENCER, fresh_database.app, str(keeper.folder), KEY.private_bytes_raw().hex()]
    seen: list[tuple[int, bytes]] = []
    number = 0
    for turn in range(25 if full_counts else 2):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        size = seen[-1][0] if seen else 0
        await _append(fresh_engine, number := number + 1)
        await _until(keeper, size + 1)
        for _ in range(turn % 9 + 1):
            await _append(fresh_engine, number := number + 1)
        await asyncio.sleep(0.003 * (turn % 7))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        shown = published.read(keeper)
        assert shown is not None
        seen.append((shown.checkpoint.size, shown.checkpoint.root))
    async with asyncio.timeout(SECONDS):
        while (await run(fresh_engine, keeper)).was_busy:  # until the server has noticed the last death
            await asyncio.sleep(0.05)
    tiles = Tiles(keeper.folder, number)
    assert all(proving.root(tiles, size) == root for size, root in seen)
    async with reading(fresh_engine) as session:
        newest = await log.newest(session)
    assert newest is not None
    assert (newest.size, newest.root) == (number, proving.root(tiles))
