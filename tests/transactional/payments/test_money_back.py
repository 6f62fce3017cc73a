"""Money that no order can take, and money that goes back: once, under one number, never more than came."""

from datetime import timedelta

import pytest

from mingsuan import clock
from tests.transactional.payments.conftest import Till
from tests.transactional.small_shop import PRICE_FEN
from transactional.db import writing
from transactional.orders.errors import NotRefundableError
from transactional.outcomes import UnknownOutcomeError
from transactional.payments import payouts, receipts, refunds
from transactional.payments.errors import (
    AmountDiffersError,
    PartOfUndeliveredError,
    PayoutNotFailedError,
    ReceiptNotOpenError,
    RefundTooLargeError,
)
from transactional.payments.gateways.interface import GatewayRefusedError, RefundFact

pytestmark = pytest.mark.anyio


async def grant(till: Till, unit: int, amount_fen: int | None = None) -> list[int]:
    async with writing(till.shop.engine) as session:
        return await refunds.grant(session, [(unit, amount_fen)], "asked", None, clock.now(), till.shop.zone)


async def test_the_same_news_ten_times_pays_once(till: Till) -> None:
    customer, order = await till.place(2)
    number = await till.number(await till.start(customer, order))
    verdicts = [(await till.paid(number, order.net_fen)).verdict for _ in range(10)]
    assert verdicts == ["applied", *["duplicate"] * 9]
    assert await till.state(order) == "delivered"
    assert await till.balance("gateway_receivable") == 2 * PRICE_FEN - 60  # 0.6 % of ¥100
    assert await till.is_whole()


async def test_a_wrong_amount_goes_back_by_itself_and_the_order_can_still_be_paid(till: Till) -> None:
    customer, order = await till.place()
    number = await till.number(await till.start(customer, order))
    assert (await till.paid(number, PRICE_FEN - 1)).verdict == "wrong_amount"
    assert await till.balance("unapplied_receipts") == -(PRICE_FEN - 1)
    await till.jobs.run_due()
    assert await till.balance("unapplied_receipts") == 0
    assert await till.one("select state from shop.review_case") == "resolved"
    assert await till.state(order) == "pending_payment"
    again = await till.number(await till.start(customer, order))
    await till.paid(again, PRICE_FEN)
    assert await till.state(order) == "delivered"


async def test_a_notice_of_a_wrong_amount_is_asked_about_before_it_is_believed(till: Till) -> None:
    customer, order = await till.place()
    number = await till.number(await till.start(customer, order))
    assert (await till.paid(number, 1, found_by="notice")).verdict == "wrong_amount"
    assert await till.balance("unapplied_receipts") == 0
    await till.jobs.run_due()  # the gateway repeats it
    assert [row[0] for row in await till.rows("select found_by from shop.unapplied_receipt")] == ["query"]


async def test_the_second_payment_of_an_order_goes_back_by_itself(till: Till) -> None:
    customer, order = await till.place()
    first = await till.number(await till.start(customer, order))
    second = await till.number(await till.start(customer, order, way="h5"))
    await till.paid(second, PRICE_FEN)
    assert (await till.paid(first, PRICE_FEN)).verdict == "unmatched"
    await till.jobs.run_due()
    [ask] = till.gateway.made("refund")
    assert (ask.out_trade_no, ask.amount_fen, ask.total_fen) == (first, PRICE_FEN, PRICE_FEN)
    assert await till.state(order) == "delivered"
    assert await till.balance("unapplied_receipts") == 0


async def test_money_for_an_unknown_trade_waits_for_a_person_who_applies_it_or_sends_it_back(till: Till) -> None:
    staff = await till.staff()
    _, order = await till.place()
    for name in ("A", "B", "C"):
        assert (await till.paid(f"strange-{name}", PRICE_FEN - (name == "C"))).verdict == "unmatched"
        assert (await till.paid(f"strange-{name}", PRICE_FEN - (name == "C"))).verdict == "duplicate"
    assert await till.one("select count(*) from shop.review_case where state = 'open'") == 3
    ids = [row[0] for row in await till.rows("select public_id from shop.unapplied_receipt order by id")]
    by = (staff, "found", till.shop.zone, clock.now())
    with pytest.raises(AmountDiffersError):
        async with writing(till.shop.engine) as session:
            await receipts.apply_by_hand(session, ids[2], order.order_no, *by)
    async with writing(till.shop.engine) as session:
        await receipts.apply_by_hand(session, ids[0], order.order_no, *by)
    assert await till.state(order) == "delivered"
    async with writing(till.shop.engine) as session:
        await receipts.return_by_hand(session, ids[1], *by)
    with pytest.raises(ReceiptNotOpenError):
        async with writing(till.shop.engine) as session:
            await receipts.return_by_hand(session, ids[0], *by)
    await till.jobs.run_due()
    assert await till.balance("unapplied_receipts") == -(PRICE_FEN - 1)
    assert await till.one("select count(*) from shop.staff_act") == 2


async def test_refunds_in_parts_stop_at_what_was_paid(till: Till) -> None:
    _, order, _ = await till.bought(2)
    first, second = await till.units(order)
    await grant(till, first.id, 2000)
    await grant(till, first.id, 3000)
    with pytest.raises((RefundTooLargeError, NotRefundableError)):
        await grant(till, first.id, 1)
    with pytest.raises(RefundTooLargeError):
        await grant(till, second.id, PRICE_FEN + 1)
    await till.jobs.run_due()
    assert [ask.amount_fen for ask in till.gateway.made("refund")] == [2000, 3000]
    assert await till.balance("refund_payable") == 0
    assert await till.balance("refunds") == PRICE_FEN
    assert await till.is_whole()


async def test_what_was_not_delivered_is_refunded_whole_or_not_at_all(till: Till) -> None:
    customer, order = await till.place()
    number = await till.number(await till.start(customer, order))
    await till.rows(
        "update shop.card set free_at = 'infinity', held_item_id = null where delivered_fulfilment_id is null"
        " returning id"
    )
    await till.paid(number, PRICE_FEN)
    [unit] = await till.units(order)
    with pytest.raises(PartOfUndeliveredError):
        await grant(till, unit.id, PRICE_FEN - 1)
    await grant(till, unit.id)
    await till.jobs.run_due()
    assert await till.state(order) == "refunded"
    assert await till.balance("unearned_sales") == 0


async def test_a_wallet_gets_its_refund_at_once(till: Till) -> None:
    customer, order = await till.place(balance_fen=PRICE_FEN)
    await till.start(customer, order, method="wallet")
    [unit] = await till.units(order)
    await grant(till, unit.id)
    assert await till.one("select balance_fen from shop.wallet where customer_id = :id", id=customer.id) == PRICE_FEN
    assert await till.state(order) == "refunded"
    assert await till.is_whole()


async def test_a_refund_without_an_answer_is_asked_about_under_the_same_number(till: Till) -> None:
    _, order, _ = await till.bought()
    [unit] = await till.units(order)
    till.gateway.plan("refund", UnknownOutcomeError("no answer"))
    await grant(till, unit.id)
    await till.jobs.run_due()
    [ask] = till.gateway.made("refund")
    assert await till.balance("refund_payable") == -PRICE_FEN
    done = RefundFact("succeeded", ask.out_refund_no, "G", PRICE_FEN)
    till.gateway.plan("query_refund", UnknownOutcomeError("still none"), done)
    for minutes in (10, 20):
        with clock.at(clock.now() + timedelta(minutes=minutes)):
            await till.jobs.run_due()
    assert till.gateway.made("query_refund") == [ask.out_refund_no] * 2
    assert len(till.gateway.made("refund")) == 1
    assert await till.balance("refund_payable") == 0


async def test_a_refund_that_the_gateway_does_not_know_is_sent_again_under_the_same_number(till: Till) -> None:
    _, order, _ = await till.bought()
    [unit] = await till.units(order)
    till.gateway.plan("refund", UnknownOutcomeError("no answer"))
    await grant(till, unit.id)
    await till.jobs.run_due()
    with clock.at(clock.now() + timedelta(minutes=10)):
        await till.jobs.run_due()
    first, second = till.gateway.made("refund")
    assert first.out_refund_no == second.out_refund_no
    assert await till.state(order) == "refunded"


async def test_a_refused_refund_is_a_case_and_goes_to_the_wallet_when_staff_say_so(till: Till) -> None:
    staff = await till.staff()
    customer, order, _ = await till.bought()
    [unit] = await till.units(order)
    till.gateway.plan("refund", GatewayRefusedError("NOT_ENOUGH", "no money"))
    [payout] = await grant(till, unit.id)
    await till.jobs.run_due()
    assert await till.one("select kind from shop.review_case where state = 'open'") == "refund_failed"
    assert await till.balance("refund_payable") == -PRICE_FEN
    name = await till.one("select public_id from shop.refund_payout where id = :id", id=payout)
    async with writing(till.shop.engine) as session:
        await payouts.retry(session, name, True, staff, "card closed", till.shop.zone, clock.now())
    assert await till.one("select balance_fen from shop.wallet where customer_id = :id", id=customer.id) == PRICE_FEN
    assert await till.state(order) == "refunded"
    assert await till.balance("refund_payable") == 0
    with pytest.raises(PayoutNotFailedError):
        async with writing(till.shop.engine) as session:
            await payouts.retry(session, name, False, staff, "?", till.shop.zone, clock.now())


async def test_a_refund_that_failed_and_succeeds_after_all_is_booked(till: Till) -> None:
    _, order, _ = await till.bought()
    [unit] = await till.units(order)
    till.gateway.plan("refund", RefundFact("failed", "?", reason="ABNORMAL"))
    await grant(till, unit.id)
    await till.jobs.run_due()
    assert await till.one("select state from shop.review_case") == "open"
    assert await told(till, await last_refund_no(till)) == "applied"
    assert await till.balance("refund_payable") == 0
    assert await till.state(order) == "refunded"
    assert await till.one("select state from shop.review_case") == "resolved"


async def test_a_failed_refund_that_succeeds_after_it_was_sent_to_the_wallet_is_a_case(till: Till) -> None:
    _, order, _ = await till.bought()
    [unit] = await till.units(order)
    till.gateway.plan("refund", RefundFact("failed", "?", reason="ABNORMAL"))
    [payout] = await grant(till, unit.id)
    await till.jobs.run_due()
    number, name = await last_refund_no(till), await till.one("select public_id from shop.refund_payout")
    async with writing(till.shop.engine) as session:
        await payouts.retry(session, name, True, await till.staff(), "closed", till.shop.zone, clock.now())
    assert [await told(till, number) for _ in range(2)] == ["duplicate", "duplicate"]
    opened = await till.rows("select kind, subject, amount_fen from shop.review_case where state = 'open'")
    assert opened == [("refunded_twice", number, PRICE_FEN)]
    assert await till.balance("refund_payable") == 0
    assert await till.one("select state from shop.refund_payout where id = :id", id=payout) == "failed"


async def last_refund_no(till: Till) -> str:
    return str(await till.one("select out_refund_no from shop.refund_payout order by id desc limit 1"))


async def told(till: Till, number: str) -> str:
    """The gateway's notice that a refund succeeded."""
    fact = RefundFact("succeeded", number, "G", PRICE_FEN)
    async with writing(till.shop.engine) as session:
        verdict, _ = await payouts.refund_found(session, "wechat", fact, clock.now(), till.shop.zone)
    return verdict
