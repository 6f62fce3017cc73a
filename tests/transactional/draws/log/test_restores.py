"""An older database goes on from what was published since: it never forks, and never tells otherwise of a draw."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.postgres import DatabaseUrls
from tests.transactional.draws.log.backups import backed_up
from tests.transactional.draws.log.draws_in_rows import SECOND, enter, opened
from tests.transactional.draws.log.witnesses import keeper_in, run, serving, witness_in
from transactional.alerts.service import lasting
from transactional.db import reading, writing
from transactional.draws.leaves import delivery, leaf_hash, seal, void
from transactional.draws.log import published
from transactional.draws.log import service as log
from transactional.draws.log.keeper import Keeper
from transactional.draws.proofs import check_consistency, check_inclusion

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]
PLACES = text(
    "select p.log_index, leaf.kind from shop.log_position as p join shop.log_leaf as leaf on leaf.id = p.leaf_id"
    " order by p.log_index"
)


async def queue(source: AsyncEngine, *bodies: str) -> list[int]:
    async with writing(source) as session:
        return [await log.append(session, "seal", body) for body in bodies]


def shown(keeper: Keeper) -> tuple[int, bytes]:
    found = published.read(keeper)
    assert found is not None
    return found.checkpoint.size, found.checkpoint.root


async def test_a_restored_database_takes_up_what_was_published_since_and_extends_it(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    async with serving(witness_in(tmp_path)) as asked:
        keeper = keeper_in(tmp_path, *asked)
        bodies = [seal(number, bytes(32)) for number in range(6)]
        await queue(fresh_engine, *bodies[:2])
        await run(fresh_engine, keeper)
        [waiting] = await queue(fresh_engine, bodies[2])
        async with backed_up(fresh_engine, fresh_database) as restored:
            await queue(fresh_engine, bodies[3])
            await run(fresh_engine, keeper)
            size, root = shown(keeper)
            assert size == 4
            await queue(restored, bodies[4])
            keeper = keeper_in(tmp_path, *asked)
            placed = await run(restored, keeper)
            assert (placed.leaves, placed.size, placed.cosignatures) == (1, 5, 1)
            newest = shown(keeper)
            check_consistency(size, 5, root, newest[1], log.consistency(keeper, size, 5))
            async with reading(restored) as session:
                assert await log.position(session, waiting) == 2  # where it was, not a second time
                seen = await log.first_witnessed(session, 3, 1)
            assert seen is not None
            assert (seen.size, seen.root) == (4, root)  # what the witness said before the restore still counts
            check_inclusion(4, 5, leaf_hash(bodies[4]), log.inclusion(keeper, 4, 5), newest[1])


async def test_a_batch_that_was_published_is_not_logged_again(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        draw_id, _ = await opened(session)
    await enter(fresh_engine, draw_id, 3, SECOND)
    await run(fresh_engine, keeper)
    async with backed_up(fresh_engine, fresh_database) as restored:
        await run(fresh_engine, keeper, SECOND + 1)
        placed = await run(restored, keeper_in(tmp_path), SECOND + 1)
        assert (placed.batches, placed.leaves, placed.size) == (0, 0, 2)
        async with reading(restored) as session:
            assert await log.batched(session, draw_id)
            assert not await log.contradicted(session, draw_id)


async def test_entries_that_the_books_lost_contradict_the_log_and_show_it(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        draw_id, _ = await opened(session)
    await run(fresh_engine, keeper)
    async with backed_up(fresh_engine, fresh_database) as restored:
        await enter(fresh_engine, draw_id, 3, SECOND)
        await run(fresh_engine, keeper, SECOND + 1)
        await run(restored, keeper_in(tmp_path), SECOND + 1)
        async with reading(restored) as session:
            assert await log.contradicted(session, draw_id)


async def test_a_second_end_of_a_draw_is_refused_or_never_placed(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    """The books forgot that a draw was voided: what they would say instead stays out of the log."""
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        draw_id, public_id = await opened(session)
    await run(fresh_engine, keeper)
    async with backed_up(fresh_engine, fresh_database) as early, backed_up(fresh_engine, fresh_database) as late:
        async with writing(fresh_engine) as session:
            await log.append(session, "void", void(public_id, "cancelled", "first", SECOND), draw_id)
        await run(fresh_engine, keeper)
        size, _ = shown(keeper)
        another = void(public_id, "undersold", "second", SECOND)
        async with writing(early) as session:  # before the sequencer has looked
            await log.append(session, "void", another, draw_id)
        await run(early, keeper_in(tmp_path))
        async with reading(early) as session:
            assert await log.contradicted(session, draw_id)
        await run(late, keeper_in(tmp_path))
        with pytest.raises(IntegrityError, match="log_leaf_once_key"):
            async with writing(late) as session:
                await log.append(session, "void", another, draw_id)
        assert shown(keeper)[0] == size


async def test_a_draw_that_the_books_lost_keeps_its_number(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path)
    await run(fresh_engine, keeper)
    async with backed_up(fresh_engine, fresh_database) as restored:
        async with writing(fresh_engine) as session:
            await opened(session, number=1)
        await run(fresh_engine, keeper)
        async with writing(restored) as session:  # a draw that was opened before the sequencer looked
            await opened(session, number=1)
        assert (await run(restored, keeper_in(tmp_path))).leaves == 0
        async with writing(restored) as session:
            assert list(await lasting(session, "draw_lost")) == ["lost-draw:1"]
            assert await log.highest_number(session) == 1
            await opened(session, number=2)
        assert (await run(restored, keeper_in(tmp_path))).size == 2
        async with reading(restored) as session:
            assert [tuple(row) for row in await session.execute(PLACES)] == [(0, "strange"), (1, "open")]


async def test_a_folder_that_is_lost_after_a_restore_is_written_from_the_books_that_learned(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path)
    await run(fresh_engine, keeper)
    async with backed_up(fresh_engine, fresh_database) as restored:
        async with writing(fresh_engine) as session:
            await opened(session)
        await run(fresh_engine, keeper)
        before = shown(keeper)
        await run(restored, keeper_in(tmp_path))
        elsewhere = keeper_in(tmp_path / "elsewhere")
        await run(restored, elsewhere)
        assert shown(elsewhere) == before
        entries = (elsewhere.folder / "tile/entries/000.p/1").read_bytes()
        assert json.loads(entries[2:])["number"] == 1


async def test_books_of_another_history_sign_nothing(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    async with backed_up(fresh_engine, fresh_database) as other:
        await queue(fresh_engine, seal(1, bytes(32)))
        await queue(other, seal(2, bytes(32)))
        mine, theirs = keeper_in(tmp_path / "mine"), keeper_in(tmp_path / "theirs")
        await run(fresh_engine, mine)
        await run(other, theirs)
        await queue(fresh_engine, seal(3, bytes(32)))
        await run(fresh_engine, mine)
        before = shown(mine)
        for source, keeper in ((other, keeper_in(tmp_path / "mine")), (fresh_engine, keeper_in(tmp_path / "theirs"))):
            with pytest.raises(log.LogBrokenError):
                await run(source, keeper)
        assert shown(mine) == before


async def test_what_the_books_forgot_to_have_said_is_not_said_again(
    fresh_engine: AsyncEngine, fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    """A prize that is handed over after the restore was handed over before it, as far as the log can tell."""
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        draw_id, public_id = await opened(session)
    await run(fresh_engine, keeper)
    async with backed_up(fresh_engine, fresh_database) as restored:
        async with writing(fresh_engine) as session:
            for index in (1, 2):
                await log.append(session, "delivery", delivery(public_id, index, "code", SECOND), draw_id)
        await run(fresh_engine, keeper)
        await run(restored, keeper_in(tmp_path))
        async with writing(restored) as session:
            again = await log.append(session, "delivery", delivery(public_id, 2, "code", SECOND + 99), draw_id)
            other = await log.append(session, "delivery", delivery(public_id, 3, "code", SECOND + 99), draw_id)
        assert (await run(restored, keeper_in(tmp_path))).leaves == 1
        async with reading(restored) as session:
            assert [await log.position(session, leaf) for leaf in (again, other)] == [2, 3]
