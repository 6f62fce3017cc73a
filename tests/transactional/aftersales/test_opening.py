"""Opening a case: what the published refund rule gives at once, what goes to a person, what is refused."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from mingsuan import clock
from tests.transactional.aftersales.conftest import COST_FEN, Bought, Counter
from tests.transactional.small_shop import PRICE_FEN
from transactional.accounts.persons import personal
from transactional.aftersales import evidence, opening, rules, service
from transactional.aftersales.errors import CaseRefusedError, TooManyRequestsError
from transactional.aftersales.evidence_files import CleanFile
from transactional.aftersales.schemas import NewCase
from transactional.cards import service as cards
from transactional.db import writing
from transactional.errors import NotFoundError

pytestmark = pytest.mark.anyio


async def test_a_code_that_was_never_shown_is_refunded_in_full_at_once(counter: Counter) -> None:
    bought = await counter.bought()
    done = await counter.complain(bought, "changed_mind")
    assert (done.state, done.refunded_fen) == ("resolved", PRICE_FEN)
    # sold for 50, given back 50; the code stays out of sale and its cost stays spent
    assert await counter.balances() == {
        "bank": PRICE_FEN,
        "cogs": COST_FEN,
        "customer_wallet": -PRICE_FEN,
        "refunds": PRICE_FEN,
        "sales": -PRICE_FEN,
        "supplier_payable": -COST_FEN,
    }
    [resolution] = (await counter.look(bought, done.id)).resolutions
    assert (resolution.kind, resolution.amount_fen, resolution.by_rule) == ("refund", PRICE_FEN, True)


async def test_after_that_refund_nobody_can_show_the_code_or_buy_it(counter: Counter) -> None:
    bought = await counter.bought()
    await counter.complain(bought, "changed_mind")
    with pytest.raises(NotFoundError):
        await counter.show(bought, bought.units[0])
    assert await counter.till.rows("select count(*) from shop.card where delivered_fulfilment_id is null") == [(0,)]


async def test_money_paid_through_a_gateway_goes_back_the_same_way(counter: Counter) -> None:
    bought = await counter.bought(by_gateway=True)
    done = await counter.complain(bought, "changed_mind")
    await counter.till.jobs.run_due()
    assert done.refunded_fen == PRICE_FEN
    payouts = "select method, state, amount_fen from shop.refund_payout"
    assert await counter.till.rows(payouts) == [("wechat", "succeeded", PRICE_FEN)]


async def test_a_shown_code_goes_to_a_person_with_a_promised_time(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened_at = clock.now()
    with clock.at(opened_at):
        done = await counter.complain(bought)
    case = await counter.look(bought, done.id)
    assert (case.state, case.due_at) == ("open", opened_at + timedelta(hours=24))
    assert [(one.author, one.words) for one in case.messages] == [("customer", "卡密提示无效")]
    assert await counter.till.rows("select count(*) from shop.refund") == [(0,)]


REFUSED = [
    (True, "changed_mind", "refunded only when it does not work"),
    (True, "not_received", "has been delivered"),
    (False, "does_not_work", "has not been shown yet"),
    (False, "not_received", "has been delivered"),
]


@pytest.mark.parametrize(("shown", "reason", "why"), REFUSED)
async def test_what_the_rule_does_not_give_is_refused_with_its_reason(
    counter: Counter, shown: bool, reason: Any, why: str
) -> None:
    bought = await counter.bought(shown=shown)
    with pytest.raises(CaseRefusedError) as refused:
        await counter.complain(bought, reason)
    assert why in refused.value.problems[0].sentence("en")
    assert await counter.till.rows("select count(*) from shop.aftersales_case") == [(0,)]


async def test_a_code_shown_more_than_seven_days_ago_cannot_be_reported_but_words_are_read(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    with clock.at(clock.now() + timedelta(days=7, minutes=1)):
        with pytest.raises(CaseRefusedError):
            await counter.complain(bought)
        assert (await counter.complain(bought, "other")).state == "open"


async def test_a_replaced_code_that_was_not_shown_is_not_refunded_without_a_person(counter: Counter) -> None:
    """Else a used code would be free: report it, take the new one unseen, and have the money back."""
    bought = await counter.bought(shown=True)
    await counter.till.stocked.stock(["SPARE-1"], COST_FEN)
    case = await counter.complain(bought)
    await counter.decide(bought, case.id, "replace")
    with pytest.raises(CaseRefusedError):
        await counter.complain(bought, "changed_mind")
    again = await counter.complain(bought, "wrong_goods")
    assert (again.state, again.refunded_fen) == ("open", 0)


async def test_more_refunds_at_once_than_the_rule_gives_in_a_month_wait_for_a_person(counter: Counter) -> None:
    bought = await counter.bought(rules.UNITS_AT_ONCE + 1)
    first, *others = bought.units
    assert (await counter.complain(bought, "changed_mind", *others)).state == "resolved"
    eleventh = await counter.complain(bought, "changed_mind", first)
    assert (eleventh.state, eleventh.refunded_fen) == ("open", 0)


async def test_a_unit_is_in_one_open_case_and_may_be_in_another_afterwards(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    both = await asyncio.gather(*(counter.complain(bought) for _ in range(2)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in both) == ["CaseOpened", "CaseRefusedError"]
    [opened] = [one for one in both if not isinstance(one, BaseException)]
    await counter.decide(bought, opened.id, "reject")
    assert (await counter.complain(bought)).state == "open"


async def test_showing_and_refunding_at_the_same_instant_never_both_succeed(counter: Counter) -> None:
    for _ in range(6):
        bought = await counter.bought()
        shown, refunded = await asyncio.gather(
            counter.show(bought, bought.units[0]), counter.complain(bought, "changed_mind"), return_exceptions=True
        )
        assert isinstance(shown, str) != (getattr(refunded, "refunded_fen", 0) == PRICE_FEN), (shown, refunded)


async def test_a_code_that_is_just_being_shown_makes_the_refund_wait_and_then_refuses_it(counter: Counter) -> None:
    bought = await counter.bought()
    async with writing(counter.shop.engine) as session:
        await cards.reveal(session, counter.shop.vault, bought.customer.id, bought.units[0])
        waiting = asyncio.create_task(counter.complain(bought, "changed_mind"))
        await _until_waiting(counter)
    with pytest.raises(CaseRefusedError):
        await waiting


async def test_nobody_opens_a_case_about_anothers_order_or_about_units_of_another(counter: Counter) -> None:
    mine, theirs = await counter.bought(), await counter.bought()
    for order_no, units in ((theirs.order_no, theirs.units), (mine.order_no, theirs.units)):
        new = NewCase(order_no=order_no, unit_ids=units, reason="other", words="?")
        with pytest.raises(NotFoundError):
            async with writing(counter.shop.engine) as session:
                await opening.open_case(session, counter.shop.vault, mine.customer.id, new, (), counter.shop.zone)


async def test_words_are_sealed_and_nowhere_in_clear(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    await counter.complain(bought, words="我的手机号 13800138000")
    [[everything]] = await counter.till.rows(
        "select string_agg(m::text || c::text, '') from shop.aftersales_message as m, shop.aftersales_case as c"
    )
    assert "13800138000" not in everything
    assert b"13800138000".hex() not in everything


async def _until_waiting(counter: Counter) -> None:
    """Until a transaction waits for a lock."""
    waits = text("select count(*) from pg_locks where not granted")
    for _ in range(500):
        async with writing(counter.shop.engine) as session:
            if await session.scalar(waits):
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_a_benefit_that_was_used_without_its_code_being_shown_is_not_refunded_at_once(counter: Counter) -> None:
    bought = await counter.bought()
    await counter.till.rows(
        """
        insert into shop.entitlement (fulfilment_id, order_id, customer_id, sku_id, product_id, kind, state, used_at)
        select f.id, o.id, o.customer_id, i.sku_id, s.product_id, 'card_code', 'used', now()
        from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
        join shop.orders as o on o.id = i.order_id join shop.sku as s on s.id = i.sku_id returning 1
        """
    )
    with pytest.raises(CaseRefusedError):
        await counter.complain(bought, "changed_mind")
    assert (await counter.complain(bought, "wrong_goods")).refunded_fen == 0


async def test_nobody_fills_the_shop_with_cases_or_messages(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "CASES_A_DAY", 2)
    monkeypatch.setattr(rules, "MESSAGES_A_DAY", 3)
    bought = await counter.bought(3, shown=True)
    for unit in bought.units[:2]:
        opened = await counter.complain(bought, "other", unit)
    with pytest.raises(TooManyRequestsError):
        await counter.complain(bought, "other", bought.units[2])
    written = [await _written(counter, bought, opened.id) for _ in range(3)]
    assert written == [True, True, False]
    with clock.at(clock.now() + timedelta(days=1, minutes=1)):
        assert (await counter.complain(bought, "other", bought.units[2])).state == "open"
        assert await _written(counter, bought, opened.id)


async def test_after_erasure_words_and_files_are_gone_and_the_case_still_stands(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened = await counter.complain(bought)
    shop = counter.shop
    async with writing(shop.engine) as session:
        file = CleanFile("application/pdf", b"%PDF-1.4 %%EOF")
        attached = await service.attach(session, shop.vault, bought.customer.id, opened.id, file)
    async with writing(shop.engine) as session:
        await personal.destroy_key(session, bought.customer.id)
    case = await counter.look(bought, opened.id)
    assert [message.words for message in case.messages] == [None]
    async with writing(shop.engine) as session:
        with pytest.raises(NotFoundError):
            await evidence.download(session, shop.vault, opened.id, attached.id, bought.customer.id)
    assert (await counter.decide(bought, opened.id, "refund")).state == "resolved"


async def _written(counter: Counter, bought: Bought, case_id: UUID) -> bool:
    try:
        async with writing(counter.shop.engine) as session:
            await service.write(session, counter.shop.vault, bought.customer.id, case_id, "?")
    except TooManyRequestsError:
        return False
    return True
