"""The log extends what it published, whatever happens between any two steps."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.transactional.draws.log.draws_in_rows import SECOND, enter, opened
from tests.transactional.draws.log.witnesses import keeper_in, run
from transactional.db import reading, writing
from transactional.draws.leaves import leaf_hash
from transactional.draws.log import service as log
from transactional.draws.log.checkpoints import checkpoint
from transactional.draws.log.notes import check_signed, note
from transactional.draws.proofs import check_consistency, check_inclusion

pytestmark = pytest.mark.anyio


async def test_the_log_begins_empty_and_signed(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path)
    assert await run(fresh_engine, keeper) == log.Placed()
    served = note((keeper.folder / "checkpoint").read_text())
    check_signed(served, keeper.verifier)
    assert checkpoint(served.text).size == 0


async def test_entries_of_a_second_become_a_batch_once_it_is_over(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        draw_id, _ = await opened(session)
    await enter(fresh_engine, draw_id, 3, SECOND)
    assert await run(fresh_engine, keeper) == log.Placed(leaves=1, size=1)
    async with reading(fresh_engine) as session:
        assert not await log.batched(session, draw_id)
    assert await run(fresh_engine, keeper, SECOND + 1) == log.Placed(batches=1, leaves=1, size=2)
    async with reading(fresh_engine) as session:
        assert await log.batched(session, draw_id)
        newest = await log.newest(session)
    assert newest is not None
    served = (keeper.folder / "checkpoint").read_text()
    assert (newest.size, newest.note_with_cosignatures) == (2, served)
    bundle = (keeper.folder / "tile/entries/000.p/2").read_bytes()
    second = bundle[2 + int.from_bytes(bundle[:2]) :][2:]
    check_inclusion(1, 2, leaf_hash(second.decode()), log.inclusion(keeper, 1, 2), newest.root)
    root_of_one = (keeper.folder / "tile/0/000.p/1").read_bytes()
    check_consistency(1, 2, root_of_one, newest.root, log.consistency(keeper, 1, 2))
