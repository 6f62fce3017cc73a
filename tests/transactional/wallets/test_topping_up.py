"""Money into wallets: once, whole, within the limit, however the gateway tells of it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from mingsuan import clock
from tests.transactional.payments.test_gateway_books import fetch, line, verdicts
from tests.transactional.wallets.conftest import Purse
from transactional.db import writing
from transactional.errors import IdempotencyKeyReusedError, InvalidInputError, NotFoundError
from transactional.payments import asking, disputes
from transactional.payments.errors import MethodUnavailableError, TooMuchChargedBackError
from transactional.payments.gateways.interface import Trade
from transactional.payments.schemas import NewChargeback, NewPayment
from transactional.wallets import topping_up
from transactional.wallets.errors import TopUpEndedError, TopUpNotAllowedError

pytestmark = pytest.mark.anyio
LARGEST_FEN = 500_000
WALLET = NewPayment(method="wallet")
H5 = NewPayment(method="wechat", way="h5")


async def test_a_paid_top_up_is_in_the_wallet_and_in_the_books(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    await purse.topped_up(li, 10_000)
    assert await purse.balance_of(li) == 10_000
    assert await purse.balance("customer_wallet") == -10_000
    assert await purse.balance("gateway_receivable") == 10_000 - 60
    assert await purse.balance("payment_fees") == 60
    assert await purse.one("select state from shop.top_up") == "paid"
    assert purse.gateway.made("create")[0].shares_profit is False
    assert await purse.findings() == []


async def test_the_same_money_told_three_ways_comes_in_once(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    number = await purse.topped_up(li, 10_000)
    for found_by in ("notice", "query", "bill"):
        assert (await purse.paid(number, 10_000, found_by)).verdict == "duplicate"
    assert await purse.balance_of(li) == 10_000
    assert await purse.findings() == []


async def test_a_lost_notice_is_made_good_by_the_query_and_by_the_bill(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    asked, billed = [await purse.number_of(await purse.open(li, amount)) for amount in (10_000, 7_000)]
    purse.gateway.trades[asked] = Trade("paid", asked, f"T{asked}", 10_000, clock.now())
    await asking.ask(purse.shop, await purse.one("select id from shop.payment where out_trade_no = :n", n=asked))
    assert await fetch(purse, line(asked, 10_000, 55), line(billed, 7_000, 42))
    assert await verdicts(purse) == ["fee_differs", "found"]
    assert await purse.balance_of(li) == 17_000
    assert await purse.balance("payment_fees") == 55 + 42
    assert await purse.findings() == []


async def test_a_second_payment_and_a_wrong_amount_go_straight_back(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    top_up = await purse.open(li, 10_000)
    first = await purse.number_of(top_up)
    await topping_up.try_again(purse.shop, li, top_up, H5, "127.0.0.1", uuid4().hex)
    second = await purse.number_of(top_up)
    assert first != second
    await purse.paid(first, 10_000)
    await purse.paid(second, 10_000)
    await purse.paid(await purse.number_of(await purse.open(li, 5_000)), 4_000)
    await purse.pay_out()
    reasons = await purse.rows("select reason, state from shop.unapplied_receipt order by id")
    assert reasons == [("order_already_paid", "returned"), ("wrong_amount", "returned")]
    assert await purse.balance_of(li) == 10_000
    assert await purse.findings() == []


async def test_late_money_comes_in_while_there_is_room_and_goes_back_when_there_is_none(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    late, too_late = [await purse.number_of(await purse.open(li, amount)) for amount in (10_000, 400_000)]
    await purse.rows("update shop.top_up set pay_by = now() - interval '1 minute' returning 1")
    assert await topping_up.close_due(purse.shop) == 2
    await purse.topped_up(li, 300_000)
    assert (await purse.paid(late, 10_000)).verdict == "applied"
    assert (await purse.paid(too_late, 400_000)).verdict == "unmatched"
    await purse.pay_out()
    assert await purse.balance_of(li) == 310_000
    assert await purse.rows("select reason, state from shop.unapplied_receipt") == [("wallet_full", "returned")]
    assert await purse.findings() == []


async def test_amounts_below_the_smallest_or_beyond_the_limit_are_refused(purse: Purse) -> None:
    li = await purse.stocked.customer("li", 1_000)
    for amount in (0, 99, LARGEST_FEN - 999):
        with pytest.raises(InvalidInputError):
            await purse.open(li, amount)
    await purse.open(li, LARGEST_FEN - 1_000)
    with pytest.raises(InvalidInputError):
        await purse.open(li, 100)
    assert await purse.one("select count(*) from shop.payment") == 1


async def test_top_ups_at_the_same_instant_do_not_pass_the_limit_together(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    ends = await asyncio.gather(*(purse.open(li, 200_000) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(end, InvalidInputError) for end in ends) == 3
    assert await purse.one("select sum(amount_fen)::bigint from shop.top_up") == 400_000


async def test_a_form_sent_twice_opens_one_top_up_and_asks_the_gateway_once(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    once, again = await asyncio.gather(purse.open(li, 10_000, "the same key"), purse.open(li, 10_000, "the same key"))
    assert once == again
    assert len(purse.gateway.made("create")) == 1
    with pytest.raises(IdempotencyKeyReusedError):
        await purse.open(li, 20_000, "the same key")


async def test_an_ended_top_up_takes_no_new_attempt_and_is_nobody_elses(purse: Purse) -> None:
    li, other = [await purse.stocked.customer(name) for name in ("li", "wang")]
    top_up = await purse.open(li, 10_000)
    with pytest.raises(NotFoundError):
        await topping_up.try_again(purse.shop, other, top_up, H5, "127.0.0.1", uuid4().hex)
    with pytest.raises(NotFoundError):
        await topping_up.give_up(purse.shop, other, top_up)
    await topping_up.give_up(purse.shop, li, top_up)
    with pytest.raises(TopUpEndedError):
        await topping_up.try_again(purse.shop, li, top_up, H5, "127.0.0.1", uuid4().hex)
    await purse.jobs.run_due()
    assert await purse.one("select state from shop.payment") == "closed"


async def test_the_mainland_profile_takes_no_top_ups_and_no_wallet_tops_up_itself(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    with pytest.raises(MethodUnavailableError):
        await topping_up.begin(purse.shop, li, 10_000, WALLET, "127.0.0.1", uuid4().hex)
    mainland = replace(purse.shop, settings=purse.shop.settings.model_copy(update={"compliance": "mainland"}))
    with pytest.raises(TopUpNotAllowedError):
        await topping_up.begin(mainland, li, 10_000, H5, "127.0.0.1", uuid4().hex)
    assert await purse.one("select count(*) from shop.top_up") == 0


async def test_a_chargeback_takes_what_is_left_of_a_top_up_and_the_rest_is_a_loss(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    await purse.topped_up(li, 10_000)
    _, order = await purse.place()
    await purse.rows(
        "update shop.orders set customer_id = :id where id = :order returning 1", id=li.id, order=order.order_id
    )
    await purse.start(li, order, method="wallet")
    payment = await purse.one("select public_id from shop.payment where top_up_id is not null")
    staff = await purse.staff()
    new = NewChargeback(payment_id=payment, amount_fen=9_000, fee_fen=15, gateway_reference="CB1", reason="disputed")
    async with writing(purse.shop.engine) as session:
        await disputes.record_chargeback(session, new, staff, purse.shop.zone, clock.now() + timedelta(seconds=1))
    assert await purse.balance_of(li) == 0
    assert await purse.balance("chargebacks") == 9_000 - 5_000
    assert await purse.findings() == []
    more = new.model_copy(update={"amount_fen": 1_001, "gateway_reference": "CB2"})
    async with writing(purse.shop.engine) as session:
        with pytest.raises(TooMuchChargedBackError):
            await disputes.record_chargeback(session, more, staff, purse.shop.zone, clock.now())
