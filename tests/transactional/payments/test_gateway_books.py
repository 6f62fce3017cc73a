"""Daily bills, profit shares, chargebacks and settlements: what the gateway books is what the shop books."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from mingsuan import clock
from tests.transactional.payments.conftest import Till
from tests.transactional.small_shop import PRICE_FEN
from transactional.db import writing
from transactional.errors import InvalidInputError
from transactional.orders.checkout import PlacedOrder
from transactional.orders.errors import NotRefundableError
from transactional.payments import bills, disputes, payouts, refunds, sharing
from transactional.payments.errors import AlreadyRecordedError, NotSharableError, TooMuchChargedBackError
from transactional.payments.gateways.interface import Bill, BillLine, BillNotReadyError, ShareFact
from transactional.payments.schemas import NewChargeback, NewSettlement

pytestmark = pytest.mark.anyio


def today() -> date:
    return clock.business_date(clock.now(), bills.GATEWAY_ZONE)


def line(number: str, amount_fen: int, fee_fen: int, refund: str | None = None) -> BillLine:
    kind = "refund" if refund else "payment"
    return BillLine(kind, number, f"T{number}", refund, amount_fen, fee_fen, clock.now())


async def fetch(till: Till, *lines: BillLine) -> bool:
    till.gateway.plan("bill", Bill(today(), b"\1" * 32, lines))
    return await bills.fetch(till.shop, "wechat", today())


async def verdicts(till: Till) -> list[str]:
    return [row[0] for row in await till.rows("select verdict from shop.gateway_bill_line order by line_no")]


async def test_a_bill_that_agrees_changes_nothing_and_is_stored_once(till: Till) -> None:
    _, _, number = await till.bought()
    assert await fetch(till, line(number, PRICE_FEN, 30))
    assert not await fetch(till, line(number, PRICE_FEN, 31))
    assert await verdicts(till) == ["agrees"]
    assert await till.one("select count(*) from shop.review_case") == 0
    assert await till.balance("gateway_receivable") == PRICE_FEN - 30


async def test_a_bill_that_is_not_there_yet_is_asked_for_again(till: Till) -> None:
    till.gateway.plan("bill", BillNotReadyError())
    assert not await bills.fetch(till.shop, "wechat", today())
    assert await fetch(till)


async def test_a_payment_that_only_the_bill_knows_is_found_with_its_real_fee(till: Till) -> None:
    customer, order = await till.place()
    number = await till.number(await till.start(customer, order))
    assert await fetch(till, line(number, PRICE_FEN, 19))
    assert await till.state(order) == "delivered"
    assert await verdicts(till) == ["found"]
    assert await till.balance("gateway_receivable") == PRICE_FEN - 19
    assert await till.one("select fee_fen from shop.payment") == 19
    assert await till.is_whole()


async def test_what_differs_is_a_case_and_a_fee_is_corrected_on_the_bill_s_date(till: Till) -> None:
    _, _, cheap = await till.bought()
    _, _, wrong = await till.bought()
    _, _, absent = await till.bought()
    lines = (line(cheap, PRICE_FEN, 25), line(wrong, PRICE_FEN - 1, 30), line(cheap, 7, 0, "R-UNKNOWN"))
    assert await fetch(till, *lines)
    assert await verdicts(till) == ["fee_differs", "amount_differs", "refund_unknown"]
    kinds = [row[0] for row in await till.rows("select kind from shop.review_case order by kind")]
    assert kinds == ["bill_amount_differs", "bill_refund_unknown", "missing_in_bill"]
    assert await till.one("select subject from shop.review_case where kind = 'missing_in_bill'") == absent
    corrected = "select ledger_date from shop.ledger_transaction where event = 'fee_corrected'"
    assert await till.one(corrected) == today()
    assert await till.one("select difference_count from shop.gateway_bill") == 4
    assert await till.is_whole()


async def test_an_imported_payment_is_not_missed_in_an_empty_bill(till: Till) -> None:
    await till.bought()
    await till.rows("update shop.payment set out_trade_no = null, gateway_trade_no = null returning 1")
    assert await fetch(till)
    assert await till.one("select count(*) from shop.review_case") == 0


async def test_a_fee_given_back_on_a_refund_is_learnt_from_the_bill(till: Till) -> None:
    _, order, number = await till.bought()
    [unit] = await till.units(order)
    async with writing(till.shop.engine) as session:
        await refunds.grant(session, [(unit.id, None)], "asked", None, clock.now(), till.shop.zone)
    await till.jobs.run_due()
    refund = await till.one("select out_refund_no from shop.refund_payout")
    assert await fetch(till, line(number, PRICE_FEN, 30), line(number, PRICE_FEN, -30, refund))
    assert await verdicts(till) == ["agrees", "fee_returned"]
    assert await till.balance("gateway_receivable") == 0
    assert await till.balance("payment_fees") == 0


async def test_bills_are_asked_for_after_half_past_ten_of_the_shop(till: Till) -> None:
    noon = clock.start_of(today(), till.shop.zone)
    with clock.at(noon + timedelta(hours=10)):
        assert await bills.fetch_due(till.shop) == 0
    with clock.at(noon + timedelta(hours=11)):
        assert await bills.fetch_due(till.shop) == bills.DAYS_BACK


async def test_a_share_waits_a_minute_and_comes_back_before_a_refund_is_sent(till: Till) -> None:
    staff = await till.staff()
    _, order, _ = await till.bought()
    payment = await till.one("select public_id from shop.payment")
    start, about = clock.now(), (staff, "partner", till.shop.zone)
    with pytest.raises(NotSharableError):
        async with writing(till.shop.engine) as session:
            await sharing.request(session, payment, "partner", PRICE_FEN, *about, start)
    async with writing(till.shop.engine) as session:
        await sharing.request(session, payment, "partner", 1000, *about, start)
    await till.jobs.run_due()
    assert till.gateway.made("share") == []
    till.gateway.plan("share", ShareFact("processing", "?"))
    with clock.at(start + timedelta(minutes=2)):
        await till.jobs.run_due()
    with clock.at(start + timedelta(minutes=3)):
        await till.jobs.run_due()
    assert await till.balance("commissions") == 1000
    [unit] = await till.units(order)
    with clock.at(start + timedelta(minutes=4)):
        async with writing(till.shop.engine) as session:
            await refunds.grant(session, [(unit.id, None)], "asked", None, clock.now(), till.shop.zone)
        await till.jobs.run_due()
    with clock.at(start + timedelta(minutes=6)):
        await till.jobs.run_due()
    operations = [name for name, _ in till.gateway.asked if name in ("return_share", "refund")]
    assert operations == ["return_share", "refund"]
    assert await till.balance("commissions") == 0
    assert await till.state(order) == "refunded"
    assert await till.is_whole()


async def shared(till: Till, *answers: ShareFact) -> tuple[PlacedOrder, datetime]:
    """An order of which ¥10 were sent to a partner, as the gateway answers, and when it was paid."""
    _, order, _ = await till.bought()
    payment, start = await till.one("select public_id from shop.payment"), clock.now()
    async with writing(till.shop.engine) as session:
        about = (await till.staff(), "for March", till.shop.zone, start)
        await sharing.request(session, payment, "partner", 1000, *about)
    till.gateway.plan("share", *answers)
    with clock.at(start + timedelta(minutes=2)):
        await till.jobs.run_due()
    return order, start


async def refund_whole(till: Till, order: PlacedOrder) -> None:
    [unit] = await till.units(order)
    async with writing(till.shop.engine) as session:
        await refunds.grant(session, [(unit.id, None)], "asked", None, clock.now(), till.shop.zone)


async def test_a_share_still_on_its_way_when_the_money_is_refunded_is_asked_back_when_it_arrives(till: Till) -> None:
    order, start = await shared(till, ShareFact("processing", "?"))
    with clock.at(start + timedelta(minutes=2)):
        await refund_whole(till, order)
    for minutes in (3, 4, 5):
        with clock.at(start + timedelta(minutes=minutes)):
            await till.jobs.run_due()
    operations = [name for name, _ in till.gateway.asked if name in ("return_share", "refund")]
    assert operations == ["return_share", "refund"]
    assert await till.state(order) == "refunded"
    assert await till.balance("commissions") == 0


async def test_a_refund_whose_share_does_not_come_back_is_a_case_and_goes_on_when_staff_got_it(till: Till) -> None:
    order, start = await shared(till)
    till.gateway.plan("return_share", ShareFact("failed", "?", reason="not enough at the partner"))
    with clock.at(start + timedelta(minutes=3)):
        await refund_whole(till, order)
        await till.jobs.run_due()
        assert await till.jobs.next_at("payments.pay_out") == clock.now() + payouts.SHARES_STUCK
    with clock.at(start + timedelta(minutes=4)):
        await till.jobs.run_due()
        cases = await till.rows("select kind from shop.review_case where state = 'open' order by kind")
        assert cases == [("profit_share_failed",), ("refund_unclear",)]
        assert len(till.gateway.made("return_share")) == 1
        share = await till.one("select public_id from shop.profit_share where kind = 'share'")
        async with writing(till.shop.engine) as session:
            await sharing.return_by_hand(session, share, await till.staff(), "agreed", till.shop.zone, clock.now())
    for minutes in (5, 70):
        with clock.at(start + timedelta(minutes=minutes)):
            await till.jobs.run_due()
    assert await till.state(order) == "refunded"
    assert await till.one("select state from shop.review_case where kind = 'refund_unclear'") == "resolved"


async def test_a_chargeback_is_recorded_once_and_never_beyond_the_payment(till: Till) -> None:
    staff = await till.staff()
    await till.bought()
    payment = await till.one("select public_id from shop.payment")
    new = NewChargeback(payment_id=payment, amount_fen=2000, fee_fen=150, gateway_reference="CB1", reason="dispute")
    for _ in range(2):
        async with writing(till.shop.engine) as session:
            await disputes.record_chargeback(session, new, staff, till.shop.zone, clock.now())
    assert await till.balance("chargebacks") == 2000
    assert await till.balance("gateway_receivable") == PRICE_FEN - 30 - 2150
    for other, refusal in (
        (new.model_copy(update={"amount_fen": 1}), AlreadyRecordedError),
        (new.model_copy(update={"amount_fen": 3001, "gateway_reference": "CB2"}), TooMuchChargedBackError),
    ):
        with pytest.raises(refusal):
            async with writing(till.shop.engine) as session:
                await disputes.record_chargeback(session, other, staff, till.shop.zone, clock.now())
    assert await till.is_whole()


async def test_a_dispute_closes_what_still_waits_so_that_it_is_never_handed_over(till: Till) -> None:
    staff = await till.staff()
    customer, order = await till.place(quantity=2)
    number = await till.number(await till.start(customer, order))
    async with writing(till.shop.engine) as session:
        await session.execute(text("update shop.card set held_item_id = null, state = 'void', free_at = 'infinity'"))
    await till.paid(number, 2 * PRICE_FEN)
    payment = await till.one("select public_id from shop.payment")
    new = NewChargeback(payment_id=payment, amount_fen=7000, gateway_reference="CB1", reason="not received")
    async with writing(till.shop.engine) as session:
        await disputes.record_chargeback(session, new, staff, till.shop.zone, clock.now())
    states = "select id, state from shop.fulfilment order by id"
    (closed, _), _ = await till.rows(states)
    assert [state for _, state in await till.rows(states)] == ["refunded", "waiting"]
    assert (await till.balance("unearned_sales"), await till.balance("chargebacks")) == (-PRICE_FEN, 2000)
    rest = new.model_copy(update={"amount_fen": 3000, "gateway_reference": "CB2"})
    async with writing(till.shop.engine) as session:
        await disputes.record_chargeback(session, rest, staff, till.shop.zone, clock.now())
    assert await till.balance("gateway_receivable") == -60
    of_closed = "select count(*) from shop.document_line where kind = 'chargeback' and fulfilment_id = :id"
    assert await till.one(of_closed, id=closed) == 0
    with pytest.raises(NotRefundableError):
        async with writing(till.shop.engine) as session:
            await refunds.grant(session, [(closed, None)], "again", staff, clock.now(), till.shop.zone)


async def test_a_settlement_is_recorded_once_under_the_bank_s_reference(till: Till) -> None:
    staff = await till.staff()
    new = NewSettlement(method="wechat", amount_fen=4000, bank_reference="B1")
    for _ in range(2):
        async with writing(till.shop.engine) as session:
            await disputes.record_settlement(session, new, staff, till.shop.zone, clock.now())
    assert await till.balance("bank") == 4000
    other = new.model_copy(update={"amount_fen": 1})
    with pytest.raises(AlreadyRecordedError):
        async with writing(till.shop.engine) as session:
            await disputes.record_settlement(session, other, staff, till.shop.zone, clock.now())


async def test_a_slip_in_the_year_books_nothing_into_months_that_never_were(till: Till) -> None:
    staff = await till.staff()
    await till.bought()
    payment = await till.one("select public_id from shop.payment")
    dispute = NewChargeback(payment_id=payment, amount_fen=1, gateway_reference="CB1", reason="dispute")
    settlement = NewSettlement(method="wechat", amount_fen=1, bank_reference="B1")
    for days in (367, 366 * 2000):
        early = {
            "settled_at": clock.now() - timedelta(days=days),
            "charged_back_at": clock.now() - timedelta(days=days),
        }
        settled, disputed = settlement.model_copy(update=early), dispute.model_copy(update=early)
        with pytest.raises(InvalidInputError):
            async with writing(till.shop.engine) as session:
                await disputes.record_settlement(session, settled, staff, till.shop.zone, clock.now())
        with pytest.raises(InvalidInputError):
            async with writing(till.shop.engine) as session:
                await disputes.record_chargeback(session, disputed, staff, till.shop.zone, clock.now())
