"""Statements taken in: whole or not at all, once, line by line; differences are cases; how each is settled."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.transactional.small_shop import Stocked
from tests.transactional.suppliers.supplied_world import DAY, NOON, SuppliedWorld, file_of, line, supplied_world
from transactional.db import writing
from transactional.suppliers.errors import (
    DifferenceOpenError,
    DifferenceSettledError,
    NoRateError,
    RefusedStatementError,
    StatementOverlapsError,
)
from transactional.suppliers.money import statement_settling
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.rates import NewRate

pytestmark = pytest.mark.anyio
LINES = """
select l.verdict, l.request_no, l.difference_fen, c.amount_fen, c.state from shop.supplier_statement_line as l
left join shop.review_case as c on c.id = l.case_id order by l.id
"""


@pytest.fixture
async def world(stocked: Stocked) -> SuppliedWorld:
    return await supplied_world(stocked)


async def differing(world: SuppliedWorld, verdict: str) -> UUID:
    sql = "select public_id from shop.supplier_statement_line where verdict = :verdict"
    [[found]] = await world.stocked.rows(sql, verdict=verdict)
    assert isinstance(found, UUID)
    return found


async def settle(world: SuppliedWorld, line_id: UUID, way: statement_settling.Way) -> None:
    async with writing(world.stocked.shop.engine) as session:
        await statement_settling.settle(
            session, line_id, way, "agreed by phone", world.staff_id, world.stocked.shop.zone
        )


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_four_differences_are_found_and_each_is_a_case_of_its_fen(world: SuppliedWorld, form: str) -> None:
    same, other, lacking, failed, twice = [
        await world.bought(fen, state=state)
        for fen, state in [
            (4000, "succeeded"),
            (4100, "succeeded"),
            (4200, "succeeded"),
            (4300, "failed"),
            (50, "succeeded"),
        ]
    ]
    told = [line(same, "40"), line(other, "41.50"), line(None, "9.99"), line(twice, "0.50"), line(twice, "0.50")]
    taken = await world.take_in(file_of(told, form=form), f"bill.{form}")
    assert await world.stocked.rows(LINES) == [
        ("matched", same.request_no, 0, None, None),
        ("amount_differs", other.request_no, 50, 50, "open"),
        ("theirs_only", "R99999", 999, 999, "open"),
        ("matched", twice.request_no, 0, None, None),
        ("theirs_only", twice.request_no, 50, 50, "open"),
        ("ours_only", lacking.request_no, -4200, -4200, "open"),
    ]
    assert (taken.is_new, taken.line_count, taken.difference_count) == (True, 5, 4)
    stated_fen, ledger_fen = 4000 + 4150 + 999 + 50 + 50, 4000 + 4100 + 4200 + 50
    assert taken.difference_fen == stated_fen - ledger_fen
    assert failed.state == "failed"


async def test_the_same_file_again_changes_nothing(world: SuppliedWorld) -> None:
    content = file_of([line(await world.bought(4000), "39")])
    first, second = await world.take_in(content), await world.take_in(content, "another name.csv")
    assert (second.id, second.is_new, second.difference_fen) == (first.id, False, -100)
    assert await world.stocked.rows("select count(*) from shop.supplier_statement") == [(1,)]


async def test_days_that_are_accounted_for_are_refused(world: SuppliedWorld) -> None:
    purchase = await world.bought(4000)
    await world.take_in(file_of([line(purchase, "40")]))
    with pytest.raises(StatementOverlapsError):
        await world.take_in(file_of([line(purchase, "40"), line(None, "1")]))


async def test_bad_cells_are_named_and_nothing_is_written(world: SuppliedWorld) -> None:
    content = (
        b"kind,request_no,supplier_ref,amount,currency,happened_at\n"
        b"charge,R1,,forty,CNY,2026-09-01 12:00:00\n"
        b"refund,R2,,5.00,USD,2026-09-01 12:00:00\n"
        b"gift,,,1.00,CNY,soon\n"
        b"charge,R3,,1.00,CNY,2026-08-01\n"
    )
    with pytest.raises(RefusedStatementError) as refused:
        await world.take_in(content)
    assert [problem.place for problem in refused.value.problems] == [
        "row 2, column amount",
        "row 3, column amount",
        "row 3, column currency",
        "row 4, column kind",
        "row 4, column happened_at",
        "row 4, column request_no",
    ]
    with pytest.raises(RefusedStatementError, match="refused whole"):
        await world.take_in(content.splitlines()[0] + b"\ncharge,R3,,1.00,CNY,2026-08-01\n")
    with pytest.raises(RefusedStatementError):
        await world.take_in(b"\0\x01binary")
    assert await world.stocked.rows("select count(*) from shop.supplier_statement") == [(0,)]


async def test_a_chinese_statement_is_read(world: SuppliedWorld) -> None:
    purchase = await world.bought(123456)
    rows = f'商户订单号,平台订单号,类型,金额,交易时间\n{purchase.request_no},X,扣款,"1,234.56",2026/09/01 12:00:05\n'
    taken = await world.take_in(rows.encode("gb18030"), days=None)
    assert taken.difference_count == 0
    assert await world.stocked.rows("select from_date, to_date from shop.supplier_statement") == [(DAY, DAY)]


async def test_a_line_may_name_the_suppliers_number_alone(world: SuppliedWorld) -> None:
    purchase = await world.bought(4000)
    rows = f"supplier_ref,amount\n{purchase.supplier_ref},40\n"
    assert (await world.take_in(rows.encode())).difference_count == 0


async def test_foreign_amounts_compare_at_the_rate_at_which_the_purchase_was_booked(stocked: Stocked) -> None:
    world = await supplied_world(stocked, currency="USD")
    purchase = await world.bought(3551, unit_cost=Decimal("5"), currency="USD", exchange_rate=Decimal("7.1015"))
    told = [line(purchase, "5"), line(None, "2")]
    with pytest.raises(NoRateError):
        await world.take_in(file_of(told, "USD"))
    async with writing(stocked.shop.engine) as session:
        await rates.record(session, [NewRate("USD", DAY, Decimal("7.2"))], "test", None)
    await world.take_in(file_of(told, "USD"))
    found = await stocked.rows(
        "select verdict, theirs_fen, difference_fen from shop.supplier_statement_line order by id"
    )
    assert found == [("matched", 3551, 0), ("theirs_only", 1440, 1440)]


async def test_a_day_after_the_other_each_purchase_is_answered_for_once(world: SuppliedWorld) -> None:
    late = await world.bought(4000, NOON + timedelta(hours=11, minutes=58))
    await world.take_in(file_of([]), days=(DAY, DAY))
    next_day = DAY + timedelta(days=1)
    taken = await world.take_in(file_of([line(late, "40", at=NOON + timedelta(hours=13))]), days=(next_day, next_day))
    assert taken.difference_count == 0
    assert await world.stocked.rows("select verdict from shop.supplier_statement_line") == [("matched",)]


async def test_what_is_accepted_is_posted_once_with_supplier_and_channel(world: SuppliedWorld) -> None:
    await world.deposit(100_000)
    await world.take_in(file_of([line(await world.bought(4000), "41.50")]))
    found = await differing(world, "amount_differs")
    await settle(world, found, "dispute")
    await settle(world, found, "accept")
    with pytest.raises(DifferenceSettledError):
        await settle(world, found, "accept")
    sql = """
    select account, amount_fen from shop.ledger_entry as e join shop.ledger_transaction as t on t.id = e.transaction_id
    where t.event = 'statement_difference_accepted' and e.supplier_id > 0 and e.channel_id > 0 order by 1
    """
    assert await world.stocked.rows(sql) == [("cogs", 150), ("supplier_prepaid", -150)]
    assert (await world.balance()).prepaid_fen == 100_000 - 4000 - 150
    assert await world.findings() == []


async def test_a_charge_for_nothing_is_accepted_as_a_loss_and_a_missing_one_as_a_gain(world: SuppliedWorld) -> None:
    await world.bought(4000)
    await world.take_in(file_of([line(None, "9.99")]))
    await settle(world, await differing(world, "theirs_only"), "accept")
    await settle(world, await differing(world, "ours_only"), "accept")
    sql = "select sum(amount_fen)::bigint from shop.document_line where component = 'supplier_losses'"
    assert await world.stocked.rows(sql) == [(999 - 4000,)]
    assert await world.findings() == []


async def test_what_is_noted_moves_no_money(world: SuppliedWorld) -> None:
    await world.take_in(file_of([line(None, "9.99")]))
    before = await world.stocked.rows("select count(*) from shop.ledger_transaction")
    await settle(world, await differing(world, "theirs_only"), "note")
    assert await world.stocked.rows("select count(*) from shop.ledger_transaction") == before
    assert await world.stocked.rows("select state, resolution from shop.review_case") == [
        ("resolved", "agreed by phone")
    ]


async def test_a_difference_of_a_purchase_without_an_end_cannot_be_accepted_yet(world: SuppliedWorld) -> None:
    purchase = await world.bought(4000, state="unknown")
    await world.take_in(file_of([line(purchase, "40"), line(purchase, "40")]))
    found = await differing(world, "theirs_only")
    with pytest.raises(DifferenceOpenError):
        await settle(world, found, "accept")
    async with writing(world.stocked.shop.engine) as session:
        await session.execute(text("update shop.purchase set state = 'succeeded', ended_at = now()"))
    await settle(world, found, "accept")


async def test_acts_are_on_record(world: SuppliedWorld) -> None:
    await world.take_in(file_of([line(None, "9.99")]))
    await settle(world, await differing(world, "theirs_only"), "note")
    acts = await world.stocked.rows(
        "select act from shop.staff_act where staff_id = :id order by id", id=world.staff_id
    )
    assert acts == [("import_statement",), ("note_difference",)]
