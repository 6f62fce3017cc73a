"""Money that comes and goes at the same instant, in transactions of their own: once, whole, and nobody in a circle."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from mingsuan import clock
from tests.transactional.payments.conftest import Till
from tests.transactional.small_shop import PRICE_FEN, codes
from transactional.accounts.schemas import CustomerSubject
from transactional.db import writing
from transactional.orders import fulfilment
from transactional.orders.checkout import PlacedOrder
from transactional.payments import refunds

pytestmark = pytest.mark.anyio
SUCCESSES = "select count(*) from shop.payment where order_id = :order and state = 'succeeded'"
LOCK_WALLET = text("select from shop.wallet where customer_id = :id for update")
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


async def grant(till: Till, *wanted: tuple[int, int | None]) -> list[int]:
    async with writing(till.shop.engine) as session:
        return await refunds.grant(session, wanted, "asked", None, clock.now(), till.shop.zone)


async def somebody_waits(till: Till) -> None:
    for _ in range(500):
        if await till.one(WAITING):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


async def together(*acts: Awaitable[Any]) -> list[Any]:
    """What became of acts that begin at once; refusals among it, but nothing that a database raised."""
    ends = await asyncio.gather(*acts, return_exceptions=True)
    assert not [end for end in ends if isinstance(end, SQLAlchemyError)]
    return ends


async def test_a_refund_to_several_wallets_and_a_batch_of_purchases_do_not_wait_in_a_circle(till: Till) -> None:
    await till.stocked.stock(codes(2))
    early, late = [await till.stocked.customer(name, PRICE_FEN) for name in ("early", "late")]
    for buyer in (late, early):
        await till.shop.intake.buy(buyer.id, till.stocked.sku.id, 1, "key")
    units = [row[0] for row in await till.rows("select id from shop.fulfilment order by id")]
    async with writing(till.shop.engine) as batch:
        await batch.execute(LOCK_WALLET, {"id": early.id})
        refund = asyncio.create_task(grant(till, *((unit, None) for unit in units)))
        await somebody_waits(till)
        await batch.execute(LOCK_WALLET, {"id": late.id})
    assert len(await refund) == 2
    assert [row[0] for row in await till.rows("select balance_fen from shop.wallet")] == [PRICE_FEN, PRICE_FEN]


async def test_parts_refunded_side_by_side_never_exceed_the_unit(till: Till) -> None:
    _, order, _ = await till.bought()
    [unit] = await till.units(order)
    ends = await together(*(grant(till, (unit.id, 2000)) for _ in range(5)))
    assert sum(isinstance(end, list) for end in ends) == PRICE_FEN // 2000


async def test_the_same_key_many_times_at_once_is_one_payment(till: Till) -> None:
    for method in ("wechat", "wallet"):
        customer, order = await till.place(balance_fen=PRICE_FEN)
        ends = await together(*(till.start(customer, order, key="one-key", method=method) for _ in range(5)))
        assert len({end.id for end in ends}) == 1


async def test_two_trades_and_the_wallet_pay_while_the_order_is_given_up_and_runs_out(
    till: Till, full_counts: bool
) -> None:
    await till.stocked.stock(codes(60))
    for number in range(20 if full_counts else 4):
        customer, order = await till.place(2, 2 * PRICE_FEN)
        first = await till.number(await till.start(customer, order))
        second = await till.number(await till.start(customer, order, way="h5"))
        acts: list[Awaitable[Any]] = [
            *(till.paid(first, order.net_fen, found_by) for found_by in ("notice", "query", "bill")),
            *(till.paid(second, order.net_fen, found_by) for found_by in ("notice", "query")),
            till.start(customer, order, method="wallet"),
        ]
        if number % 2:
            acts.append(cancel(till, customer, order))
        if number % 3 == 0:
            acts.append(run_out(till))
        await together(*acts)
        assert await till.one(SUCCESSES, order=order.order_id) == 1
    await till.jobs.run_due(50)
    await every_fen_is_placed(till)


async def cancel(till: Till, customer: CustomerSubject, order: PlacedOrder) -> None:
    async with writing(till.shop.engine) as session:
        await fulfilment.cancel(session, order.order_no, customer.id)


async def run_out(till: Till) -> None:
    async with writing(till.shop.engine) as session:
        await fulfilment.unpaid_expired(session, clock.now() + timedelta(hours=1))


async def every_fen_is_placed(till: Till) -> None:
    """What no order took is back with who sent it, and nothing is owed for goods."""
    assert await till.is_whole()
    owed = [await till.balance(account) for account in ("unapplied_receipts", "refund_payable", "unearned_sales")]
    assert owed == [0, 0, 0]
    assert {row[0] for row in await till.rows("select state from shop.orders")} <= {"delivered", "refunded"}
