import asyncio
from datetime import timedelta
from typing import Any

import pytest

from mingsuan import clock
from tests.transactional.small_shop import Stocked
from tests.transactional.suppliers.buying import ACCEPTED, FAILED, NOT_FOUND, Buying, buying, good
from transactional.db import writing
from transactional.orders import by_hand, fulfilment
from transactional.outcomes import UnknownOutcomeError
from transactional.payments import refunds
from transactional.suppliers.errors import PurchaseMovedOnError, PurchaseOpenError
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.protocols.interface import SupplierRefusedError
from transactional.suppliers.purchases import asking as purchase_asking
from transactional.suppliers.purchases import claiming as purchasing
from transactional.suppliers.purchases import endings as purchase_endings

pytestmark = pytest.mark.anyio
SILENCE = UnknownOutcomeError("no answer in time")


@pytest.fixture
async def world(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> Buying:
    async def looked(*_: object) -> None:
        """Suppliers of these tests do not change their prices."""

    monkeypatch.setattr(offers, "look", looked)
    return await buying(stocked)


async def staff_id(world: Buying) -> int:
    async with writing(world.shop.engine) as session:
        from transactional.accounts.models import Staff

        member = Staff(email="o@example.com", display_name="O", password_hash="x", role="owner")
        session.add(member)
        await session.flush()
        return member.id


async def purchase_name(world: Buying) -> Any:
    [(name,)] = await world.rows("select public_id from shop.purchase order by id desc limit 1")
    return name


async def test_a_paid_unit_is_bought_at_the_cheapest_channel_and_its_code_is_delivered_sealed(world: Buying) -> None:
    dear = await world.channel("dear", "45")
    cheap = await world.channel("cheap", "40")
    cheap.submits = [good("CODE-1")]
    unit = await world.order()
    await world.obtain(unit)
    assert await world.unit(unit) == ("delivered", None, 4000)
    assert await world.states() == ["succeeded"]
    assert (len(cheap.asked), len(dear.asked)) == (1, 0)
    assert await world.owed_fen() == 4000
    assert "CODE-1" not in str(await world.rows("select t::text from shop.sealed_delivery as t"))
    assert await world.is_whole()


async def test_another_channel_is_taken_on_proven_failure_only_and_knows_its_predecessor(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    dear = await world.channel("dear", "45")
    cheap.submits = [SupplierRefusedError("5008", "too dear")]
    dear.submits = [good("CODE-1")]
    unit = await world.order()
    await world.obtain(unit)
    assert await world.unit(unit) == ("delivered", None, 4500)
    rows = await world.rows("select state, attempt_no, after_purchase_id is not null from shop.purchase order by id")
    assert rows == [("failed", 1, False), ("succeeded", 2, True)]
    assert await world.owed_fen() == 4500
    assert await world.is_whole()


async def test_an_unanswered_purchase_is_asked_about_and_bought_nowhere_else(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    dear = await world.channel("dear", "45")
    cheap.submits, cheap.queries = [SILENCE], [SILENCE, NOT_FOUND, good("CODE-1")]
    unit = await world.order()
    await world.obtain(unit)
    assert await world.states() == ["unknown"]
    assert await world.owed_fen() == 4000, "the money is set aside"
    for _ in range(2):
        await world.obtain(unit)
        await world.ask()
        assert await world.states() == ["unknown"]
    await world.ask()
    assert await world.unit(unit) == ("delivered", None, 4000)
    assert (len(cheap.asked), len(dear.asked)) == (1, 0)
    assert await world.is_whole()


async def test_not_found_sends_the_unit_elsewhere_once_it_is_final(world: Buying) -> None:
    cheap = await world.channel("cheap", "40", says={"not_found_is_final_after_s": 60})
    dear = await world.channel("dear", "45")
    cheap.submits, cheap.queries, dear.submits = [SILENCE], [NOT_FOUND], [good("CODE-1")]
    unit = await world.order()
    await world.obtain(unit)
    await world.ask()
    assert await world.states() == ["unknown"]
    with clock.at(clock.now() + timedelta(seconds=61)):
        await world.ask()
        await world.obtain(unit)
    assert await world.states() == ["failed", "succeeded"]
    assert await world.is_whole()


async def test_a_number_that_may_be_sent_again_is_sent_again_when_the_supplier_does_not_know_it(world: Buying) -> None:
    cheap = await world.channel("cheap", "40", says={"may_resubmit": True})
    cheap.submits, cheap.queries = [SILENCE, good("CODE-1")], [NOT_FOUND]
    unit = await world.order()
    await world.obtain(unit)
    await world.ask()
    assert await world.unit(unit) == ("delivered", None, 4000)
    assert len({ask.request_no for ask in cheap.asked}) == 1


async def test_workers_side_by_side_buy_a_unit_once(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    cheap.submits = [good("CODE-1")]
    unit = await world.order()
    await asyncio.gather(*(world.obtain(unit) for _ in range(8)))
    assert len(cheap.asked) == 1
    assert await world.states() == ["succeeded"]


async def test_a_crash_before_or_after_the_call_is_found_and_ended(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    cheap.submits, cheap.queries = [good("CODE-1")], [good("CODE-2")]
    claimed, sent = await world.order(), await world.order()
    for unit in (claimed, sent):
        async with writing(world.shop.engine) as session:
            await purchasing.claim(session, world.shop, unit, clock.now())
    [(purchase,)] = await world.rows(f"select id from shop.purchase where fulfilment_id = {sent}")
    from transactional.suppliers.purchases import obtaining

    await obtaining._begin(world.shop, purchase)  # and the worker dies while the call is under way
    with clock.at(clock.now() + timedelta(minutes=3)):
        assert await purchase_asking.sweep(world.shop) == 2
    jobs = await world.rows("select task_name from jobs.procrastinate_jobs where queue_name = 'purchases' order by id")
    assert [name for (name,) in jobs[-2:]] in (
        ["suppliers.send", "suppliers.ask"],
        ["suppliers.ask", "suppliers.send"],
    )
    [(first,)] = await world.rows(f"select id from shop.purchase where fulfilment_id = {claimed}")
    await obtaining.send_or_obtain(world.shop, first)
    await purchase_asking.ask(world.shop, purchase)
    assert await world.states() == ["succeeded", "succeeded"]
    assert len(cheap.asked) == 1, "what may have been sent is never sent again"
    assert await world.is_whole()


async def test_prepaid_money_is_never_spent_twice_and_too_little_of_it_takes_another_channel(world: Buying) -> None:
    cheap = await world.channel("cheap", "40", prepaid_fen=6000)
    dear = await world.channel("dear", "45")
    cheap.submits, dear.submits = [good("CODE-1")], [good("CODE-2")]
    units = [await world.order(), await world.order()]
    await asyncio.gather(*(world.obtain(unit) for unit in units))
    assert sorted([(await world.unit(unit))[2] for unit in units]) == [4000, 4500]
    assert await world.rows("select min(prepaid_fen) from shop.supplier_balance where prepaid_fen > 0") == [(2000,)]


async def test_what_the_supplier_takes_is_what_it_cost(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    cheap.submits = [good("CODE-1", cost="41.25")]
    unit = await world.order()
    await world.obtain(unit)
    assert await world.unit(unit) == ("delivered", None, 4125)
    assert await world.owed_fen() == 4125
    assert await world.is_whole()


async def test_a_code_that_was_sold_before_is_a_loss_and_the_order_gets_another(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    dear = await world.channel("dear", "45")
    cheap.submits, dear.submits = [good("CODE-1")], [good("CODE-2")]
    first, second = await world.order(), await world.order()
    await world.obtain(first)
    await world.obtain(second)
    assert await world.states() == ["succeeded", "written_off"]
    await world.obtain(second)
    assert await world.unit(second) == ("delivered", None, 4500)
    assert await world.owed_fen() == 12500
    cheap.queries = [good("CODE-1")]
    await world.ask()
    assert await world.states() == ["succeeded", "written_off", "succeeded"]
    assert await world.is_whole()


async def test_money_does_not_go_back_nor_do_people_deliver_while_a_supplier_may_still_deliver(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    cheap.submits = [ACCEPTED]
    unit = await world.order()
    await world.obtain(unit)
    clerk = await staff_id(world)
    [(name,)] = await world.rows("select public_id from shop.fulfilment")
    with pytest.raises(PurchaseOpenError):
        async with writing(world.shop.engine) as session:
            await refunds.grant(session, [(unit, None)], "asked", clerk, clock.now(), world.shop.zone)
    with pytest.raises(PurchaseOpenError):
        async with writing(world.shop.engine) as session:
            await by_hand.deliver(session, world.shop.vault, name, "X", 1, clerk, world.shop.zone)
    assert await world.unit(unit) == ("waiting", "supplier", None)


async def test_written_off_it_may_be_refunded_and_a_code_that_comes_late_is_stock(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    cheap.submits, cheap.queries = [ACCEPTED], [good("CODE-1")]
    unit = await world.order()
    await world.obtain(unit)
    clerk, at = await staff_id(world), clock.now()
    async with writing(world.shop.engine) as session:
        await purchase_endings.write_off(session, world.shop, await purchase_name(world), "silent", clerk, at)
    async with writing(world.shop.engine) as session:
        await refunds.grant(session, [(unit, None)], "asked", clerk, at, world.shop.zone)
    assert await world.is_whole()
    await world.ask()
    assert await world.states() == ["late_succeeded"]
    assert await world.rows("select state, cost_fen from shop.card") == [("available", 4000)]
    assert (await world.unit(unit))[0] == "refunded"
    assert await world.is_whole()
    with pytest.raises(PurchaseMovedOnError):
        async with writing(world.shop.engine) as session:
            await purchase_endings.write_off(session, world.shop, await purchase_name(world), "again", clerk, at)


async def test_written_off_and_still_waiting_the_late_code_goes_to_its_order(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    cheap.submits, cheap.queries = [ACCEPTED], [good("CODE-1")]
    unit = await world.order()
    await world.obtain(unit)
    clerk, at = await staff_id(world), clock.now()
    async with writing(world.shop.engine) as session:
        await purchase_endings.write_off(session, world.shop, await purchase_name(world), "silent", clerk, at)
    await world.ask()
    assert await world.unit(unit) == ("delivered", None, 4000)
    assert await world.is_whole()


async def test_written_off_and_failed_after_all_nothing_is_lost(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    cheap.submits, cheap.queries = [ACCEPTED], [FAILED]
    await world.obtain(await world.order())
    clerk = await staff_id(world)
    async with writing(world.shop.engine) as session:
        await purchase_endings.write_off(session, world.shop, await purchase_name(world), "silent", clerk, clock.now())
    assert await world.owed_fen() == 4000
    await world.ask()
    assert (await world.states(), await world.owed_fen()) == (["late_failed"], 0)
    assert await world.is_whole()


async def test_a_dispute_takes_the_money_back_in_any_case_and_the_code_that_comes_then_is_stock(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    cheap.submits, cheap.queries = [ACCEPTED], [good("CODE-1")]
    unit = await world.order()
    await world.obtain(unit)
    async with writing(world.shop.engine) as session:
        await fulfilment.taken_back(session, [unit])
    await world.ask()
    assert await world.states() == ["succeeded"]
    assert await world.rows("select state, cost_fen from shop.card") == [("available", 4000)]
    posted = "select count(*) from shop.ledger_transaction where reference like 'purchase-to-stock:%'"
    assert await world.rows(posted) == [(1,)]


async def test_nothing_is_bought_below_the_floor_until_an_owner_says_so(world: Buying) -> None:
    cheap = await world.channel("cheap", "49")
    cheap.submits = [good("CODE-1")]
    unit = await world.order()
    await world.supplied.policy(floor_margin_fen=200)
    await world.obtain(unit)
    assert await world.unit(unit) == ("waiting", "supplier", None)
    assert cheap.asked == []
    clerk = await staff_id(world)
    [(name,)] = await world.rows("select public_id from shop.fulfilment")
    wishes = purchasing.Wishes((), True, clerk)
    async with writing(world.shop.engine) as session:
        claimed = await purchase_endings.try_again(session, world.shop, name, wishes, "a promise", clerk, clock.now())
    assert claimed.kind == "buy"
    from transactional.suppliers.purchases import obtaining

    await obtaining.send_or_obtain(world.shop, claimed.purchase_id or 0)
    assert await world.unit(unit) == ("delivered", None, 4900)
    [(act,)] = await world.rows("select act from shop.staff_act order by id desc limit 1")
    assert act == "override_floor"


async def test_below_the_floor_money_goes_back_when_the_policy_says_so(world: Buying) -> None:
    await world.channel("cheap", "49")
    unit = await world.order()
    await world.supplied.policy(floor_margin_fen=200, at_loss="refund")
    await world.obtain(unit)
    assert (await world.unit(unit))[0] == "refunded"
    assert await world.is_whole()


async def test_the_own_pool_and_people_are_channels_like_others(world: Buying) -> None:
    await world.channel("people", "45", protocol="manual")
    unit = await world.order()
    await world.obtain(unit)
    assert await world.unit(unit) == ("waiting", "manual", None)
    assert await world.states() == ["processing"]
    clerk = await staff_id(world)
    [(name,)] = await world.rows("select public_id from shop.fulfilment")
    async with writing(world.shop.engine) as session:
        await by_hand.deliver(session, world.shop.vault, name, "BY-HAND", 4400, clerk, world.shop.zone)
    assert (await world.states(), await world.unit(unit)) == (["succeeded"], ("delivered", None, 4400))
    assert await world.is_whole()


async def test_five_silences_leave_a_channel_alone_for_a_while(world: Buying) -> None:
    cheap = await world.channel("cheap", "40")
    dear = await world.channel("dear", "45")
    cheap.submits, dear.submits = [SILENCE], [good("CODE-1")]
    units = [await world.order() for _ in range(6)]
    [(channel_id,)] = await world.rows("select id from shop.supply_channel where code = 'cheap'")
    await world.supplied.policy(pinned_channel_id=channel_id)
    for unit in units:
        await world.obtain(unit)
    assert (len(cheap.asked), len(dear.asked)) == (5, 0)
    assert await world.rows("select breaker from shop.supply_channel where code = 'cheap'") == [("open",)]
    assert await world.rows("select count(*) from shop.alert where kind = 'channel_silent'") == [(1,)]
