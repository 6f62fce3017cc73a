"""A draw's bundle is made seldom, once for all who ask, and anew when witnesses have said more."""

import asyncio
import os
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.transactional.draws.lives import World, world
from tests.transactional.small_shop import Stocked
from transactional.db import reading, writing
from transactional.draws import bundle_archive, bundles, jobs, voiding
from transactional.draws.models import Draw
from transactional.draws.ticket_file import folder_of

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]


@pytest.fixture
async def lives(stocked: Stocked) -> AsyncIterator[World]:
    async with world(stocked) as made:
        yield made


async def fetched(lives: World, draw: Draw) -> Path:
    async with reading(lives.shop.engine) as session:
        return await bundles.write(session, lives.keeper, lives.shop.settings.public_dir, draw.id)


async def test_while_entries_are_taken_a_bundle_is_made_once_a_minute(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    first = await fetched(lives, draw)
    await lives.enters(draw, ann, 2)
    await lives.sequenced()
    assert await fetched(lives, draw) == first
    old = first.stat().st_mtime - bundles.FRESH_S
    os.utime(first, (old, old))
    second = await fetched(lives, draw)
    assert second != first
    with zipfile.ZipFile(second) as archive:
        assert b"draw-batch/v1" in archive.read("manifest.json")


async def test_what_a_witness_says_later_of_the_same_leaves_makes_another_bundle(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 10)
    await lives.sequenced()
    lives.witness.fault = "dies"
    await lives.stepped(draw)
    await lives.sequenced()
    unseen = await fetched(lives, draw)
    assert await fetched(lives, draw) == unseen
    lives.witness.fault = None
    lives.keeper.memory.resting.clear()
    await lives.sequenced()
    seen = await fetched(lives, draw)
    assert seen != unseen
    await lives.opened()  # the log grows, and nobody has signed more of this draw
    assert await fetched(lives, draw) == seen


async def test_the_bundle_of_an_ended_draw_that_was_lost_is_made_again(lives: World) -> None:
    shop = replace(lives.shop, keeper=lives.keeper)
    draw, going_on = await lives.opened(), await lives.opened()
    async with writing(shop.engine) as session:
        await voiding.end_void(session, await session.get_one(Draw, draw.id), "cancelled", "out of stock", lives.at())
    await lives.sequenced()
    made = await fetched(lives, draw)
    made.unlink()
    await jobs.make_missing_bundles(shop)
    assert list(made.parent.glob("bundle-*.zip")) == [made]
    assert not folder_of(shop.settings.public_dir, going_on.public_id).exists()
    written = made.stat().st_mtime_ns
    await jobs.make_missing_bundles(shop)
    assert made.stat().st_mtime_ns == written


async def test_many_who_ask_at_once_have_one_bundle_made_and_none_of_them_holds_a_connection(
    lives: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = await lives.opened()
    write, made = bundle_archive.write, []

    def counted(path: Path, *asked: object) -> Path:
        made.append(path)
        return write(path, *asked)  # type: ignore[arg-type]

    monkeypatch.setattr(bundle_archive, "write", counted)
    assert len(set(await asyncio.gather(*(fetched(lives, draw) for _ in range(30))))) == 1
    assert len(made) == 1


async def test_of_a_bundle_that_could_not_be_written_nothing_is_left(
    lives: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError("no space left")

    draw = await lives.opened()
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space"):
            await fetched(lives, draw)
    folder = lives.shop.settings.public_dir / "draws" / draw.public_id.hex
    assert list(folder.iterdir()) == []
    assert (await fetched(lives, draw)).exists()
