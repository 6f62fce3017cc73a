"""Codes that will never be sold: expired ones leave by themselves, withdrawn ones by staff's act, held ones stay."""

from datetime import timedelta

import procrastinate
import pytest
from procrastinate.testing import InMemoryConnector

from mingsuan import clock
from tests.transactional.small_shop import PRICE_FEN, Stocked, codes
from transactional.cards import jobs
from transactional.cards.batch_costs import account
from transactional.cards.card_import import import_batch
from transactional.cards.examination import BatchFile
from transactional.cards.schemas import CardBatchView
from transactional.cards.write_off import void_batch, write_off_expired
from transactional.db import reading, writing
from transactional.errors import NotFoundError, OutOfStockError
from transactional.ledger import service as ledger

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


async def perishable(stocked: Stocked, count: int, cost_fen: int) -> CardBatchView:
    """Codes that are good for a day from now."""
    file = BatchFile("perishable.csv", "\n".join(codes(count, "BRIEF")).encode())
    shop, end = stocked.shop, clock.now() + DAY
    async with writing(shop.engine) as session:
        return await import_batch(session, shop.vault, file, stocked.sku.code, cost_fen, "", shop.zone, expires_at=end)


async def write_off(stocked: Stocked) -> int:
    async with writing(stocked.shop.engine) as session:
        return await write_off_expired(session, stocked.shop.zone)


async def balances(stocked: Stocked) -> dict[str, int]:
    async with reading(stocked.shop.engine) as session:
        assert (await ledger.check(session)).is_whole
        return {one.code: one.balance_fen for one in await ledger.trial_balance(session) if one.balance_fen}


async def test_expired_codes_leave_the_inventory_once_and_on_time(stocked: Stocked) -> None:
    batch = await perishable(stocked, 3, 1000)
    await stocked.stock(codes(1), 400)
    assert await write_off(stocked) == 0
    with clock.at(clock.now() + 2 * DAY):
        assert [await write_off(stocked), await write_off(stocked)] == [3, 0]
        async with reading(stocked.shop.engine) as session:
            found = await account(session, batch.id)
    assert (found.expired_count, found.void_count, found.remaining_count) == (3, 0, 0)
    assert await balances(stocked) == {"card_inventory": 400, "card_losses": 1000, "supplier_payable": -1400}


async def test_an_expired_code_is_not_sold_even_before_it_is_written_off(stocked: Stocked) -> None:
    await perishable(stocked, 1, 100)
    with clock.at(clock.now() + 2 * DAY):
        buyer = await stocked.customer("li", PRICE_FEN)
        with pytest.raises(OutOfStockError):
            await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key-1")


async def test_a_code_that_an_order_holds_stays_until_the_hold_ends(stocked: Stocked) -> None:
    await perishable(stocked, 1, 100)
    later = clock.now() + 2 * DAY
    await stocked.rows("update shop.card set free_at = :until returning 1", until=later + DAY)
    with clock.at(later):
        assert await write_off(stocked) == 0
    with clock.at(later + 2 * DAY):
        assert await write_off(stocked) == 1


async def test_the_workers_task_takes_them_all_and_can_run_again(
    stocked: Stocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactional.cards.write_off.EXPIRED_AT_ONCE", 2)
    await perishable(stocked, 5, 500)
    app = procrastinate.App(connector=InMemoryConnector())
    jobs.register(app, lambda: stocked.shop)
    with clock.at(clock.now() + 2 * DAY):
        for _ in range(2):
            await app.tasks["cards.write_off_expired"](timestamp=0)
    assert await stocked.rows("select state, count(*) from shop.card group by 1") == [("void", 5)]
    assert (await balances(stocked))["card_losses"] == 500
    assert [(one.cron, one.task.name) for one in app.periodic_registry.periodic_tasks.values()] == [
        ("7 * * * *", "cards.write_off_expired")
    ]


async def test_withdrawn_codes_are_lost_and_only_what_is_left_is_withdrawn(stocked: Stocked) -> None:
    batch = await stocked.stock(codes(4), 400)
    buyer = await stocked.customer("li", PRICE_FEN)
    await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 1, "key-1")
    async with writing(stocked.shop.engine) as session:
        first = await void_batch(session, batch.id, "damaged", None, stocked.shop.zone, count=1)
        rest = await void_batch(session, batch.id, "recalled", None, stocked.shop.zone)
        none = await void_batch(session, batch.id, "again", None, stocked.shop.zone)
    assert [(done.count, done.lost_fen) for done in (first, rest, none)] == [(1, 100), (2, 200), (0, 0)]
    after = await balances(stocked)
    assert (after["card_losses"], after["cogs"], after.get("card_inventory", 0)) == (300, 100, 0)
    assert await stocked.rows("select reason from shop.staff_act order by id") == [
        ("damaged",),
        ("recalled",),
        ("again",),
    ]
    with pytest.raises(NotFoundError):
        async with writing(stocked.shop.engine) as session:
            await void_batch(session, stocked.sku.id, "x", None, stocked.shop.zone)
