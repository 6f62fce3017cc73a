"""Witnesses that are there, down, slow or lying: the log goes on, and what they said is kept only when it is true."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.postgres import DatabaseUrls
from simulation.witness import Fault
from tests.transactional.draws.log.backups import backed_up
from tests.transactional.draws.log.draws_in_rows import SECOND, opened
from tests.transactional.draws.log.witnesses import keeper_in, run, serving, witness_in
from transactional.db import engine, reading, writing
from transactional.draws.log import positions, witness_calls, witnessing
from transactional.draws.log import service as log
from transactional.draws.log.checkpoints import checkpoint
from transactional.draws.log.notes import cosigned_at, note
from transactional.gauges import Gauges

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]


async def queue(source: AsyncEngine, number: int) -> None:
    async with writing(source) as session:
        await opened(session, number)


async def witnessed(source: AsyncEngine, index: int, quorum: int = 1) -> log.Signed | None:
    async with reading(source) as session:
        return await log.first_witnessed(session, index, quorum)


async def test_what_a_witness_saw_is_served_below_the_checkpoint(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    async with serving(witness := witness_in(tmp_path)) as asked:
        keeper = keeper_in(tmp_path, *asked)
        for number in (1, 2, 3):  # from nothing, and twice with a proof that the log grew
            await queue(fresh_engine, number)
            assert (await run(fresh_engine, keeper)).cosignatures == 1
    served = note((keeper.folder / "checkpoint").read_text())
    assert cosigned_at(served.text, served.lines, witness.verifier) == SECOND
    found = await witnessed(fresh_engine, 1)
    assert found is not None
    assert (found.size, found.seen_at_s) == (2, SECOND)
    assert await witnessed(fresh_engine, 1, quorum=2) is None
    assert await witnessed(fresh_engine, 3) is None


@pytest.mark.parametrize(
    "fault", ["dies", "refuses", "lies", "other_key", "no_time", "garbage", "floods", "slow", "forgets"]
)
async def test_a_witness_that_does_not_cosign_stops_nothing_and_is_asked_again(
    fresh_engine: AsyncEngine, tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witness_calls, "PATIENCE_S", 1.5)
    monkeypatch.setattr(witnessing, "FIRST_REST_S", 60.0)
    monkeypatch.setattr("simulation.witness.SLOW_S", 2.0)
    bad, good = witness_in(tmp_path, 1), witness_in(tmp_path, 2)
    bad.fault = fault
    async with serving(bad, good) as asked:
        keeper = keeper_in(tmp_path, *asked)
        await queue(fresh_engine, 1)
        placed = await run(fresh_engine, keeper)
        assert (placed.size, placed.cosignatures) == (1, 1)
        bad.fault = None
        assert (await run(fresh_engine, keeper)).cosignatures == 0  # it is left alone for a while
        keeper.memory.resting.clear()
        assert (await run(fresh_engine, keeper)).cosignatures == 1
    found = await witnessed(fresh_engine, 0, quorum=2)
    assert found is not None
    assert found.size == 1


async def test_a_witness_that_forgot_what_it_saw_is_shown_the_log_from_the_start(
    fresh_engine: AsyncEngine, tmp_path: Path
) -> None:
    async with serving(witness := witness_in(tmp_path)) as asked:
        keeper = keeper_in(tmp_path, *asked)
        await queue(fresh_engine, 1)
        await run(fresh_engine, keeper)
        (witness.folder / "seen.json").unlink()
        await queue(fresh_engine, 2)
        assert (await run(fresh_engine, keeper)).cosignatures == 1


async def test_books_and_folder_that_are_both_older_than_what_a_witness_saw_sign_nothing(
    fresh_engine: AsyncEngine, module_database: DatabaseUrls, tmp_path: Path
) -> None:
    older = engine(module_database.app)  # the same shop as it was before it published anything
    async with serving(witness_in(tmp_path)) as asked:
        await queue(fresh_engine, 1)
        await run(fresh_engine, keeper_in(tmp_path, *asked))
        await queue(older, 2)
        forked = keeper_in(tmp_path / "older", *asked)
        with pytest.raises(log.LogBrokenError, match="has seen a log of 1 leaves"):
            await run(older, forked)
    assert checkpoint(note((forked.folder / "checkpoint").read_text()).text).size == 0
    await older.dispose()


async def test_a_witness_that_was_down_is_asked_again_whether_it_has_seen_more(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object) -> None:
        raise httpx.ConnectError("nobody there")

    async with backed_up(fresh_engine, fresh_database) as older:
        async with serving(witness_in(tmp_path)) as asked:
            await queue(fresh_engine, 1)
            await run(fresh_engine, keeper_in(tmp_path, *asked))
            forked = keeper_in(tmp_path / "older", *asked)
            with monkeypatch.context() as patch:
                patch.setattr(witness_calls, "shown", down)
                await run(older, forked)
            await queue(older, 2)
            forked.memory.resting.clear()
            with pytest.raises(log.LogBrokenError, match="has seen a log of 1 leaves"):
                await run(older, forked)
        with pytest.raises(log.LogBrokenError, match="has seen a log of 1 leaves"):  # nor once it is down again
            await run(older, forked)
    assert checkpoint(note((forked.folder / "checkpoint").read_text()).text).size == 0


async def test_what_a_witness_refuses_tells_that_it_has_seen_more_where_it_shows_nothing(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(*_: object) -> None:
        return None

    async with backed_up(fresh_engine, fresh_database) as older, serving(witness_in(tmp_path)) as asked:
        await queue(fresh_engine, 1)
        await run(fresh_engine, keeper_in(tmp_path, *asked))
        await queue(older, 2)
        monkeypatch.setattr(witness_calls, "shown", nothing)
        forked = keeper_in(tmp_path / "older", *asked)
        with pytest.raises(log.LogBrokenError, match="it has seen 1 leaves"):
            await run(older, forked)
    assert checkpoint(note((forked.folder / "checkpoint").read_text()).text).size == 0


async def test_a_witness_that_cosigned_for_this_process_and_only_claims_more_stops_nothing(
    fresh_engine: AsyncEngine, tmp_path: Path
) -> None:
    async with serving(witness := witness_in(tmp_path)) as asked:
        keeper = keeper_in(tmp_path, *asked)
        await queue(fresh_engine, 1)
        assert (await run(fresh_engine, keeper)).cosignatures == 1
        witness.fault = "ahead"
        for number in (2, 3):
            await queue(fresh_engine, number)
            placed = await run(fresh_engine, keeper)
            assert (placed.size, placed.cosignatures) == (number, 0)
        witness.fault = None
        keeper.memory.resting.clear()
        assert (await run(fresh_engine, keeper)).cosignatures == 1


async def test_a_quorum_of_real_witnesses_comes_before_an_earlier_one_of_tests(
    fresh_engine: AsyncEngine, tmp_path: Path
) -> None:
    async with serving(witness_in(tmp_path, 1), witness_in(tmp_path, 2)) as (test, other):
        real = replace(other, is_test=False)
        await queue(fresh_engine, 1)
        await run(fresh_engine, keeper_in(tmp_path, test))
        both = keeper_in(tmp_path, test, real)
        async with reading(fresh_engine) as session:
            alone = await positions.witnessed(session, both, 0)
            none = await positions.witnessed(session, keeper_in(tmp_path), 0)
        await queue(fresh_engine, 2)
        await run(fresh_engine, both)
        async with reading(fresh_engine) as session:
            found = await positions.witnessed(session, both, 0)
            of_tests = await positions.witnessed(session, keeper_in(tmp_path, test), 0)
            retired = await positions.witnessed(session, replace(both, quorum=3), 0)
    assert [each and each.size for each in (alone, none, found, of_tests, retired)] == [1, None, 2, 1, None]


async def test_a_witness_that_never_saw_a_log_of_many_checkpoints_is_found_out_without_reading_them(
    fresh_engine: AsyncEngine,
) -> None:
    async with writing(fresh_engine) as session:
        await session.execute(
            text(
                "insert into shop.log_checkpoint (size, root, note)"
                " select n, decode(repeat('00', 32), 'hex'), 'x' from generate_series(1, 3000) as n"
            )
        )
        await session.execute(text("analyze shop.log_checkpoint"))
        values = {"index": 0, "quorum": 1, "pinned": ["witness.example/1"]}
        explain = text(f"explain (analyze, format json) {positions.FIRST_WITNESSED.text}")
        [plan] = await session.scalar(explain, values)
    assert _rows_read(plan["Plan"]) < 50


def _rows_read(plan: dict[str, Any]) -> int:
    """Rows that the steps of a plan gave in truth, all told."""
    own = int(plan["Actual Rows"] * plan["Actual Loops"]) + int(plan.get("Rows Removed by Filter", 0))
    return own + sum(_rows_read(each) for each in plan.get("Plans", ()))


async def test_the_gauges_tell_what_waits_for_the_log_and_for_a_witness(
    fresh_engine: AsyncEngine, tmp_path: Path
) -> None:
    async def told() -> tuple[bool, bool]:
        lines = (await Gauges(fresh_engine).exposition()).decode().splitlines()
        found = {name: float(value) for name, value in (line.split() for line in lines if not line.startswith("#"))}
        assert found["mingsuan_database_up"] == 1
        return found["mingsuan_log_unplaced_seconds"] > 0, found["mingsuan_log_unwitnessed_seconds"] > 0

    async with serving(witness_in(tmp_path)) as asked:
        assert await told() == (False, False)
        await queue(fresh_engine, 1)
        assert await told() == (True, False)
        await run(fresh_engine, keeper_in(tmp_path))
        assert await told() == (False, True)
        await run(fresh_engine, keeper_in(tmp_path, *asked))
        assert await told() == (False, False)
