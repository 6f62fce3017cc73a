"""New data keys: all codes and deliveries are sealed again, also when cut off, and stay readable throughout."""

import pytest

from mingsuan.progress import silent
from tests.transactional.cards.sealed_things import SealedThings, seal_things
from tests.transactional.small_shop import Stocked, codes
from transactional.cards import re_encryption
from transactional.cards.re_encryption import ReEncrypted, re_encrypt
from transactional.cards.rotation import rotate_master_key
from transactional.errors import NotFoundError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def things(stocked: Stocked) -> SealedThings:
    return await seal_things(stocked, codes(7))


async def again(things: SealedThings, **options: object) -> ReEncrypted:
    shop = things.stocked.shop
    return await re_encrypt(shop.engine, shop.vault, silent, **options)  # type: ignore[arg-type]


async def test_everything_is_under_new_keys_and_opens(things: SealedThings) -> None:
    before = await things.data_keys()
    assert await again(things) == ReEncrypted(codes=7, deliveries=1, resumed=False)
    after = await things.data_keys()
    assert (len(after), before & after) == (2, set())
    assert await things.all_open(things.stocked.shop.vault)


async def test_ciphertexts_differ_from_before(things: SealedThings) -> None:
    texts = "select ciphertext from shop.card"
    before = set(await things.stocked.rows(texts))
    await again(things)
    assert not before & set(await things.stocked.rows(texts))


async def test_one_batch_alone_leaves_the_others_and_deliveries_as_they_are(things: SealedThings) -> None:
    other = await things.stocked.stock(["OTHER-1", "OTHER-2"])
    before = await things.data_keys()
    assert await again(things, batch=other.id) == ReEncrypted(codes=2, deliveries=0, resumed=False)
    assert len(before & await things.data_keys()) == 2
    with pytest.raises(NotFoundError):
        await again(things, batch=things.buyer.public_id)


async def test_cut_off_it_stays_readable_and_goes_on_where_it_stopped(
    things: SealedThings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(re_encryption, "CHUNK", 3)
    original, chunks = re_encryption._chunk_of_cards, 0

    async def cut(*given: object) -> int:
        nonlocal chunks
        chunks += 1
        if chunks == 2:
            raise KeyboardInterrupt
        return await original(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(re_encryption, "_chunk_of_cards", cut)
    with pytest.raises(KeyboardInterrupt):
        await again(things)
    assert await things.all_open(things.stocked.shop.vault)
    monkeypatch.setattr(re_encryption, "_chunk_of_cards", original)
    assert await again(things) == ReEncrypted(codes=4, deliveries=1, resumed=True)
    assert len(await things.data_keys()) == 2
    assert await things.all_open(things.stocked.shop.vault)


async def test_both_rotations_together_leave_everything_readable(things: SealedThings) -> None:
    shop = things.stocked.shop
    await rotate_master_key(shop.engine, shop.settings)
    await again(things)
    await rotate_master_key(shop.engine, shop.settings)
    assert await things.all_open(shop.vault)


async def test_what_arrives_afterwards_is_under_the_new_keys(things: SealedThings) -> None:
    await again(things)
    await things.stocked.stock(["LATER-1"])
    done = await again(things)
    assert done == ReEncrypted(codes=8, deliveries=1, resumed=False)
