"""Telephone numbers: what is one, who may have it, and that the database shows none."""

import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.small_shop import Stocked, all_text
from transactional.accounts.persons import contacts
from transactional.accounts.persons.errors import PhoneTakenError
from transactional.db import reading, writing
from transactional.errors import InvalidInputError

PHONE = "+8613800138000"


@pytest.mark.parametrize(
    "typed", ["13800138000", "138 0013 8000", "+86 138-0013-8000", "0086 13800138000", "138００138000"]
)
def test_a_mainland_number_is_known_however_it_is_typed(typed: str) -> None:
    assert contacts.parse_phone(typed) == PHONE


def test_numbers_of_other_places_carry_their_code() -> None:
    assert contacts.parse_phone("+852 5123 4567") == "+85251234567"
    assert contacts.parse_phone("51234567", "HK") == "+85251234567"


@pytest.mark.parametrize("typed", ["", "12345", "1380013800", "li@example.com", "+86", "1" * 41, "13800138000 9"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInputError):
        contacts.parse_phone(typed)


def test_a_landline_is_no_place_for_a_text_message_but_one_for_a_courier() -> None:
    with pytest.raises(InvalidInputError):
        contacts.parse_phone("010-62770334")
    assert contacts.parse_phone("010-62770334", mobile=False) == "+861062770334"


def test_masks_keep_enough_to_know_a_contact_by() -> None:
    assert contacts.masked(PHONE) == "138****8000"
    assert contacts.masked("+85251234567") == "+852****4567"
    assert contacts.masked_email("li@example.com") == "l***@example.com"


@pytest.mark.anyio
async def test_a_number_is_found_again_by_its_owner_alone(stocked: Stocked, fresh_database: DatabaseUrls) -> None:
    li, wang = await stocked.customer("li"), await stocked.customer("wang")
    vault = stocked.shop.vault
    async with writing(stocked.shop.engine) as session:
        await contacts.set_phone(session, vault, li.id, PHONE, clock.now())
    with pytest.raises(PhoneTakenError):
        async with writing(stocked.shop.engine) as session:
            await contacts.set_phone(session, vault, wang.id, PHONE, clock.now())
    async with reading(stocked.shop.engine) as session:
        assert await contacts.phone_of(session, vault, li.id) == PHONE
        assert await contacts.phone_of(session, vault, wang.id) is None
        assert await contacts.customer_by_phone(session, vault, PHONE) == li
        assert await contacts.customer_by_phone(session, vault, "+8613800138001") is None
    shown = await all_text(fresh_database)
    assert "13800138000" not in shown
    assert b"13800138000".hex() not in shown
