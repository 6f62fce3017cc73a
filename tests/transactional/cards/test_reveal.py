"""Showing what was delivered: to its owner alone, each act on record, not too often."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from mingsuan import clock
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes
from transactional.accounts.schemas import CustomerSubject
from transactional.cards import service
from transactional.cards.errors import TooManyRevealsError
from transactional.cards.schemas import RevealedCode
from transactional.db import writing
from transactional.errors import NotFoundError

pytestmark = pytest.mark.anyio
LETTER = "账号 li@example.com 密码 s3cret"


async def bought(stocked: Stocked, name: str = "li") -> tuple[CustomerSubject, UUID]:
    buyer = await stocked.customer(name, PRICE_FEN)
    placed = await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key-1")
    [[unit]] = await stocked.rows(
        "select f.public_id from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id"
        " join shop.orders as o on o.id = i.order_id where o.order_no = :number",
        number=placed.order_no,
    )
    return buyer, unit


async def show(stocked: Stocked, buyer: CustomerSubject, unit: UUID, *, repeated: bool = False) -> RevealedCode:
    async with writing(stocked.shop.engine) as session:
        return await service.reveal(session, stocked.shop.vault, buyer.id, unit, repeated=repeated)


async def by_hand(stocked: Stocked) -> tuple[CustomerSubject, UUID]:
    """A delivered unit of which staff wrote the content: no card."""
    await stocked.stock(codes(1))
    buyer, unit = await bought(stocked)
    await stocked.rows(
        "update shop.card set state = 'available', delivered_fulfilment_id = null, free_at = '-infinity' returning 1"
    )
    [[inside]] = await stocked.rows("select id from shop.fulfilment where public_id = :unit", unit=unit)
    async with writing(stocked.shop.engine) as session:
        await service.seal_delivery(session, stocked.shop.vault, inside, LETTER, None)
    return buyer, unit


async def test_what_staff_wrote_is_shown_to_the_owner_alone_and_logged(stocked: Stocked) -> None:
    buyer, unit = await by_hand(stocked)
    stranger = await stocked.customer("wang")
    with pytest.raises(NotFoundError):
        await show(stocked, stranger, unit)
    assert await stocked.rows("select count(*) from shop.card_reveal") == [(0,)]
    first, second = await show(stocked, buyer, unit), await show(stocked, buyer, unit)
    assert (first.content, first.code, first.secret) == (LETTER, "", None)
    assert second.first_revealed_at == first.first_revealed_at
    logged = "select customer_id, card_id, sealed_delivery_id is not null from shop.card_reveal"
    assert await stocked.rows(logged) == [(buyer.id, None, True)] * 2


async def test_sixty_acts_an_hour_then_a_pause_that_says_how_long(stocked: Stocked) -> None:
    await stocked.stock(codes(2))
    buyer, unit = await bought(stocked)
    other, others_unit = await bought(stocked, "wang")
    begin = clock.now()
    for minute in range(service.REVEALS // 2):
        with clock.at(begin + timedelta(minutes=minute)):
            await show(stocked, buyer, unit)
            await show(stocked, buyer, unit)
    with clock.at(begin + timedelta(minutes=45)):
        with pytest.raises(TooManyRevealsError) as refused:
            await show(stocked, buyer, unit)
        assert refused.value.values["retry_after_seconds"] == 15 * 60
        await show(stocked, buyer, unit, repeated=True)
        await show(stocked, other, others_unit)
    with clock.at(begin + timedelta(minutes=60)):
        await show(stocked, buyer, unit)
    assert await stocked.rows("select count(*) from shop.card_reveal where customer_id = :id", id=buyer.id) == [(61,)]


async def test_many_acts_at_the_same_moment_are_counted_too(stocked: Stocked) -> None:
    await stocked.stock(codes(1))
    buyer, unit = await bought(stocked)
    for _ in range(service.REVEALS - 3):
        await show(stocked, buyer, unit)
    done = await asyncio.gather(*(show(stocked, buyer, unit) for _ in range(8)), return_exceptions=True)
    assert sum(isinstance(one, RevealedCode) for one in done) == 3
    assert sum(isinstance(one, TooManyRevealsError) for one in done) == 5
