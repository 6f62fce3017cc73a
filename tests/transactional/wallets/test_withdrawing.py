"""Money out of wallets: held when asked for, back the way it came first, never twice, and back when it fails."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.payments.job_queue import JobQueue
from tests.transactional.small_shop import PRICE_FEN, all_text
from tests.transactional.wallets.conftest import ACCOUNT, NAME, Purse
from transactional.db import writing
from transactional.errors import InsufficientBalanceError, InvalidInputError, NotFoundError
from transactional.outcomes import UnknownOutcomeError
from transactional.payments import payouts, refunds
from transactional.payments.gateways.interface import GatewayRefusedError, RefundFact
from transactional.payments.payouts import refund_found
from transactional.wallets import deciding, withdrawing
from transactional.wallets.errors import (
    BankReferenceUsedError,
    NameDiffersError,
    WithdrawalDecidedError,
    WithdrawalTooLargeError,
)
from transactional.wallets.schemas import BankAccount

pytestmark = pytest.mark.anyio


async def test_money_goes_back_to_the_newest_top_up_first_and_never_more_than_came(purse: Purse) -> None:
    li = await purse.stocked.customer("li", 1_000)
    old, new = await purse.topped_up(li, 6_000), await purse.topped_up(li, 5_000)
    withdrawal = await purse.ask_back(li, 8_000)
    assert await purse.balance_of(li) == 4_000
    assert await purse.balance("withdrawals_payable") == -8_000
    await purse.approve(withdrawal, await purse.staff())
    await purse.pay_out()
    asked = [(ask.out_trade_no, ask.amount_fen, ask.total_fen) for ask in purse.gateway.made("refund")]
    assert asked == [(new, 5_000, 5_000), (old, 3_000, 6_000)]
    assert await purse.state_of(withdrawal) == "paid"
    assert await purse.balance("withdrawals_payable") == 0
    assert await purse.findings() == []
    with pytest.raises(WithdrawalTooLargeError):
        await purse.ask_back(li, 3_001)
    await purse.ask_back(li, 3_000)


async def test_in_the_mainland_profile_only_what_a_payment_brought_leaves_again(purse: Purse) -> None:
    settings = purse.shop.settings.model_copy(update={"compliance": "mainland"})
    shop = replace(purse.shop, settings=settings)
    purse = Purse(replace(purse.stocked, shop=shop), purse.gateway, JobQueue(shop))
    li = await purse.stocked.customer("li", 5_000)
    with pytest.raises(WithdrawalTooLargeError):
        await purse.ask_back(li, 100, ACCOUNT, NAME)
    assert await purse.balance_of(li) == 5_000


async def test_a_refund_that_went_into_the_wallet_goes_back_to_the_order_s_payment(purse: Purse) -> None:
    customer, _, number = await purse.bought(2)
    payout = await purse.one("select id from shop.payment where out_trade_no = :n", n=number)
    staff = await purse.staff()
    await _refund_to_wallet(purse, payout, staff)
    assert await purse.balance_of(customer) == PRICE_FEN
    withdrawal = await purse.ask_back(customer, PRICE_FEN)
    await purse.approve(withdrawal, staff)
    await purse.pay_out()
    ask = purse.gateway.made("refund")[-1]
    assert (ask.out_trade_no, ask.amount_fen, ask.total_fen) == (number, PRICE_FEN, 2 * PRICE_FEN)
    assert await purse.findings() == []
    await _refund_to_wallet(purse, payout, staff)
    assert await purse.balance_of(customer) == PRICE_FEN
    assert await purse.findings() == []


async def _refund_to_wallet(purse: Purse, payment_id: int, staff: int) -> None:
    """A unit is refunded, the gateway refuses, staff send the money into the wallet."""
    unit = await purse.one(
        "select f.id from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id"
        " join shop.payment as p on p.order_id = i.order_id where p.id = :id and f.state <> 'refunded'"
        " and not exists (select from shop.refund as r where r.fulfilment_id = f.id) order by f.id limit 1",
        id=payment_id,
    )
    purse.gateway.plan("refund", GatewayRefusedError("ACCOUNT_CLOSED", "gone"))
    async with writing(purse.shop.engine) as session:
        made = await refunds.grant(session, [(unit, None)], "asked", staff, clock.now(), purse.shop.zone)
    await purse.pay_out()
    failed = await purse.one("select public_id from shop.refund_payout where id = :id", id=made[0])
    async with writing(purse.shop.engine) as session:
        await payouts.retry(session, failed, True, staff, "account closed", purse.shop.zone, clock.now())


async def test_the_rest_goes_to_a_bank_account_in_the_verified_name_and_is_recorded_once(
    purse: Purse, fresh_database: DatabaseUrls
) -> None:
    li = await purse.stocked.customer("li", 4_000)
    await purse.topped_up(li, 6_000)
    withdrawal = await purse.ask_back(li, 9_000, ACCOUNT, NAME)
    staff = await purse.staff()
    await purse.approve(withdrawal, staff)
    await purse.pay_out()
    assert await purse.state_of(withdrawal) == "paying"
    assert await purse.balance("withdrawals_payable") == -3_000
    await purse.decide(deciding.bank_paid, withdrawal, staff, "CMB-1")
    assert await purse.state_of(withdrawal) == "paid"
    assert await purse.balance("bank") == 4_000 - 3_000
    with pytest.raises(WithdrawalDecidedError):
        await purse.decide(deciding.bank_paid, withdrawal, staff, "CMB-2")
    other = await purse.ask_back(li, 1_000, ACCOUNT, NAME)
    await purse.approve(other, staff)
    with pytest.raises(BankReferenceUsedError):
        await purse.decide(deciding.bank_paid, other, staff, "CMB-1")
    await purse.decide(deciding.bank_failed, other, staff, "account closed")
    assert await purse.state_of(other) == "failed"
    assert await purse.balance_of(li) == 1_000
    assert await purse.findings() == []
    dump = await all_text(fresh_database)
    assert not [secret for secret in ("62258888", "6225 8888", "招商银行") if secret in dump]
    async with writing(purse.shop.engine) as session:
        row = await deciding.open_account(session, await purse.ask_back(li, 1_000, ACCOUNT, NAME), staff)
        shown = await withdrawing.bank_account(session, purse.shop, row)
    assert shown == BankAccount(NAME, "招商银行", "6225888800001234")


@pytest.mark.parametrize(
    ("bank", "own_name", "refusal"),
    [
        (BankAccount("王大明", "招商银行", "6225888800001234"), NAME, NameDiffersError),
        (ACCOUNT, None, WithdrawalTooLargeError),
        (BankAccount(NAME, "招商银行", "62258888"[:7]), NAME, InvalidInputError),
        (BankAccount(NAME, " ", "6225888800001234"), NAME, InvalidInputError),
        (None, NAME, InvalidInputError),
    ],
)
async def test_a_bank_account_that_is_not_the_customer_s_own_is_refused(
    purse: Purse, bank: BankAccount | None, own_name: str | None, refusal: type[Exception]
) -> None:
    li = await purse.stocked.customer("li", 4_000)
    with pytest.raises(refusal):
        await purse.ask_back(li, 4_000, bank, own_name)
    assert await purse.balance_of(li) == 4_000
    assert await purse.one("select count(*) from shop.withdrawal") == 0


async def test_refused_money_is_in_the_wallet_again_with_the_reason(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    await purse.topped_up(li, 6_000)
    withdrawal = await purse.ask_back(li, 6_000)
    staff = await purse.staff()
    with pytest.raises(InvalidInputError):
        await purse.decide(deciding.refuse, withdrawal, staff, "  ")
    await purse.decide(deciding.refuse, withdrawal, staff, "ask us first")
    assert await purse.balance_of(li) == 6_000
    assert await purse.rows("select state, reason from shop.withdrawal") == [("refused", "ask us first")]
    for act, words in ((deciding.approve, ()), (deciding.refuse, ("again",))):
        with pytest.raises(WithdrawalDecidedError):
            await purse.decide(act, withdrawal, staff, *words)
    with pytest.raises(NotFoundError):
        await purse.approve(uuid4(), staff)
    assert await purse.findings() == []


async def test_what_the_gateway_refuses_is_in_the_wallet_again_and_paid_out_after_all_is_a_case(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    await purse.topped_up(li, 6_000)
    withdrawal = await purse.ask_back(li, 6_000)
    await purse.approve(withdrawal, await purse.staff())
    purse.gateway.plan("refund", GatewayRefusedError("NOT_ENOUGH", "no money"))
    await purse.pay_out()
    assert await purse.state_of(withdrawal) == "failed"
    assert await purse.balance_of(li) == 6_000
    assert await purse.findings() == []
    number = await purse.one("select out_refund_no from shop.refund_payout")
    async with writing(purse.shop.engine) as session:
        fact = RefundFact("succeeded", number, "G1", 6_000)
        assert (await refund_found(session, "wechat", fact, clock.now(), purse.shop.zone))[0] == "duplicate"
    assert await purse.rows("select kind from shop.review_case") == [("refunded_twice",)]


async def test_an_outcome_that_nobody_knows_is_asked_about_under_one_number(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    await purse.topped_up(li, 6_000)
    withdrawal = await purse.ask_back(li, 6_000)
    await purse.approve(withdrawal, await purse.staff())
    purse.gateway.plan("refund", UnknownOutcomeError("no answer"))
    await purse.pay_out()
    await purse.rows("update shop.refund_payout set times_asked = 30 returning 1")
    purse.gateway.plan("query_refund", UnknownOutcomeError("no answer"))
    await purse.pay_out()
    assert await purse.state_of(withdrawal) == "unknown"
    assert await purse.balance_of(li) == 0
    number = await purse.one("select out_refund_no from shop.refund_payout")
    purse.gateway.plan("query_refund", RefundFact("succeeded", number, "G1", 6_000))
    await purse.pay_out()
    assert await purse.state_of(withdrawal) == "paid"
    assert len(purse.gateway.made("refund")) == 1
    assert await purse.findings() == []


async def test_asked_for_twice_at_once_the_same_money_leaves_once(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    await purse.topped_up(li, 6_000)
    ends = await asyncio.gather(*(purse.ask_back(li, 4_000) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(end, InsufficientBalanceError) for end in ends) == 3
    assert await purse.balance_of(li) == 2_000
    once, again = [await purse.ask_back(li, 1_000, key="the same key") for _ in range(2)]
    assert once == again
    assert await purse.balance_of(li) == 1_000
    assert await purse.findings() == []


async def test_approved_and_refused_at_once_only_one_holds(purse: Purse) -> None:
    li = await purse.stocked.customer("li")
    await purse.topped_up(li, 6_000)
    withdrawal, staff = await purse.ask_back(li, 6_000), await purse.staff()
    acts = [purse.approve(withdrawal, staff) for _ in range(3)]
    acts += [purse.decide(deciding.refuse, withdrawal, staff, "no") for _ in range(3)]
    ends = await asyncio.gather(*acts, return_exceptions=True)
    assert sum(isinstance(end, WithdrawalDecidedError) for end in ends) == 5
    await purse.pay_out()
    paid = sum(ask.amount_fen for ask in purse.gateway.made("refund"))
    assert paid + await purse.balance_of(li) == 6_000
    assert await purse.findings() == []
