"""Decisions of staff: what each posts, to the fen by hand; and that nothing of it happens twice."""

import asyncio

import pytest

from mingsuan import clock
from tests.transactional.aftersales.conftest import COST_FEN, Counter
from tests.transactional.small_shop import PRICE_FEN
from transactional.aftersales import handling
from transactional.aftersales.errors import CaseClosedError, CaseMovedOnError, NotReplaceableError
from transactional.cards.errors import NoReplacementError
from transactional.db import writing
from transactional.errors import InvalidInputError, ShopError
from transactional.payments import refunds
from transactional.payments.errors import RefundTooLargeError

pytestmark = pytest.mark.anyio
SOLD = {"bank": PRICE_FEN, "cogs": COST_FEN, "sales": -PRICE_FEN, "supplier_payable": -COST_FEN}


async def test_a_refund_in_full_goes_back_and_closes_the_case(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    case = await counter.complain(bought)
    done = await counter.decide(bought, case.id, "refund")
    assert done.state == "resolved"
    assert await counter.balances() == SOLD | {"customer_wallet": -PRICE_FEN, "refunds": PRICE_FEN}
    assert await counter.till.rows("select kind, amount_fen from shop.aftersales_resolution") == [("refund", PRICE_FEN)]
    assert await counter.till.is_whole()


async def test_a_refund_in_part_goes_back_to_the_fen(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    case = await counter.complain(bought)
    await counter.decide(bought, case.id, "refund", fen=1234)
    assert await counter.balances() == SOLD | {"customer_wallet": -1234, "refunds": 1234}


async def test_a_replacement_costs_the_new_code_and_shows_it(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    await counter.till.stocked.stock(["SPARE-1"], 3900)
    case = await counter.complain(bought)
    done = await counter.decide(bought, case.id, "replace")
    assert done.state == "resolved"
    assert await counter.show(bought, bought.units[0]) == "SPARE-1"
    sold = SOLD | {"supplier_payable": -COST_FEN - 3900}
    assert await counter.balances() == sold | {"card_losses": 3900}


async def test_goodwill_is_the_shops_expense_in_the_wallet(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    case = await counter.complain(bought)
    await counter.decide(bought, case.id, "goodwill", goodwill_fen=500)
    assert await counter.balances() == SOLD | {"customer_wallet": -500, "goodwill": 500}


async def test_declining_posts_nothing(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    case = await counter.complain(bought)
    assert (await counter.decide(bought, case.id, "reject")).state == "rejected"
    assert await counter.balances() == SOLD


async def test_units_of_one_case_are_decided_each_in_its_own_way(counter: Counter) -> None:
    bought = await counter.bought(3, shown=True)
    await counter.till.stocked.stock(["SPARE-1"], COST_FEN)
    case = await counter.complain(bought)
    first, second, third = bought.units
    assert (await counter.decide(bought, case.id, "replace", first)).state == "waiting_for_shop"
    assert (await counter.decide(bought, case.id, "refund", second, fen=2000)).state == "waiting_for_shop"
    assert (await counter.decide(bought, case.id, "reject", third)).state == "resolved"
    seen = [(unit.decision, unit.decided_fen) for unit in (await counter.look(bought, case.id)).units]
    assert seen == [("replace", 0), ("refund", 2000), ("reject", 0)]


async def test_two_tabs_refund_once_and_the_second_is_told(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    case = await counter.complain(bought)
    tabs = [counter.decide(bought, case.id, "refund", seen=0) for _ in range(2)]
    done = await asyncio.gather(*tabs, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["CaseClosedError", "CaseMoved"]
    assert await counter.till.rows("select count(*), sum(amount_fen) from shop.refund") == [(1, PRICE_FEN)]


async def test_two_tabs_of_different_minds_do_only_what_came_first(counter: Counter) -> None:
    bought = await counter.bought(2, shown=True)
    await counter.till.stocked.stock(["SPARE-1", "SPARE-2"], 2 * COST_FEN)
    case = await counter.complain(bought)
    await counter.decide(bought, case.id, "replace", bought.units[0], seen=0)
    with pytest.raises(CaseMovedOnError):
        await counter.decide(bought, case.id, "refund", bought.units[1], seen=0)
    assert await counter.till.rows("select count(*) from shop.refund") == [(0,)]


async def test_a_unit_that_was_decided_is_not_decided_again(counter: Counter) -> None:
    bought = await counter.bought(2, shown=True)
    case = await counter.complain(bought)
    await counter.decide(bought, case.id, "refund", bought.units[0])
    with pytest.raises(InvalidInputError):
        await counter.decide(bought, case.id, "refund", bought.units[0])


async def test_after_the_money_went_back_elsewhere_nothing_is_replaced_or_refunded(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    await counter.till.stocked.stock(["SPARE-1"], COST_FEN)
    case = await counter.complain(bought)
    [[unit]] = await counter.till.rows("select id from shop.fulfilment")
    async with writing(counter.shop.engine) as session:
        await refunds.grant(session, [(unit, None)], "by the order's page", None, clock.now(), counter.shop.zone)
    with pytest.raises(NotReplaceableError):
        await counter.decide(bought, case.id, "replace")
    with pytest.raises(ShopError):
        await counter.decide(bought, case.id, "refund")
    assert await counter.till.rows("select count(*) from shop.card where state = 'available'") == [(1,)]
    assert await counter.till.rows("select sum(amount_fen) from shop.refund") == [(PRICE_FEN,)]


@pytest.mark.parametrize("fen", [PRICE_FEN + 1, 0, -1, -PRICE_FEN])
async def test_no_refund_is_above_the_price_or_below_a_fen(counter: Counter, fen: int) -> None:
    bought = await counter.bought(shown=True)
    case = await counter.complain(bought)
    with pytest.raises((RefundTooLargeError, InvalidInputError)):
        await counter.decide(bought, case.id, "refund", fen=fen)
    assert await counter.balances() == SOLD
    assert (await counter.look(bought, case.id)).state == "open"


async def test_parts_of_several_cases_never_add_up_to_more_than_the_price(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    first = await counter.complain(bought)
    await counter.decide(bought, first.id, "refund", fen=3000)
    second = await counter.complain(bought)
    with pytest.raises(RefundTooLargeError):
        await counter.decide(bought, second.id, "refund", fen=2001)
    await counter.decide(bought, second.id, "refund", fen=2000)
    assert (await counter.balances())["refunds"] == PRICE_FEN


@pytest.mark.parametrize("fen", [0, PRICE_FEN + 1])
async def test_goodwill_is_more_than_nothing_and_at_most_the_price(counter: Counter, fen: int) -> None:
    bought = await counter.bought(shown=True)
    case = await counter.complain(bought)
    with pytest.raises(RefundTooLargeError):
        await counter.decide(bought, case.id, "goodwill", goodwill_fen=fen)


async def test_without_another_code_nothing_is_decided(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    case = await counter.complain(bought)
    with pytest.raises(NoReplacementError):
        await counter.decide(bought, case.id, "replace")
    assert await counter.till.rows("select count(*) from shop.aftersales_resolution") == [(0,)]
    assert (await counter.look(bought, case.id)).state == "open"


async def test_acts_are_on_record_without_what_anybody_wrote(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    case = await counter.complain(bought, words="我的卡是 ABC-1")
    async with writing(counter.shop.engine) as session:
        vault = counter.shop.vault
        await handling.answer(session, vault, counter.clerk, case.id, 0, "请稍等，正在核实", "answer")
        await handling.note(session, vault, counter.clerk, case.id, "看起来是真的")
    await counter.decide(bought, case.id, "refund")
    acts = await counter.till.rows("select act, subject, reason, detail::text from shop.staff_act order by id")
    assert [act for act, *_ in acts] == ["answer_in_case", "note_in_case", "refund", "refund_in_case"]
    assert not any(word in str(acts) for word in ("ABC-1", "请稍等", "真的", "我们看过了"))


async def test_the_customer_is_told_of_each_answer_and_of_the_end(counter: Counter) -> None:
    bought = await counter.bought(2, shown=True)
    case = await counter.complain(bought)
    for seen in (0, 1):
        async with writing(counter.shop.engine) as session:
            await handling.answer(session, counter.shop.vault, counter.clerk, case.id, seen, "?", "ask")
    await counter.decide(bought, case.id, "reject")
    told = await counter.till.rows("select kind, subject from shop.notice where kind like 'case%' order by id")
    name = f"case:{case.id}"
    assert told == [("case_answered", f"{name}#1"), ("case_answered", f"{name}#2"), ("case_closed", name)]


async def test_a_closed_case_takes_no_answer(counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    case = await counter.complain(bought)
    await counter.decide(bought, case.id, "reject")
    with pytest.raises(CaseClosedError):
        async with writing(counter.shop.engine) as session:
            await handling.answer(session, counter.shop.vault, counter.clerk, case.id, 1, "!", "answer")
