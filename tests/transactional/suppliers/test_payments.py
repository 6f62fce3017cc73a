"""Payments to suppliers: booked once, with the exchange difference; balances that run low raise an alert."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.transactional.small_shop import Stocked
from tests.transactional.suppliers.supplied_world import DAY, NOON, SuppliedWorld, supplied_world
from transactional.alerts.service import lasting
from transactional.db import reading, writing
from transactional.errors import InvalidInputError
from transactional.ledger import supplier_rules
from transactional.suppliers.errors import NoRateError, PaymentRecordedError
from transactional.suppliers.money import balances, payments, runway
from transactional.suppliers.money.balances import Balance
from transactional.suppliers.money.payments import NewPayment
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.rates import NewRate

pytestmark = pytest.mark.anyio
ENTRIES = """
select t.event, e.account, e.amount_fen from shop.ledger_entry as e
join shop.ledger_transaction as t on t.id = e.transaction_id where e.supplier_id is not null order by e.id
"""


async def pay(
    world: SuppliedWorld, kind: str, amount: str, paid_fen: int, owed_fen: int | None = None, reference: str = "b1"
) -> None:
    new = NewPayment(world.supplier, kind, reference, Decimal(amount), paid_fen, NOON, owed_fen)
    async with writing(world.stocked.shop.engine) as session:
        await payments.record(session, new, "CNY", world.stocked.shop.zone, world.staff_id)


async def test_a_deposit_is_booked_once_under_the_banks_reference(stocked: Stocked) -> None:
    world = await supplied_world(stocked)
    await pay(world, "top_up", "100", 10_000)
    with pytest.raises(PaymentRecordedError):
        await pay(world, "top_up", "100", 10_000)
    assert await stocked.rows(ENTRIES) == [
        ("prepaid_topped_up", "supplier_prepaid", 10_000),
        ("prepaid_topped_up", "bank", -10_000),
    ]
    assert await world.balance() == Balance(10_000, 0)
    assert await world.findings() == []


async def test_a_foreign_deposit_is_worth_what_its_days_rate_says(stocked: Stocked) -> None:
    world = await supplied_world(stocked, currency="USD")
    with pytest.raises(NoRateError):
        await pay(world, "top_up", "100", 72_000)
    async with writing(stocked.shop.engine) as session:
        await rates.record(session, [NewRate("USD", DAY, Decimal("7.1"))], "test", None)
    await pay(world, "top_up", "100", 72_000)
    # 100 dollars at 7.1 are 710.00; the other 10.00 that the bank took are an exchange difference
    assert await world.balance() == Balance(71_000, 0)
    assert await stocked.rows("select amount_fen, loss_fen from shop.supplier_payment") == [(72_000, 1_000)]
    sql = "select amount_fen from shop.document_line where component = 'supplier_losses'"
    assert await stocked.rows(sql) == [(1_000,)]
    assert await world.findings() == []


async def test_a_settlement_ends_the_debt_whatever_the_bank_took_for_it(stocked: Stocked) -> None:
    world = await supplied_world(stocked, currency="USD", terms="on_account")
    await world.bought(71_000, prepaid=False, currency="USD", exchange_rate=Decimal("7.1"))
    await pay(world, "settlement", "100", 70_500, owed_fen=71_000)
    assert await world.balance() == Balance(0, 0)
    assert await stocked.rows("select loss_fen from shop.supplier_payment") == [(-500,)]
    assert await world.findings() == []


@pytest.mark.parametrize(
    ("kind", "amount", "paid_fen", "reference"),
    [("gift", "1", 100, "r"), ("top_up", "0", 0, "r"), ("top_up", "1", 100, " "), ("top_up", "1", 101, "r")],
)
async def test_what_makes_no_sense_is_refused(
    stocked: Stocked, kind: str, amount: str, paid_fen: int, reference: str
) -> None:
    world = await supplied_world(stocked, units=1)
    with pytest.raises(InvalidInputError):
        await pay(world, kind, amount, paid_fen, reference=reference)
    assert await stocked.rows("select count(*) from shop.supplier_payment") == [(0,)]


async def test_a_low_balance_is_told_while_it_lasts(stocked: Stocked) -> None:
    world = await supplied_world(stocked)
    await pay(world, "top_up", "100", 10_000)
    for day in range(1, 6):
        await world.bought(1_000, NOON + timedelta(days=day))

    async def alerts(low_fen: int | None) -> dict[str, object]:
        async with writing(stocked.shop.engine) as session:
            await session.execute(text("update shop.supplier set low_balance_fen = :fen"), {"fen": low_fen})
            await runway.watch(session, NOON + timedelta(days=6), stocked.shop.zone)
        async with reading(stocked.shop.engine) as session:
            return {subject: each.detail for subject, each in (await lasting(session, runway.LOW)).items()}

    assert await alerts(None) == {}
    told = {"name": "Fast Cards", "prepaid_fen": 5_000, "low_balance_fen": 5_001, "days": 5.0}
    assert await alerts(5_001) == {f"supplier:{world.supplier}": told}
    assert await alerts(5_001) == {f"supplier:{world.supplier}": told}
    assert await stocked.rows("select times from shop.alert") == [(1,)]
    assert await alerts(5_000) == {}


async def test_days_without_a_purchase_count_and_today_does_not(stocked: Stocked) -> None:
    world = await supplied_world(stocked)
    await world.bought(700, NOON)
    await world.bought(900, NOON + timedelta(days=2), state="failed")
    await world.bought(300, NOON + timedelta(days=3))
    async with reading(stocked.shop.engine) as session:
        spent = await runway.daily_spend(session, NOON + timedelta(days=3, hours=1), stocked.shop.zone)
    assert spent == {world.supplier_id: [700, 0, 0]}


async def test_a_payment_that_was_never_posted_is_found_and_so_is_a_posting_of_none(stocked: Stocked) -> None:
    world = await supplied_world(stocked, units=1)
    await pay(world, "top_up", "100", 10_000)
    # as if two rows had been tampered with: one without its posting, one posting without its row
    await stocked.rows(
        "insert into shop.supplier_payment (supplier_id, kind, reference, amount, currency, amount_fen, paid_at)"
        " values (:id, 'settlement', 'ghost', 1, 'CNY', 100, now()) returning id",
        id=world.supplier_id,
    )
    async with writing(stocked.shop.engine) as session:
        posting = supplier_rules.prepaid_topped_up(77, 1, NOON, supplier_id=world.supplier_id)
        await balances.post(session, [posting], stocked.shop.zone)
    [[number]] = await stocked.rows("select max(id) from shop.supplier_payment")
    assert await world.findings() == [
        f"statement-paid:{number} should have been posted and was not.",
        "supplier-top-up:77 was posted for something that is not there.",
    ]
