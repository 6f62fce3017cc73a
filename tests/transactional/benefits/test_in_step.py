"""A benefit for every delivered unit, exactly once, in step with what happens to it, whoever looks first."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from mingsuan import clock
from tests.transactional.benefits.conftest import Counter
from transactional.benefits import in_step, service
from transactional.benefits.errors import NotUsableError
from transactional.benefits.rules import Facts, state_of
from transactional.cards import defects
from transactional.cards import service as cards
from transactional.db import writing
from transactional.errors import NotFoundError

pytestmark = pytest.mark.anyio

MISSING_OR_WRONG = """
select count(*) from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id join shop.orders as o on o.id = i.order_id
full join shop.entitlement as e on e.fulfilment_id = f.id
where o.source is null and (f.delivered_at is not null) <> (e.id is not null)
    or (f.state = 'refunded') <> (e.state = 'revoked')
"""


async def test_a_benefit_appears_for_every_delivered_unit_and_for_no_other(counter: Counter) -> None:
    code = await counter.goods("VIDEO", 3)
    vip = await counter.goods("VIP", kind="membership", duration_days=30)
    made = await counter.goods("SERVICE", kind="manual_service")
    li = await counter.market.customer("li")
    await counter.buy(li, code, 2)
    await counter.buy(li, vip)
    await counter.buy(li, made)
    assert await counter.sweep() == 3
    assert sorted((each.sku_code, each.state) for each in await counter.owned(li)) == [
        ("VIDEO", "ready"),
        ("VIDEO", "ready"),
        ("VIP", "activated"),
    ]
    assert await counter.sweep() == 0
    assert await counter.market.one("select count(*) from shop.entitlement_event") == 3


async def test_a_shown_code_a_refund_and_its_undoing_are_followed(counter: Counter) -> None:
    sku, li = await counter.goods(), await counter.market.customer("li")
    order_no = await counter.buy(li, sku)
    [unit] = await counter.market.fulfilment_ids(order_no)
    await counter.sweep()
    async with writing(counter.shop.engine) as session:
        await cards.reveal(session, counter.shop.vault, li.id, unit)
    await counter.sweep()
    assert (await counter.one(li)).state == "revealed"
    await counter.mark(unit, "refund_pending")
    assert (await counter.one(li)).on_hold
    await counter.mark(unit, "refunded")
    await counter.sweep()
    assert (await counter.one(li)).state == "revoked"
    await counter.mark(unit, "delivered")
    await counter.sweep()
    assert await counter.events(li) == [
        ("ready", "delivered"),
        ("revealed", "shown"),
        ("revoked", "refund"),
        ("revealed", "refund_undone"),
    ]


async def test_a_replaced_code_keeps_the_benefit_with_a_note_and_begins_anew(counter: Counter) -> None:
    sku, li = await counter.goods(), await counter.market.customer("li")
    [unit] = await counter.market.fulfilment_ids(await counter.buy(li, sku))
    await counter.sweep()
    before = await counter.one(li)
    async with writing(counter.shop.engine) as session:
        await cards.reveal(session, counter.shop.vault, li.id, unit)
        await service.mark_used(session, li.id, before.id, True, counter.shop.zone)
    assert (await counter.one(li)).state == "used"
    async with writing(counter.shop.engine) as session:
        bad = defects.BadCode(None, unit)
        await defects.report_defect(session, bad, "does not work", None, counter.shop.zone)
    await counter.sweep()
    after = await counter.one(li)
    assert (after.id, after.state, after.used_at) == (before.id, "ready", None)
    assert after.replaced_at is not None
    assert (await counter.events(li))[-1] == ("ready", "replaced")


async def test_memberships_wait_their_turn_begin_and_end_by_time_alone(counter: Counter) -> None:
    vip, li = await counter.goods("VIP", kind="membership", duration_days=30), await counter.market.customer("li")
    await counter.buy(li, vip, 2)
    await counter.sweep()
    assert [each.state for each in await counter.owned(li)] == ["activated", "pending"]
    with clock.at(clock.now() + timedelta(days=31)):
        await counter.sweep()
        assert [each.state for each in await counter.owned(li)] == ["activated", "expired"]
    with clock.at(clock.now() + timedelta(days=61)):
        await counter.sweep()
        assert [each.state for each in await counter.owned(li)] == ["expired", "expired"]


async def test_an_end_within_a_week_is_told_once(counter: Counter) -> None:
    vip, li = await counter.goods("VIP", kind="membership", duration_days=30), await counter.market.customer("li")
    await counter.buy(li, vip)
    await counter.sweep()
    told = "select count(*) from shop.notice where kind = 'benefit_expiring'"
    assert await counter.market.one(told) == 0
    for days in (23.1, 23.2, 29.9):
        with clock.at(clock.now() + timedelta(days=days)):
            await counter.sweep()
        assert await counter.market.one(told) == 1
    assert str((await counter.one(li)).id) in await counter.market.one("select subject from shop.notice")


async def test_an_owner_marks_a_benefit_as_used_and_takes_it_back(counter: Counter) -> None:
    sku, li, eve = await counter.goods(), await counter.market.customer("li"), await counter.market.customer("eve")
    [unit] = await counter.market.fulfilment_ids(await counter.buy(li, sku))
    await counter.sweep()
    benefit = await counter.one(li)

    async def mark(customer_id: int, used: bool) -> str:
        async with writing(counter.shop.engine) as session:
            return (await service.mark_used(session, customer_id, benefit.id, used, counter.shop.zone)).state

    assert [await mark(li.id, used) for used in (True, True, False, False)] == ["used", "used", "ready", "ready"]
    with pytest.raises(NotFoundError):
        await mark(eve.id, True)
    await counter.mark(unit, "refunded")
    with pytest.raises(NotUsableError):
        await mark(li.id, True)


async def test_imported_and_invented_orders_are_nobodys_benefits(counter: Counter) -> None:
    sku, li = await counter.goods(), await counter.market.customer("li")
    order_no = await counter.buy(li, sku)
    await counter.market.rows("update shop.orders set source = 'old-shop', source_ref = order_no returning id")
    await counter.sweep()
    assert await counter.owned(li) == ()
    assert await service_of_order(counter, li.id, order_no) == 0


async def service_of_order(counter: Counter, customer_id: int, order_no: str) -> int:
    async with writing(counter.shop.engine) as session:
        return len(await service.of_order(session, customer_id, order_no))


async def test_a_delivery_under_way_during_a_sweep_is_found_by_the_next(counter: Counter) -> None:
    """Its transaction is older than the sweep's, and ends after it."""
    sku, li = await counter.goods(), await counter.market.customer("li")
    placed = await counter.market.order(li, (sku, 1))
    async with writing(counter.shop.engine) as session:
        await session.execute(text("select pg_current_xact_id()"))
        await session.execute(
            text("""
            update shop.fulfilment set state = 'delivered', delivered_at = now() where order_item_id in
                (select id from shop.order_item where order_id = :id)
            """),
            {"id": placed.order_id},
        )
        other = await counter.market.customer("other")
        await counter.buy(other, sku)
        assert await counter.sweep() == 1
    assert await counter.sweep() == 1
    assert len(await counter.owned(li)) == 1


async def test_a_restored_database_that_counts_anew_is_looked_at_whole(counter: Counter) -> None:
    sku, li = await counter.goods(), await counter.market.customer("li")
    await counter.sweep()
    await counter.market.rows("update shop.entitlement_sweep set swept_xid = 9000000000000 returning id")
    await counter.buy(li, sku)
    assert await counter.sweep() == 1


async def test_sweeps_deliveries_refunds_and_owners_at_the_same_time_end_exact(
    counter: Counter, full_counts: bool
) -> None:
    rounds = 40 if full_counts else 4
    sku = await counter.goods("VIDEO", rounds * 6)
    people = [await counter.market.customer(f"p{number}") for number in range(4)]

    async def shopper(number: int) -> None:
        who = people[number % len(people)]
        for turn in range(rounds):
            order_no = await counter.buy(who, sku)
            async with writing(counter.shop.engine) as session:
                behind = await service.behind(session, who.id)
                await service.bring_in_step(session, behind, counter.shop.zone)
            [unit] = await counter.market.fulfilment_ids(order_no)
            if turn % 2:
                await counter.mark(unit, "refunded")
            elif turn % 4:
                async with writing(counter.shop.engine) as session:
                    await cards.reveal(session, counter.shop.vault, who.id, unit)

    async def sweeper() -> None:
        for _ in range(rounds):
            await in_step.sweep(counter.shop.engine, counter.shop.zone)

    await asyncio.gather(*(shopper(number) for number in range(4)), sweeper(), sweeper())
    await counter.sweep()
    assert await counter.market.one(MISSING_OR_WRONG) == 0
    assert await counter.market.one("select count(*) from shop.entitlement") == rounds * 4
    firsts = "select count(*) from shop.entitlement_event where from_state is null"
    assert await counter.market.one(firsts) == rounds * 4
    assert await in_step.sweep(counter.shop.engine, counter.shop.zone, everything=True) == 0
    shown = "select count(*) from shop.card_reveal as r where r.card_id = e.card_id"
    states = f"select e.state, ({shown}) from shop.entitlement as e"
    for state, times in await counter.market.rows(states):
        assert state in ("revoked", state_of(Facts(revealed_at=clock.now() if times else None), clock.now()))
