"""Killed between any two steps, the sequencer's next run repairs what was left, and never tells two histories."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.transactional.draws.log.draws_in_rows import SECOND, enter, opened
from tests.transactional.draws.log.witnesses import keeper_in, run, serving, witness_in
from transactional.db import reading, writing
from transactional.draws.leaves import leaf_hash, seal
from transactional.draws.log import proving, published, tiles, witness_calls
from transactional.draws.log import service as log
from transactional.draws.log.keeper import Keeper
from transactional.draws.log.tiles import Tiles

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]
LEAVES = text("""
select leaf.body, p.log_index from shop.log_leaf as leaf left join shop.log_position as p on p.leaf_id = leaf.id
order by p.log_index
""")


class KilledError(BaseException):
    """Ends a run where a process might have died; nobody catches it."""


class Doom:
    """Counts the steps of a run, and ends it before the one that it was told."""

    def __init__(self, at: int) -> None:
        self.left = at

    def step(self) -> None:
        if self.left == 0:
            raise KilledError
        self.left -= 1


@contextmanager
def doomed(source: AsyncEngine, at: int) -> Iterator[Doom]:
    """A step is a file that is written, a transaction that ends, or an answer of a witness: each before and after."""
    doom, patch = Doom(at), pytest.MonkeyPatch()
    put: Callable[..., None] = tiles.put
    asked: Callable[..., Awaitable[Any]] = witness_calls._read

    def _put(path: Path, content: bytes) -> None:
        doom.step()
        put(path, content)
        doom.step()

    async def _read(*about: Any) -> Any:
        doom.step()
        answer = await asked(*about)
        doom.step()
        return answer

    def _commit(_: object) -> None:
        doom.step()

    patch.setattr(tiles, "put", _put)
    patch.setattr(witness_calls, "_read", _read)
    event.listen(source.sync_engine, "commit", _commit)
    try:
        yield doom
    finally:
        event.remove(source.sync_engine, "commit", _commit)
        patch.undo()


async def _is_killed(source: AsyncEngine, keeper: Keeper, at: int, second: int) -> bool:
    with doomed(source, at) as doom:
        try:
            await run(source, keeper, second)
        except KilledError:
            return True
        return doom.left == 0


def _seen(keeper: Keeper) -> list[tuple[int, bytes]]:
    shown = published.read(keeper)
    return [(shown.checkpoint.size, shown.checkpoint.root)] if shown else []


async def test_whenever_it_is_killed_the_next_run_goes_on_from_what_was_published(
    fresh_engine: AsyncEngine, tmp_path: Path
) -> None:
    seen: list[tuple[int, bytes]] = []
    async with serving(witness_in(tmp_path)) as asked:
        async with writing(fresh_engine) as session:
            draw_id, _ = await opened(session, capacity=10_000)
        rounds = 0
        while True:  # each round is killed a step later, until none is
            second = SECOND + 10 * rounds
            async with writing(fresh_engine) as session:
                await log.append(session, "seal", seal(rounds, bytes(32)))
            await enter(fresh_engine, draw_id, 2, second)
            was_killed = await _is_killed(fresh_engine, keeper_in(tmp_path, *asked), rounds, second + 1)
            seen += _seen(keeper_in(tmp_path))
            keeper = keeper_in(tmp_path, *asked)
            await run(fresh_engine, keeper, second + 2)
            seen += _seen(keeper)
            rounds += 1
            if not was_killed:
                break
        assert rounds > 15
        newest = Tiles(keeper.folder, seen[-1][0])
        assert all(proving.root(newest, size) == root for size, root in seen)
        assert newest.size == 1 + 2 * rounds
        async with reading(fresh_engine) as session:
            rows = (await session.execute(LEAVES)).all()
            assert await log.batched(session, draw_id)
            assert await log.first_witnessed(session, newest.size - 1, 1) is not None
        assert [row.log_index for row in rows] == list(range(newest.size))
        assert [proving.leaf(newest, row.log_index).decode() for row in rows] == [row.body for row in rows]


async def test_a_folder_that_is_lost_is_written_again_as_it_was(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path)
    for number in range(300):
        async with writing(fresh_engine) as session:
            await log.append(session, "seal", seal(number, bytes(32)))
    await run(fresh_engine, keeper)
    before = {path.relative_to(keeper.folder): path.read_bytes() for path in _files(keeper)}
    for path in _files(keeper):
        path.unlink()
    await run(fresh_engine, keeper_in(tmp_path))
    assert {path.relative_to(keeper.folder): path.read_bytes() for path in _files(keeper)} == before


async def test_a_tile_that_was_altered_ends_the_log_before_anything_is_signed(
    fresh_engine: AsyncEngine, tmp_path: Path
) -> None:
    keeper = keeper_in(tmp_path)
    async with writing(fresh_engine) as session:
        await log.append(session, "seal", seal(1, bytes(32)))
    await run(fresh_engine, keeper)
    checkpoint = (keeper.folder / "checkpoint").read_text()
    tile = keeper.folder / "tile/0/000.p/1"
    tile.write_bytes(leaf_hash(seal(1, bytes([1] * 32))))
    async with writing(fresh_engine) as session:
        await log.append(session, "seal", seal(2, bytes(32)))
    with pytest.raises(log.LogBrokenError, match="does not say what the tiles beside it hold"):
        await run(fresh_engine, keeper)
    assert (keeper.folder / "checkpoint").read_text() == checkpoint


async def test_another_key_or_name_does_not_go_on_with_a_log(fresh_engine: AsyncEngine, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path)
    await run(fresh_engine, keeper)
    renamed = Keeper(keeper.key, tmp_path / "elsewhere", "other.example/log")
    with pytest.raises(log.LogBrokenError, match="cannot go on as other.example/log"):
        await run(fresh_engine, renamed)
    other = Keeper(Ed25519PrivateKey.generate(), tmp_path / "elsewhere", keeper.origin)
    with pytest.raises(log.LogBrokenError, match="signed with another key"):
        await run(fresh_engine, other)


def _files(keeper: Keeper) -> list[Path]:
    return sorted(path for path in keeper.folder.rglob("*") if path.is_file())
