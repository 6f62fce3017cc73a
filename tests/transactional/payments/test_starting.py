"""Starting to pay, from the wallet and at a gateway; asking about what stays open."""

import asyncio
from datetime import timedelta

import pytest

from mingsuan import clock
from tests.transactional.payments.conftest import Till
from tests.transactional.small_shop import PRICE_FEN
from transactional.errors import IdempotencyKeyReusedError, InsufficientBalanceError, InvalidInputError, NotFoundError
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.errors import MethodUnavailableError, OrderExpiredError, OrderNotPayableError
from transactional.payments.gateways.interface import GatewayRefusedError, Trade

pytestmark = pytest.mark.anyio


async def test_the_wallet_pays_and_delivers_in_one_act(till: Till) -> None:
    customer, order = await till.place(2, balance_fen=3 * PRICE_FEN)
    payment = await till.start(customer, order, method="wallet")
    assert (payment.state, payment.order_state, payment.amount_fen) == ("succeeded", "delivered", 2 * PRICE_FEN)
    assert await till.one("select balance_fen from shop.wallet where customer_id = :id", id=customer.id) == PRICE_FEN
    assert await till.is_whole()


async def test_a_wallet_that_does_not_cover_the_order_pays_nothing(till: Till) -> None:
    customer, order = await till.place(balance_fen=PRICE_FEN - 1)
    with pytest.raises(InsufficientBalanceError):
        await till.start(customer, order, method="wallet")
    assert await till.state(order) == "pending_payment"


async def test_two_payments_from_the_wallet_at_once_pay_once(till: Till) -> None:
    customer, order = await till.place(balance_fen=3 * PRICE_FEN)
    both = await asyncio.gather(
        till.start(customer, order, method="wallet"),
        till.start(customer, order, method="wallet"),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in both) == ["OrderNotPayableError", "PaymentView"]


async def test_the_payment_is_written_down_before_the_gateway_is_asked(till: Till) -> None:
    customer, order = await till.place()
    till.gateway.plan("create", UnknownOutcomeError("no answer"))
    payment = await till.start(customer, order)
    assert (payment.state, payment.link) == ("created", None)
    call = await till.rows("select operation, outcome, ended_at is not null from shop.external_call")
    assert call == [("create", "unknown", True)]
    assert await till.jobs.next_at("payments.ask") is not None


async def test_a_gateway_that_refuses_leaves_a_failed_payment_and_the_order_open(till: Till) -> None:
    customer, order = await till.place()
    till.gateway.plan("create", GatewayRefusedError("NO_AUTH", "no"))
    assert (await till.start(customer, order)).state == "failed"
    again = await till.start(customer, order)
    assert again.state == "pending"
    assert again.link is not None


async def test_the_same_key_starts_one_payment_and_another_request_under_it_is_refused(till: Till) -> None:
    customer, order = await till.place()
    first = await till.start(customer, order, key="a-key")
    assert await till.start(customer, order, key="a-key") == first
    assert len(till.gateway.made("create")) == 1
    with pytest.raises(IdempotencyKeyReusedError):
        await till.start(customer, order, way="h5", key="a-key")


async def test_the_same_way_again_gives_the_link_that_can_still_be_used_and_another_way_a_new_payment(
    till: Till,
) -> None:
    customer, order = await till.place()
    first = await till.start(customer, order)
    assert (await till.start(customer, order)).id == first.id
    other = await till.start(customer, order, way="h5")
    assert other.id != first.id
    assert await till.number(other) != await till.number(first)


async def test_what_cannot_be_started_is_refused_in_a_sentence(till: Till) -> None:
    customer, order = await till.place()
    with pytest.raises(MethodUnavailableError):
        await till.start(customer, order, method="alipay")
    with pytest.raises(InvalidInputError):
        await till.start(customer, order, way="telepathy")
    with pytest.raises(InvalidInputError):
        await till.start(customer, order, way="jsapi")
    stranger = await till.stocked.customer("stranger")
    with pytest.raises(NotFoundError):
        await till.start(stranger, order)
    with clock.at(clock.now() + timedelta(hours=1)), pytest.raises(OrderExpiredError):
        await till.start(customer, order)
    await till.paid(await till.number(await till.start(customer, order)), order.net_fen)
    with pytest.raises(OrderNotPayableError):
        await till.start(customer, order)


async def test_a_lost_notice_is_found_by_the_query(till: Till) -> None:
    customer, order = await till.place()
    till.gateway.plan("create", UnknownOutcomeError("no answer"))
    number = await till.number(await till.start(customer, order))
    till.gateway.trades[number] = Trade("paid", number, "T1", order.net_fen, clock.now())
    with clock.at(clock.now() + timedelta(seconds=11)):
        assert await till.jobs.run_due() == ["payments.ask"]
    assert await till.state(order) == "delivered"


async def test_an_open_payment_is_closed_at_the_gateway_before_it_is_closed_here(till: Till) -> None:
    customer, order = await till.place()
    payment = await till.start(customer, order)
    start = clock.now()
    till.gateway.plan("close", UnknownOutcomeError("no answer"))
    till.gateway.plan("query", UnknownOutcomeError("no answer"))
    with clock.at(start + timedelta(hours=1)):
        await till.jobs.run_due()
        assert await till.one("select state from shop.payment where public_id = :id", id=payment.id) == "pending"
    with clock.at(start + timedelta(hours=3)):
        await till.jobs.run_due()
        assert await till.one("select state from shop.payment where public_id = :id", id=payment.id) == "closed"
    assert len(till.gateway.made("close")) == 2


async def test_a_payment_that_a_gateway_never_tells_about_becomes_a_case_after_a_day(till: Till) -> None:
    customer, order = await till.place()
    await till.start(customer, order)
    start = clock.now()
    till.gateway.plan("query", *[UnknownOutcomeError("no answer")] * 60)
    for hour in range(1, 28):
        with clock.at(start + timedelta(hours=hour)):
            await till.jobs.run_due()
    assert await till.one("select kind from shop.review_case") == "payment_unclear"


async def test_a_lost_job_is_found_by_the_sweep(till: Till) -> None:
    customer, order = await till.place()
    number = await till.number(await till.start(customer, order))
    await till.jobs.lose()
    till.gateway.trades[number] = Trade("paid", number, "T1", order.net_fen, clock.now())
    with clock.at(clock.now() + timedelta(minutes=1)):
        await till.jobs.tasks["payments.ask_due"](timestamp=0)
        await till.jobs.run_due()
    assert await till.state(order) == "delivered"
