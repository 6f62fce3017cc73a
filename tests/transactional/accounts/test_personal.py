"""Keys of persons: each opens its own, destroying one ends it for good, and a new master key does not bring it back."""

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text

from tests.transactional.small_shop import Stocked
from transactional.accounts.persons import personal
from transactional.cards.rotation import rotate_master_key
from transactional.cards.vault import VaultClosedError, open_vault
from transactional.db import reading, writing

pytestmark = pytest.mark.anyio
HOME = {"street": "known street 9"}


async def seal(stocked: Stocked, customer_id: int) -> personal.Sealed:
    async with writing(stocked.shop.engine) as session:
        return await personal.seal(session, stocked.shop.vault, customer_id, "address", HOME)


async def unseal(stocked: Stocked, customer_id: int, sealed: personal.Sealed, place: str = "address") -> dict[str, str]:
    async with reading(stocked.shop.engine) as session:
        return await personal.unseal(session, stocked.shop.vault, customer_id, place, sealed)


async def destroy(stocked: Stocked, customer_id: int) -> None:
    async with writing(stocked.shop.engine) as session:
        await personal.destroy_key(session, customer_id)


async def test_what_was_sealed_opens_for_its_own_customer_and_place_alone(stocked: Stocked) -> None:
    li, wang = await stocked.customer("li"), await stocked.customer("wang")
    sealed = await seal(stocked, li.id)
    assert await unseal(stocked, li.id, sealed) == HOME
    for customer_id, place in ((wang.id, "address"), (li.id, "identity")):
        with pytest.raises((VaultClosedError, InvalidTag)):
            await unseal(stocked, customer_id, sealed, place)


async def test_destroying_a_key_ends_what_it_sealed_and_nothing_else(stocked: Stocked) -> None:
    li, wang = await stocked.customer("li"), await stocked.customer("wang")
    of_li, of_wang = await seal(stocked, li.id), await seal(stocked, wang.id)
    await destroy(stocked, li.id)
    with pytest.raises(personal.ErasedError):
        await unseal(stocked, li.id, of_li)
    assert await unseal(stocked, wang.id, of_wang) == HOME
    assert await stocked.rows("select id from shop.data_key where wrapped = ''") == [(of_li.data_key_id,)]
    again = await seal(stocked, li.id)
    assert again.data_key_id != of_li.data_key_id
    assert await unseal(stocked, li.id, again) == HOME
    await destroy(stocked, li.id)
    with pytest.raises(personal.ErasedError):
        await unseal(stocked, li.id, again)


async def test_a_new_master_key_passes_over_destroyed_keys_and_the_shop_starts_again(stocked: Stocked) -> None:
    li, wang = await stocked.customer("li"), await stocked.customer("wang")
    of_li, of_wang = await seal(stocked, li.id), await seal(stocked, wang.id)
    await destroy(stocked, li.id)
    first = await rotate_master_key(stocked.shop.engine, stocked.shop.settings)
    second = await rotate_master_key(stocked.shop.engine, stocked.shop.settings)
    assert (first.data_keys, second.data_keys) == (1, 1)
    async with reading(stocked.shop.engine) as session:
        vault = await open_vault(session, stocked.shop.settings)
        assert vault.master_key_fingerprint == second.after
        assert await personal.unseal(session, vault, wang.id, "address", of_wang) == HOME
        with pytest.raises(personal.ErasedError):
            await personal.unseal(session, vault, li.id, "address", of_li)
        left = await session.scalar(text("select wrapped from shop.data_key where id = :id"), {"id": of_li.data_key_id})
    assert left == b""
