"""What becomes of an order when its money comes, in time or late; and what refunds do to its units."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from mingsuan import clock
from tests.transactional.orders.goods import Market
from transactional.db import reading, writing
from transactional.ledger import service as ledger
from transactional.orders import fulfilment, service
from transactional.orders.checkout import PlacedOrder
from transactional.orders.errors import NotRefundableError, OrderMovedOnError
from transactional.orders.rules import ForbiddenTransitionError

pytestmark = pytest.mark.anyio
LATE = timedelta(minutes=16)


async def ids(market: Market, placed: PlacedOrder, where: str = "true") -> list[int]:
    units = f"""
    select f.id from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
    where i.order_id = :order_id and {where} order by f.id
    """
    return [row[0] for row in await market.rows(units, order_id=placed.order_id)]


async def test_paid_in_time_the_kept_codes_are_delivered_and_earned(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 3, cost_fen=600)
    placed = await market.order(await market.customer("li"), (sku, 2))
    assert (await market.pay(placed)).kind == "on_time"
    assert await market.state(placed.order_no) == "delivered"
    assert await market.balances() == {
        "gateway_receivable": 2000,
        "sales": -2000,
        "cogs": 1200,
        "card_inventory": 600,
        "supplier_payable": -1800,
    }
    async with writing(market.shop.engine) as session:
        with pytest.raises(ForbiddenTransitionError):
            await fulfilment.order_was_paid(session, placed.order_id, clock.now(), market.shop.zone)
    assert await market.one("select count(*) from shop.card where state = 'delivered'") == 2


async def test_a_bundle_earns_the_parts_at_list_price_less_their_discount(market: Market) -> None:
    for code, price in (("A", 1000), ("B", 500)):
        await market.sku(code, price_fen=price)
        await market.stock(code, 3)
    pack = await market.bundle("PACK", 2000, {"A": 2, "B": 1})
    placed = await market.order(await market.customer("li"), (pack, 1))
    await market.pay(placed)
    assert await market.balances() == {"gateway_receivable": 2000, "sales": -2500, "discounts": 500}


async def test_paid_late_but_still_kept_the_codes_come_all_the_same(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 2)
    placed = await market.order(await market.customer("li"), (sku, 2))
    with clock.at(placed.ordered_at + LATE):
        async with writing(market.shop.engine) as session:
            await fulfilment.unpaid_expired(session, clock.now())
        assert (await market.pay(placed)).kind == "reclaimed"
    assert await market.state(placed.order_no) == "delivered"
    detail = await market.one("select detail from shop.order_event where kind = 'late_payment'")
    assert (detail["decision"], detail["was"], detail["undeliverable"]) == ("reclaimed", "cancelled", 0)


async def test_paid_late_when_another_has_the_code_it_is_to_be_refunded(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 1, cost_fen=10)
    li, wang = await market.customer("li"), await market.customer("wang")
    placed = await market.order(li, (sku, 1))
    with clock.at(placed.ordered_at + LATE):
        other = await market.order(wang, (sku, 1))
        decision = await market.pay(placed)
        assert (decision.kind, list(decision.undeliverable)) == ("refund", await ids(market, placed))
        assert (await market.pay(other)).kind == "on_time"
    assert await market.state(other.order_no) == "delivered"
    async with writing(market.shop.engine) as session:
        [unit] = await fulfilment.refund_begins(session, decision.undeliverable, market.shop.zone)
        assert (unit.delivered, unit.unearned_fen, unit.net_fen) == (False, 1000, 1000)
        await fulfilment.refund_ended(session, decision.undeliverable, True)
    assert await market.state(placed.order_no) == "refunded"


async def test_a_late_payment_gets_what_is_there_and_the_rest_back(market: Market) -> None:
    a, b = await market.sku("A"), await market.sku("B")
    await market.stock("A", 1)
    await market.stock("B", 1)
    placed = await market.order(await market.customer("li"), (a, 1), (b, 1))
    with clock.at(placed.ordered_at + LATE):
        await market.order(await market.customer("wang"), (b, 1))
        decision = await market.pay(placed)
    assert decision.kind == "refund"
    assert list(decision.undeliverable) == await ids(market, placed, "f.state = 'waiting'")
    assert await market.state(placed.order_no) == "partially_delivered"


async def test_money_for_an_order_that_its_customer_cancelled_goes_back(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 5)
    li = await market.customer("li")
    placed = await market.order(li, (sku, 1))
    async with writing(market.shop.engine) as session:
        await fulfilment.cancel(session, placed.order_no, li.id)
    decision = await market.pay(placed)
    assert (decision.kind, list(decision.undeliverable)) == ("refund", await ids(market, placed))
    assert await market.one("select count(*) from shop.card where state = 'delivered'") == 0


async def test_paid_in_time_but_told_late_and_the_codes_gone_the_order_waits_and_is_delivered_later(
    market: Market,
) -> None:
    sku = await market.sku("A")
    await market.stock("A", 2)
    li, wang = await market.customer("li"), await market.customer("wang")
    placed = await market.order(li, (sku, 2))
    paid_at = placed.ordered_at + timedelta(minutes=14)
    with clock.at(placed.ordered_at + LATE):
        await market.pay(await market.order(wang, (sku, 1)))
        assert (await market.pay(placed, paid_at)).kind == "waiting"
        assert await market.state(placed.order_no) == "partially_delivered"
        async with writing(market.shop.engine) as session:
            assert await fulfilment.redeliver(session, placed.order_no, market.shop.zone) == (0, 1)
        await market.stock("A", 1)
        async with writing(market.shop.engine) as session:
            assert await fulfilment.redeliver(session, placed.order_no, market.shop.zone) == (1, 0)
    assert await market.state(placed.order_no) == "delivered"
    async with writing(market.shop.engine) as session:
        with pytest.raises(OrderMovedOnError):
            await fulfilment.redeliver(session, placed.order_no, market.shop.zone)


async def test_what_is_made_by_hand_waits_and_the_rest_is_delivered_at_once(market: Market) -> None:
    codes, service_sku, topup = (
        await market.sku("A"),
        await market.sku("S", "manual_service"),
        await market.sku("T", "api_topup"),
    )
    await market.stock("A", 1)
    placed = await market.order(await market.customer("li"), (codes, 1), (service_sku, 3), (topup, 2))
    await market.pay(placed)
    units = "select state, waits_for, quantity from shop.fulfilment order by id"
    assert await market.rows(units) == [
        ("delivered", None, 1),
        ("waiting", "manual", 3),
        ("waiting", "supplier", 1),
        ("waiting", "supplier", 1),
    ]
    assert await market.state(placed.order_no) == "partially_delivered"
    only = await market.order(await market.customer("wang"), (topup, 1))
    await market.pay(only)
    assert await market.state(only.order_no) == "fulfilling"


async def test_an_expired_code_is_neither_stock_nor_ever_delivered(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 2)
    placed = await market.order(await market.customer("li"), (sku, 1))
    async with writing(market.shop.engine) as session:
        await session.execute(
            text("update shop.card set expires_at = :at where held_item_id is not null"),
            {"at": placed.ordered_at + timedelta(minutes=5)},
        )
    with clock.at(placed.ordered_at + timedelta(minutes=6)):
        assert (await market.pay(placed)).kind == "on_time"
    assert await market.one("select expires_at from shop.card where state = 'delivered'") is None


async def test_a_delivered_unit_is_refunded_in_parts_and_an_undelivered_one_once(market: Market) -> None:
    sku, hand = await market.sku("A"), await market.sku("S", "manual_service")
    await market.stock("A", 1)
    placed = await market.order(await market.customer("li"), (sku, 1), (hand, 1))
    await market.pay(placed)
    code, service_unit = await ids(market, placed)
    zone = market.shop.zone
    for part_fen, state in ((400, "delivered"), (600, "refunded")):
        async with writing(market.shop.engine) as session:
            [unit] = await fulfilment.refund_begins(session, [code], zone)
            assert (unit.delivered, unit.unearned_fen) == (True, 0)
            await session.execute(text(REFUND), {"unit": code, "fen": part_fen})
            await fulfilment.refund_ended(session, [code], True)
        assert await market.one("select state from shop.fulfilment where id = :id", id=code) == state
    async with writing(market.shop.engine) as session:
        await fulfilment.refund_begins(session, [service_unit], zone)
        with pytest.raises(NotRefundableError):
            await fulfilment.refund_begins(session, [service_unit], zone)
        with pytest.raises(NotRefundableError):
            await fulfilment.refund_begins(session, [code], zone)
    assert await market.state(placed.order_no) == "refund_pending"
    async with writing(market.shop.engine) as session:
        await fulfilment.refund_ended(session, [service_unit], False)
    assert await market.rows("select state, waits_for from shop.fulfilment where id = :id", id=service_unit) == [
        ("waiting", "manual")
    ]


async def test_an_unpaid_order_is_not_refundable(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 1)
    placed = await market.order(await market.customer("li"), (sku, 1))
    async with writing(market.shop.engine) as session:
        with pytest.raises(NotRefundableError):
            await fulfilment.refund_begins(session, await ids(market, placed), market.shop.zone)


async def test_a_customer_completes_a_delivered_order_and_it_stays_so_after_a_part_is_refunded(market: Market) -> None:
    sku = await market.sku("A")
    await market.stock("A", 2)
    li = await market.customer("li")
    placed = await market.order(li, (sku, 2))
    async with writing(market.shop.engine) as session:
        with pytest.raises(OrderMovedOnError):
            await fulfilment.complete(session, placed.order_no, li.id)
    await market.pay(placed)
    async with writing(market.shop.engine) as session:
        await fulfilment.complete(session, placed.order_no, li.id)
    [first, _] = await ids(market, placed)
    async with writing(market.shop.engine) as session:
        await fulfilment.refund_begins(session, [first], market.shop.zone)
        await session.execute(text(REFUND), {"unit": first, "fen": 1000})
        await fulfilment.refund_ended(session, [first], True)
    assert await market.state(placed.order_no) == "completed"
    async with reading(market.shop.engine) as session:
        shown = await service.order(session, li.id, placed.order_no)
        assert (await ledger.trial_balance(session)) != ()
    assert [unit.state for unit in shown.items[0].units] == ["refunded", "delivered"]


REFUND = """
insert into shop.refund (fulfilment_id, method, state, amount_fen, earned)
values (:unit, 'wechat', 'succeeded', :fen, true)
"""
