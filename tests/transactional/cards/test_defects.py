"""Codes that turned out bad: charged to their batch to the fen, and replaced where a customer has one."""

import asyncio
from uuid import UUID

import pytest

from tests.transactional.small_shop import PRICE_FEN, Stocked, codes
from transactional.accounts.schemas import CustomerSubject
from transactional.cards import batch_costs, service
from transactional.cards.defects import BadCode, report_defect
from transactional.cards.errors import NoReplacementError, NotInStockError
from transactional.cards.schemas import CardDefectView
from transactional.db import reading, writing
from transactional.errors import NotFoundError
from transactional.ledger import service as ledger

pytestmark = pytest.mark.anyio
UNITS = "select public_id from shop.fulfilment order by id"


async def bought(stocked: Stocked, quantity: int = 1) -> tuple[CustomerSubject, list[UUID]]:
    buyer = await stocked.customer("li", quantity * PRICE_FEN)
    await stocked.shop.intake.buy(buyer.id, stocked.sku.id, quantity, "key-1")
    return buyer, [unit for [unit] in await stocked.rows(UNITS)]


async def report(stocked: Stocked, code: str | None = None, unit: UUID | None = None) -> CardDefectView:
    bad = BadCode(stocked.shop.vault.fingerprint(code) if code else None, unit)
    async with writing(stocked.shop.engine) as session:
        return await report_defect(session, bad, "does not work", None, stocked.shop.zone)


async def shown(stocked: Stocked, buyer: CustomerSubject, unit: UUID) -> str:
    async with writing(stocked.shop.engine) as session:
        return (await service.reveal(session, stocked.shop.vault, buyer.id, unit)).code


async def balances(stocked: Stocked) -> dict[str, int]:
    async with reading(stocked.shop.engine) as session:
        return {one.code: one.balance_fen for one in await ledger.trial_balance(session) if one.balance_fen}


async def test_a_bad_code_in_stock_is_never_sold_and_its_cost_is_lost(stocked: Stocked) -> None:
    batch = await stocked.stock(codes(2), cost_fen=801)
    done = await report(stocked, code=codes(2)[0])
    assert (done.batch_id, done.fulfilment_id, done.replaced, done.lost_fen) == (batch.id, None, False, 401)
    assert await balances(stocked) == {"card_inventory": 400, "card_losses": 401, "supplier_payable": -801}
    buyer, [unit] = await bought(stocked)
    assert await shown(stocked, buyer, unit) == codes(2)[1]


async def test_a_delivered_bad_code_is_replaced_and_the_replacements_cost_is_lost(stocked: Stocked) -> None:
    await stocked.stock(codes(1), cost_fen=300)
    buyer, [unit] = await bought(stocked)
    await stocked.stock(["SPARE-1"], cost_fen=350)
    done = await report(stocked, unit=unit)
    assert (done.fulfilment_id, done.replaced, done.lost_fen) == (unit, True, 350)
    assert await shown(stocked, buyer, unit) == "SPARE-1"
    lines = "select component, amount_fen, fulfilment_id is not null from shop.document_line where kind = 'code_lost'"
    assert await stocked.rows(lines) == [("card_losses", 350, True)]
    after = await balances(stocked)
    assert (after["cogs"], after["card_losses"], after.get("card_inventory")) == (300, 350, None)


async def test_the_bad_batch_is_charged_not_the_one_that_helped_out(stocked: Stocked) -> None:
    bad = await stocked.stock(codes(1), cost_fen=300)
    _, [unit] = await bought(stocked)
    spare = await stocked.stock(["SPARE-1", "SPARE-2"], cost_fen=700)
    await report(stocked, unit=unit)
    async with reading(stocked.shop.engine) as session:
        accounts = [await batch_costs.account(session, batch.id) for batch in (bad, spare)]
    assert [(one.sold_count, one.replacement_count, one.defective_count) for one in accounts] == [(0, 0, 1), (0, 1, 0)]
    assert [one.remaining_count for one in accounts] == [0, 1]


async def test_a_replacement_that_is_bad_too_is_replaced_again(stocked: Stocked) -> None:
    await stocked.stock(codes(1), cost_fen=300)
    buyer, [unit] = await bought(stocked)
    await stocked.stock(["SPARE-1", "SPARE-2"], cost_fen=701)
    first, second = await report(stocked, unit=unit), await report(stocked, unit=unit)
    assert sorted([first.lost_fen or 0, second.lost_fen or 0]) == [350, 351]
    assert await shown(stocked, buyer, unit) in ("SPARE-1", "SPARE-2")
    assert (await balances(stocked))["card_losses"] == 701


async def test_reported_twice_at_the_same_moment_a_code_is_replaced_once(stocked: Stocked) -> None:
    await stocked.stock(codes(1))
    await bought(stocked)
    await stocked.stock(["SPARE-1", "SPARE-2"])
    code = codes(1)[0]
    done = await asyncio.gather(*(report(stocked, code=code) for _ in range(3)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["CardDefectView", "NotInStockError", "NotInStockError"]
    assert await stocked.rows("select count(*) from shop.card where state = 'available'") == [(1,)]


async def test_with_no_other_code_nothing_changes_and_staff_are_told(stocked: Stocked) -> None:
    await stocked.stock(codes(1))
    buyer, [unit] = await bought(stocked)
    with pytest.raises(NoReplacementError):
        await report(stocked, unit=unit)
    assert await stocked.rows("select count(*) from shop.card_defect") == [(0,)]
    assert await shown(stocked, buyer, unit) == codes(1)[0]


async def test_a_refunded_units_bad_code_is_charged_without_another(stocked: Stocked) -> None:
    await stocked.stock(codes(2), cost_fen=600)
    _, [unit] = await bought(stocked)
    await stocked.rows("update shop.fulfilment set state = 'refunded' returning 1")
    done = await report(stocked, unit=unit)
    assert (done.replaced, done.lost_fen) == (False, 0)
    assert await stocked.rows("select count(*) from shop.card where state = 'available'") == [(1,)]


async def test_a_code_is_reported_once_and_unknown_ones_not_at_all(stocked: Stocked) -> None:
    await stocked.stock(codes(1))
    await report(stocked, code=codes(1)[0])
    with pytest.raises(NotInStockError):
        await report(stocked, code=codes(1)[0])
    with pytest.raises(NotFoundError):
        await report(stocked, code="NEVER-SEEN")
    with pytest.raises(NotFoundError):
        await report(stocked, unit=UUID(int=0))


async def test_the_act_is_on_record_without_the_code(stocked: Stocked) -> None:
    batch = await stocked.stock(codes(1))
    await report(stocked, code=codes(1)[0])
    acts = await stocked.rows("select act, subject, reason, detail from shop.staff_act")
    detail = {"fulfilment": None, "replaced": False}
    assert acts == [("report_defect", f"card-batch:{batch.id}", "does not work", detail)]
