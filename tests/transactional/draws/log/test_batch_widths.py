"""A draw that is busy for weeks has no more batches than its bundle can list, and each entry is still in time."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.postgres import DatabaseUrls
from tests.transactional.draws.log.draws_in_rows import SECOND, enter, opened
from tests.transactional.draws.log.witnesses import keeper_in, run
from transactional.db import reading, writing
from transactional.draws.log import batches
from transactional.draws.log import service as log

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]
MANIFEST_HOLDS = 62_000
"""Batches, about: 64 MiB at some 1,080 bytes each."""
IN_TRANSACTION = """
select query from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'
"""
BATCHES = text("select first_index, count, accepted_second from shop.draw_batch order by first_index")


def test_two_months_of_entries_every_second_fit_into_the_bundle() -> None:
    seconds, made = 60 * 24 * 3600, 0
    while seconds > 0:
        seconds -= batches.width_s(made)
        made += 1
    assert made < MANIFEST_HOLDS
    assert [batches.width_s(made) for made in (0, 249, 250, 10**9)] == [1, 1, 2, 120]


async def _busy(source: AsyncEngine, folder: Path, monkeypatch: pytest.MonkeyPatch, closes_at: int | None) -> int:
    """A draw with one batch, whose next ones take in three seconds each."""
    monkeypatch.setattr(batches, "width_s", lambda made: 1 + 2 * made)
    async with writing(source) as session:
        draw_id, _ = await opened(session)
        when = None if closes_at is None else datetime.fromtimestamp(closes_at, UTC)
        await session.execute(text("update shop.draw set closes_at = :at"), {"at": when})
    await enter(source, draw_id, 1, SECOND)
    await run(source, keeper_in(folder), SECOND + 1)
    await enter(source, draw_id, 1, SECOND + 1)
    await run(source, keeper_in(folder), SECOND + 2)
    return draw_id


async def test_a_busy_draws_next_seconds_share_a_batch_dated_with_the_last_of_them(
    fresh_engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_id = await _busy(fresh_engine, tmp_path, monkeypatch, None)
    for second in (2, 3, 4):
        await enter(fresh_engine, draw_id, 1, SECOND + second)
        assert (await run(fresh_engine, keeper_in(tmp_path), SECOND + second)).batches == 0
    await enter(fresh_engine, draw_id, 1, SECOND + 5)
    await run(fresh_engine, keeper_in(tmp_path), SECOND + 6)
    async with reading(fresh_engine) as session:
        found = [tuple(row) for row in await session.execute(BATCHES)]
        assert await log.batched(session, draw_id)
    assert found == [(0, 1, SECOND), (1, 1, SECOND + 1), (2, 3, SECOND + 4), (5, 1, SECOND + 5)]


async def test_no_transaction_waits_while_a_batchs_root_is_computed(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed, open_then = batches.root_of, []

    def root_of(draw: UUID, ranges: Sequence[batches.Range]) -> bytes:
        with psycopg.connect(fresh_database.app) as connection:
            open_then.append(connection.execute(IN_TRANSACTION).fetchall())
        return computed(draw, ranges)

    monkeypatch.setattr(batches, "root_of", root_of)
    async with writing(fresh_engine) as session:
        draw_id, _ = await opened(session)
    await enter(fresh_engine, draw_id, 1, SECOND)
    await run(fresh_engine, keeper_in(tmp_path), SECOND + 1)
    assert open_then == [[]]


async def test_no_entry_is_dated_into_the_second_of_closing(
    fresh_engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_id = await _busy(fresh_engine, tmp_path, monkeypatch, SECOND + 4)
    await enter(fresh_engine, draw_id, 1, SECOND + 2)
    await run(fresh_engine, keeper_in(tmp_path), SECOND + 4)
    async with reading(fresh_engine) as session:
        assert (await session.execute(BATCHES)).all()[-1].accepted_second == SECOND + 3
        assert await log.batched(session, draw_id)
