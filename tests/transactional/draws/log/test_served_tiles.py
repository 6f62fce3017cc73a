"""What is served for ever is what a served checkpoint holds; what is read of a checkpoint finds its tiles."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.transactional.draws.log.witnesses import keeper_in, run
from transactional.db import reading, writing
from transactional.draws.leaves import seal
from transactional.draws.log import proving, published
from transactional.draws.log import service as log
from transactional.draws.log.checkpoints import Checkpoint
from transactional.draws.log.pages import published_tile
from transactional.draws.log.tiles import Tiles
from transactional.errors import NotFoundError

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("size", "tile"),
    [
        (5, "entries/000.p/5"),
        (5, "0/000.p/4"),
        (256, "0/000"),
        (256, "1/000.p/1"),
        (256 * 1234 + 7, "0/x001/234.p/7"),
        (65_536, "1/000"),
    ],
)
def test_tiles_of_the_served_checkpoint_are_served(tmp_path: Path, size: int, tile: str) -> None:
    keeper = keeper_in(tmp_path)
    published.show(keeper, keeper.signed(Checkpoint(keeper.origin, size, bytes(32))))
    assert published_tile(keeper.folder, tile) == keeper.folder / "tile" / tile
    published.show(keeper, keeper.signed(Checkpoint(keeper.origin, (size - 1) // 257, bytes(32))))
    with pytest.raises(NotFoundError):
        published_tile(keeper.folder, tile)


def test_before_the_log_began_there_is_no_tile(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        published_tile(tmp_path, "0/000.p/1")


async def test_whoever_reads_of_a_checkpoint_before_it_is_served_finds_its_tiles(
    fresh_engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = keeper_in(tmp_path)
    await run(fresh_engine, keeper)

    def killed(*_: object) -> None:
        raise OSError("killed")

    async with writing(fresh_engine) as session:
        await log.append(session, "seal", seal(1, bytes(32)))
    with monkeypatch.context() as patch:
        patch.setattr(published, "extend", killed)
        with pytest.raises(OSError, match="killed"):
            await run(fresh_engine, keeper)
    async with reading(fresh_engine) as reader:
        newest = await log.newest(reader)
    assert newest is not None
    assert newest.size == 1
    assert proving.root(Tiles(keeper.folder, newest.size)) == newest.root
    with pytest.raises(NotFoundError):
        published_tile(keeper.folder, "0/000.p/1")
