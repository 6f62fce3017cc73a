"""Entries are dated by the database's clock, whatever a machine's own says."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from tests.transactional.draws.log.draws_in_rows import SECOND, enter, opened
from tests.transactional.draws.log.witnesses import keeper_in, run
from transactional.db import reading, writing
from transactional.draws.log import seconds

pytestmark = pytest.mark.anyio
DAY_S = 86_400


@pytest.mark.parametrize("off_s", [-DAY_S, 0, DAY_S])
async def test_a_sequencer_whose_clock_is_wrong_dates_nothing_by_it(
    fresh_engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, off_s: int
) -> None:
    async with writing(fresh_engine) as session:
        draw_id, _ = await opened(session)
    await enter(fresh_engine, draw_id, 1, SECOND)
    wrong = datetime.now(UTC).timestamp() + off_s
    monkeypatch.setattr("transactional.draws.log.seconds.time.time", lambda: wrong)
    placed = await run(fresh_engine, keeper_in(tmp_path), SECOND + 10 + off_s)
    assert placed.batches == 1
    async with reading(fresh_engine) as session:
        dated = await session.scalar(text("select last_second from shop.draw"))
    assert dated is not None
    assert SECOND + 8 <= dated <= SECOND + 40


async def test_clocks_that_agree_leave_the_second_as_it_is(fresh_engine: AsyncEngine) -> None:
    with clock.at(datetime.fromtimestamp(SECOND, UTC)):
        assert await seconds.present(fresh_engine) == SECOND
