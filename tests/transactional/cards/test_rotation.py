"""A new master key: everything stays readable, wherever the rotation is cut off, and in shops that go on running."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.transactional.cards.sealed_things import SealedThings, seal_things
from tests.transactional.small_shop import Stocked, codes, stock
from transactional.cards import queries, service
from transactional.cards.master_keys import MasterKeyFile
from transactional.cards.rotation import NothingSealedError, Rotated, rotate_master_key
from transactional.cards.vault import Vault, VaultClosedError, key_files, open_vault
from transactional.db import WriteSession, reading, writing

pytestmark = pytest.mark.anyio
WAITING = "select exists (select from pg_locks where not granted and relation = 'shop.data_key'::regclass)"


class PowerCut(BaseException):
    """The process is gone."""


@pytest.fixture
async def things(stocked: Stocked) -> SealedThings:
    return await seal_things(stocked, codes(3))


async def rotate(things: SealedThings) -> Rotated:
    return await rotate_master_key(things.stocked.shop.engine, things.stocked.shop.settings)


async def new_process(things: SealedThings) -> Vault:
    """The vault of a shop that is started now."""
    async with reading(things.stocked.shop.engine) as session:
        return await open_vault(session, things.stocked.shop.settings)


async def wrapped_by(things: SealedThings) -> set[str]:
    return {name for [name] in await things.stocked.rows("select master_key_fingerprint from shop.data_key")}


async def test_after_a_rotation_everything_opens_under_another_master_key(things: SealedThings) -> None:
    done = await rotate(things)
    assert done.before != done.after
    assert (await wrapped_by(things), done.data_keys) == ({done.after}, 3)
    vault = await new_process(things)
    assert vault.master_key_fingerprint == done.after
    assert await things.all_open(vault)
    file = MasterKeyFile(key_files(things.stocked.shop.settings)[0])
    assert not file.next_path.exists()
    assert file.path.stat().st_mode & 0o077 == 0
    assert len(file.retired_path(done.before).read_bytes()) == 32


async def test_a_running_shop_reads_and_imports_on_after_a_rotation(things: SealedThings) -> None:
    running = things.stocked.shop.vault
    done = await rotate(things)
    assert await things.all_open(running)
    await things.stocked.stock(["NEW-1", "NEW-2"])
    assert await wrapped_by(things) == {done.after}


async def test_a_running_shop_that_has_yet_to_open_anything_seals_under_the_new_key(things: SealedThings) -> None:
    done = await rotate(things)
    async with writing(things.stocked.shop.engine) as session:
        await service.data_key_for(session, things.stocked.shop.vault, "notices", "2026-12")
    assert await wrapped_by(things) == {done.after}


async def test_two_rotations_in_turn_leave_everything_readable(things: SealedThings) -> None:
    first, second = await rotate(things), await rotate(things)
    assert first.after == second.before != second.after
    assert await things.all_open(await new_process(things))


async def test_rotations_at_the_same_moment_take_turns(things: SealedThings) -> None:
    done = await asyncio.gather(rotate(things), rotate(things))
    assert len({one.after for one in done}) == 2
    assert await things.all_open(await new_process(things))


def _cut_before_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Vault, "wrapped_again", _power_cut)


def _cut_after_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    original = MasterKeyFile.promote

    def promote(self: MasterKeyFile, fingerprint: str) -> None:
        if self.next_path.exists():
            raise PowerCut
        original(self, fingerprint)

    monkeypatch.setattr(MasterKeyFile, "promote", promote)


def _cut_while_files_change_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "rename", _power_cut)


def _power_cut(*_: object) -> None:
    raise PowerCut


@pytest.mark.parametrize("cut", [_cut_before_commit, _cut_after_commit, _cut_while_files_change_places])
async def test_cut_off_anywhere_a_rotation_loses_nothing_and_can_be_done_again(
    things: SealedThings, cut: Callable[[pytest.MonkeyPatch], None]
) -> None:
    running = things.stocked.shop.vault
    with pytest.MonkeyPatch.context() as monkeypatch:
        cut(monkeypatch)
        with pytest.raises(PowerCut):
            await rotate(things)
    assert await things.all_open(running)
    started = await new_process(things)
    assert await things.all_open(started)
    assert await wrapped_by(things) == {started.master_key_fingerprint}
    again = await rotate(things)
    assert again.before == started.master_key_fingerprint
    assert await things.all_open(await new_process(things))
    assert await things.all_open(running)


async def test_a_rotation_waits_for_an_import_under_way_and_wraps_its_key_too(things: SealedThings) -> None:
    stocked = things.stocked
    async with writing(stocked.shop.engine) as session:
        await stock(session, stocked.shop, stocked.sku.code, ["LATE-1"], None)
        rotating = asyncio.ensure_future(rotate(things))
        while not rotating.done() and not (await stocked.rows(WAITING))[0][0]:
            await asyncio.sleep(0.01)
        assert not rotating.done()
    done = await rotating
    assert (await wrapped_by(things), done.data_keys) == ({done.after}, 4)


async def test_a_rotation_cannot_slip_in_between_choosing_the_master_key_and_adding_a_data_key(
    things: SealedThings, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, rotating = queries.next_ids, list[asyncio.Task[Rotated]]()

    async def meanwhile(session: WriteSession, table: str, count: int) -> list[int]:
        rotating.append(asyncio.create_task(rotate(things)))
        while not rotating[0].done() and not (await things.stocked.rows(WAITING))[0][0]:
            await asyncio.sleep(0.01)
        return await original(session, table, count)

    monkeypatch.setattr(queries, "next_ids", meanwhile)
    async with writing(things.stocked.shop.engine) as session:
        await service.data_key_for(session, things.stocked.shop.vault, "notices", "2026-12")
    done = await rotating[0]
    assert (await wrapped_by(things), done.data_keys) == ({done.after}, 4)


async def test_with_nothing_sealed_there_is_nothing_to_rotate(stocked: Stocked) -> None:
    with pytest.raises(NothingSealedError):
        await rotate_master_key(stocked.shop.engine, stocked.shop.settings)


async def test_a_process_without_the_present_key_says_so_and_seals_nothing(things: SealedThings) -> None:
    cut_off = Vault(key_files(things.stocked.shop.settings)[0].read_bytes(), bytes(32))
    done = await rotate(things)
    with pytest.raises(VaultClosedError, match="could not be opened"):
        await things.all_open(cut_off)
    with pytest.raises(VaultClosedError, match=f"wrapped by master key {done.after}.*start this process again"):
        async with writing(things.stocked.shop.engine) as session:
            await service.data_key_for(session, cut_off, "notices", "2027-01")


async def test_the_wrong_key_file_is_told_by_the_fingerprint_of_the_right_one(things: SealedThings) -> None:
    done = await rotate(things)
    file = MasterKeyFile(key_files(things.stocked.shop.settings)[0])
    file.path.unlink()
    file.retired_path(done.before).rename(file.path)
    with pytest.raises(VaultClosedError, match=done.after):
        await new_process(things)
