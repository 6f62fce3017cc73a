"""Suppliers' balances: kept in step with the ledger, never below zero by purchases, compared by the ledger's check."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from tests.transactional.small_shop import Stocked
from transactional.db import WriteSession, reading, writing
from transactional.ledger import service as ledger
from transactional.ledger import supplier_checks, supplier_rules
from transactional.suppliers.models import Supplier
from transactional.suppliers.money import balances
from transactional.suppliers.money.balances import Balance, Move

AT = datetime(2026, 9, 1, 4, 0, tzinfo=UTC)


async def supplier(session: WriteSession, name: str = "Fast Cards") -> int:
    row = Supplier(name=name, currency="CNY", terms="prepaid")
    session.add(row)
    await session.flush()
    return row.id


async def differing(stocked: Stocked) -> list[str]:
    """What the check of balances finds; these postings are about payments that have no rows."""
    async with reading(stocked.shop.engine) as session:
        found = [each for check in supplier_checks.CHECKS for each in await check.findings(session)]
    return [each.sentence() for each in found if each.check == "suppliers"]


def test_every_posting_that_names_a_supplier_names_it_in_all_its_entries_and_lines() -> None:
    of = {"supplier_id": 7, "channel_id": 9}
    postings = [
        supplier_rules.purchase_submitted(1, 900, True, AT, **of),
        supplier_rules.purchase_cost_settled(1, 5, True, AT, **of),
        supplier_rules.purchase_failed(1, 900, True, AT, **of),
        supplier_rules.purchase_written_off(1, 900, 2, AT, **of),
        supplier_rules.written_off_purchase_failed(1, 900, True, 2, AT, **of),
        supplier_rules.written_off_purchase_delivered(1, 900, 2, AT, **of),
        supplier_rules.purchase_succeeded_after_refund(1, 900, AT, **of),
        supplier_rules.purchase_credited(1, 900, True, 2, AT, **of),
        supplier_rules.statement_difference_accepted(1, 900, True, 2, AT, **of),
    ]
    for posting in postings:
        named = {(each.supplier_id, each.channel_id) for each in posting.entries}
        named |= {(each.supplier_id, each.channel_id) for each in posting.lines}
        assert named == {(7, 9)}, posting


def test_moves_are_by_supplier_and_leave_out_entries_without_one() -> None:
    postings = [
        supplier_rules.prepaid_topped_up(1, 1000, AT, supplier_id=8),
        supplier_rules.purchase_submitted(1, 300, True, AT, supplier_id=8),
        supplier_rules.purchase_submitted(2, 200, False, AT, supplier_id=3),
        supplier_rules.purchase_submitted(3, 100, False, AT),
    ]
    assert balances.moves(postings) == (Move(3, 0, 200), Move(8, 700, 0))


@pytest.mark.anyio
async def test_a_balance_follows_what_is_posted(stocked: Stocked) -> None:
    zone = stocked.shop.zone
    async with writing(stocked.shop.engine) as session:
        number = await supplier(session)
        assert await balances.of(session, number) == Balance()
        await balances.post(session, [supplier_rules.prepaid_topped_up(1, 1000, AT, supplier_id=number)], zone)
        assert await balances.reserve(
            session, supplier_rules.purchase_submitted(1, 600, True, AT, supplier_id=number), zone
        )
        await balances.post(session, [supplier_rules.purchase_submitted(2, 70, False, AT, supplier_id=number)], zone)
        await balances.said(session, number, Decimal("4.00"), AT)
    async with reading(stocked.shop.engine) as books:
        assert await balances.of(books, number) == Balance(400, 70, Decimal("4.000000"), AT)
    assert await differing(stocked) == []


@pytest.mark.anyio
async def test_a_purchase_that_the_prepaid_balance_does_not_cover_is_not_booked(stocked: Stocked) -> None:
    async with writing(stocked.shop.engine) as session:
        number = await supplier(session)
        submitted = supplier_rules.purchase_submitted(1, 1, True, AT, supplier_id=number)
        assert not await balances.reserve(session, submitted, stocked.shop.zone)
    assert await stocked.rows("select reference from shop.ledger_transaction where reference like 'purchase%'") == []


@pytest.mark.anyio
async def test_purchases_at_the_same_time_never_take_more_than_lies_there(stocked: Stocked) -> None:
    zone = stocked.shop.zone
    async with writing(stocked.shop.engine) as session:
        number = await supplier(session)
        await balances.post(session, [supplier_rules.prepaid_topped_up(1, 1000, AT, supplier_id=number)], zone)

    async def buy(purchase: int) -> bool:
        async with writing(stocked.shop.engine) as session:
            submitted = supplier_rules.purchase_submitted(purchase, 300, True, AT, supplier_id=number)
            return await balances.reserve(session, submitted, zone)

    bought = await asyncio.gather(*(buy(purchase) for purchase in range(1, 9)))
    assert sum(bought) == 3
    async with reading(stocked.shop.engine) as books:
        assert (await balances.of(books, number)).prepaid_fen == 100
    assert await differing(stocked) == []


@pytest.mark.anyio
async def test_a_balance_that_is_not_what_the_ledger_says_is_found(stocked: Stocked) -> None:
    zone = stocked.shop.zone
    async with writing(stocked.shop.engine) as session:
        number = await supplier(session)
        await balances.post(session, [supplier_rules.prepaid_topped_up(1, 1000, AT, supplier_id=number)], zone)
        await session.execute(text("update shop.supplier_balance set prepaid_fen = 999"))
    assert await differing(stocked) == [
        "Supplier Fast Cards: 999 fen prepaid and 0 fen owed are kept, but its ledger entries come to 1000 and 0 fen."
    ]


@pytest.mark.anyio
async def test_entries_of_a_supplier_that_has_no_balance_are_found(stocked: Stocked) -> None:
    async with writing(stocked.shop.engine) as session:
        number = await supplier(session)
        posting = supplier_rules.purchase_submitted(1, 50, False, AT, supplier_id=number)
        await ledger.post(session, [posting], stocked.shop.zone)
    assert len(await differing(stocked)) == 1


@pytest.mark.anyio
async def test_what_a_supplier_says_is_not_overtaken_by_what_it_said_before(stocked: Stocked) -> None:
    async with writing(stocked.shop.engine) as session:
        number = await supplier(session)
        await balances.said(session, number, Decimal(9), AT)
        await balances.said(session, number, Decimal(5), AT.replace(hour=3))
        assert (await balances.of(session, number)).their_amount == 9
