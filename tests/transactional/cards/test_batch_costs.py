"""A batch's cost after the fact: credits, costs learnt late, each fen posted where the code's cost stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transactional.small_shop import PRICE_FEN, Stocked, codes
from transactional.cards.batch_costs import account, correct_cost, credit_batch
from transactional.cards.defects import BadCode, report_defect
from transactional.cards.schemas import BatchAccount, CardBatchView
from transactional.cards.write_off import void_batch
from transactional.db import reading, writing
from transactional.errors import InvalidInputError, NotFoundError
from transactional.ledger import service as ledger

pytestmark = pytest.mark.anyio


async def one_of_each(stocked: Stocked, cost_fen: int | None) -> CardBatchView:
    """Seven codes: two sold, one of them bad and replaced; one withdrawn, one bad in stock, two left."""
    batch = await stocked.stock(codes(7), cost_fen)
    buyer = await stocked.customer("li", 2 * PRICE_FEN)
    await stocked.shop.intake.buy(buyer.id, stocked.sku.id, 2, "key-1")
    [[unit]] = await stocked.rows("select public_id from shop.fulfilment where unit_no = 1")
    async with writing(stocked.shop.engine) as session:
        zone = stocked.shop.zone
        await report_defect(session, BadCode(None, unit), "bad", None, zone)
        await void_batch(session, batch.id, "withdrawn", None, zone, count=1)
    free = "select fingerprint from shop.card where state = 'available' order by id limit 1"
    [[fingerprint]] = await stocked.rows(free)
    async with writing(stocked.shop.engine) as session:
        await report_defect(session, BadCode(bytes(fingerprint), None), "bad", None, zone)
    return batch


async def correct(stocked: Stocked, batch: CardBatchView, total_fen: int) -> BatchAccount:
    async with writing(stocked.shop.engine) as session:
        return await correct_cost(session, batch.id, total_fen, "invoice", None, stocked.shop.zone)


async def balances(stocked: Stocked) -> dict[str, int]:
    async with reading(stocked.shop.engine) as session:
        assert (await ledger.check(session)).is_whole
        found = {one.code: one.balance_fen for one in await ledger.trial_balance(session)}
    return {name: found.get(name, 0) for name in ("card_inventory", "card_losses", "cogs", "supplier_payable")}


async def test_a_cost_learnt_late_goes_where_each_codes_cost_stands(stocked: Stocked) -> None:
    batch = await one_of_each(stocked, None)
    assert set((await balances(stocked)).values()) == {0}
    done = await correct(stocked, batch, 700)
    # sold twice: cogs; the replacement, one void and one bad in stock: lost; two left
    assert await balances(stocked) == {
        "cogs": 200,
        "card_losses": 300,
        "card_inventory": 200,
        "supplier_payable": -700,
    }
    assert (done.total_cost_fen, done.remaining_count) == (700, 2)
    assert await stocked.rows("select cost_fen from shop.fulfilment order by id") == [(100,), (100,)]


async def test_a_correction_splits_the_new_total_to_the_fen(stocked: Stocked) -> None:
    batch = await one_of_each(stocked, 700)
    await correct(stocked, batch, 1000)
    rows = await stocked.rows("select sum(cost_fen), min(cost_fen), max(cost_fen) from shop.card")
    assert rows == [(1000, 142, 143)]
    [[in_stock]] = await stocked.rows("select sum(cost_fen) from shop.card where state = 'available'")
    after = await balances(stocked)
    assert (after["card_inventory"], after["supplier_payable"]) == (in_stock, -1000)
    assert after["cogs"] + after["card_losses"] + after["card_inventory"] == 1000
    [[sold]] = await stocked.rows("select sum(cost_fen) from shop.fulfilment")
    assert after["cogs"] == sold


async def test_corrections_follow_one_another_down_to_nothing(stocked: Stocked) -> None:
    batch = await one_of_each(stocked, 701)
    for total in (900, 13, 0, 5):
        await correct(stocked, batch, total)
        [[in_stock]] = await stocked.rows("select sum(cost_fen) from shop.card where state = 'available'")
        after = await balances(stocked)
        assert (after["card_inventory"], after["supplier_payable"]) == (in_stock, -total)
    assert await stocked.rows("select sum(difference_fen) from shop.batch_cost_correction") == [(5 - 701,)]


async def test_the_cost_that_it_has_already_is_no_correction(stocked: Stocked) -> None:
    batch = await stocked.stock(codes(1), 100)
    with pytest.raises(InvalidInputError):
        await correct(stocked, batch, 100)
    with pytest.raises(NotFoundError):
        await correct(stocked, batch.model_copy(update={"id": stocked.sku.id}), 50)


async def test_a_supplier_makes_good_what_was_lost(stocked: Stocked) -> None:
    batch = await one_of_each(stocked, 700)
    async with writing(stocked.shop.engine) as session:
        first = await credit_batch(session, batch.id, 150, "two bad", None, stocked.shop.zone)
        done = await credit_batch(session, batch.id, 50, "one more", None, stocked.shop.zone, prepaid=True)
    assert (first.credited_fen, done.credited_fen) == (150, 200)
    after = await balances(stocked)
    assert (after["card_losses"], after["supplier_payable"]) == (100, -550)
    # 500 fen for the four codes that worked or may still: sold, the replacement, two left
    assert done.effective_unit_cost_fen == 125


async def test_a_batchs_account_counts_every_code_once(stocked: Stocked) -> None:
    batch = await one_of_each(stocked, 700)
    async with reading(stocked.shop.engine) as session:
        found = await account(session, batch.id)
    counts = {name: getattr(found, f"{name}_count") for name in ("sold", "replacement", "defective", "void", "expired")}
    assert counts == {"sold": 1, "replacement": 1, "defective": 2, "void": 1, "expired": 0}
    assert sum(counts.values()) + found.remaining_count == found.card_count == 7
    assert found.held_count == 0


@given(st.integers(0, 10**10), st.integers(0, 10**9), st.integers(1, 10**5))
def test_the_effective_unit_cost_is_rounded_once(cost_fen: int, credited_fen: int, good: int) -> None:
    view = BatchAccount.model_construct(
        total_cost_fen=cost_fen, credited_fen=credited_fen, sold_count=good, replacement_count=0, remaining_count=0
    )
    unit_fen = view.effective_unit_cost_fen
    assert unit_fen is not None
    assert abs(2 * (unit_fen * good - (cost_fen - credited_fen))) <= good
