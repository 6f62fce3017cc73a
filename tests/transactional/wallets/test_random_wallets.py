"""Random histories of top-ups, purchases, withdrawals, refusals and failures: wallet, statement and ledger agree."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from mingsuan import clock
from tests.transactional.wallets.conftest import ACCOUNT, NAME, Purse
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading, writing
from transactional.errors import ShopError
from transactional.outcomes import UnknownOutcomeError
from transactional.payments import disputes
from transactional.payments.gateways.interface import GatewayRefusedError
from transactional.payments.schemas import NewChargeback
from transactional.wallets import deciding, service, topping_up

pytestmark = pytest.mark.anyio
Step = Callable[[], Awaitable[Any]]


class History:
    """Some customers, and whatever happens to their money."""

    def __init__(self, purse: Purse, people: list[CustomerSubject], staff: int, drawn: Random) -> None:
        self.purse, self.people, self.staff, self.drawn = purse, people, staff, drawn
        self.numbers: list[tuple[str, int]] = []
        self.withdrawals: list[Any] = []

    def step(self) -> Step:
        steps = (self.tops_up, self.tops_up, self.is_told_again, self.asks_back, self.asks_back, self.decides)
        return self.drawn.choice((*steps, self.decides, self.bank_answers, self.gateway_pays, self.time_passes))

    async def tops_up(self) -> None:
        amount = self.drawn.randrange(100, 40_000)
        number = await self.purse.number_of(await self.purse.open(self.drawn.choice(self.people), amount))
        self.numbers.append((number, amount))
        if self.drawn.random() < 0.8:
            await self.purse.paid(number, amount, self.drawn.choice(("notice", "query")))

    async def is_told_again(self) -> None:
        if self.numbers:
            number, amount = self.drawn.choice(self.numbers)
            await self.purse.paid(number, amount + self.drawn.choice((0, 0, 1)), "query")

    async def asks_back(self) -> None:
        amount = self.drawn.randrange(100, 30_000)
        bank = (ACCOUNT, NAME) if self.drawn.random() < 0.5 else (None, None)
        self.withdrawals.append(await self.purse.ask_back(self.drawn.choice(self.people), amount, *bank))

    async def decides(self) -> None:
        if self.withdrawals:
            withdrawal = self.drawn.choice(self.withdrawals)
            if self.drawn.random() < 0.7:
                await self.purse.approve(withdrawal, self.staff)
            else:
                await self.purse.decide(deciding.refuse, withdrawal, self.staff, "no")

    async def bank_answers(self) -> None:
        if self.withdrawals:
            withdrawal, act = self.drawn.choice(self.withdrawals), self.drawn.choice(("paid", "failed"))
            chosen = deciding.bank_paid if act == "paid" else deciding.bank_failed
            await self.purse.decide(chosen, withdrawal, self.staff, uuid4().hex)

    async def gateway_pays(self) -> None:
        error = self.drawn.choice((None, None, GatewayRefusedError("NO", "no"), UnknownOutcomeError("silence")))
        if error:
            self.purse.gateway.plan("refund", error)
        await self.purse.pay_out()

    async def time_passes(self) -> None:
        await self.purse.rows("update shop.top_up set pay_by = now() where state = 'open' returning 1")
        await topping_up.close_due(self.purse.shop)


@pytest.fixture
def rounds(full_counts: bool) -> int:
    return 400 if full_counts else 20


async def test_whatever_happens_wallet_statement_and_ledger_agree(purse: Purse, rounds: int) -> None:
    people = [await purse.stocked.customer(name, 1_000) for name in ("li", "wang", "zhang")]
    history = History(purse, people, await purse.staff(), Random(20261122))  # noqa: S311  (a history that can be told again)
    happened: Counter[str] = Counter()
    for _ in range(rounds):
        steps = [history.step() for _ in range(history.drawn.choice((1, 1, 3)))]
        for step, end in zip(steps, await asyncio.gather(*(s() for s in steps), return_exceptions=True), strict=True):
            assert end is None or isinstance(end, ShopError), end
            happened[step.__name__] += end is None
    assert all(happened[name] for name in ("tops_up", "asks_back", "decides", "gateway_pays")), happened
    assert await purse.findings() == []
    await _statements_add_up(purse, people)
    await _nothing_left_twice(purse)


async def _statements_add_up(purse: Purse, people: list[CustomerSubject]) -> None:
    for each in people:
        async with reading(purse.shop.engine) as session:
            lines = await service.statement(session, (each.id, each.public_id), limit=10_000)
        balance = 0
        for line in reversed(lines):
            balance += line.amount_fen
            assert line.balance_fen == balance
        assert balance == await purse.balance_of(each)


async def _nothing_left_twice(purse: Purse) -> None:
    """By what the gateway itself was asked for, and did: never more of a payment than came with it."""
    given: Counter[str] = Counter()
    seen = set()
    done = {
        row[0] for row in await purse.rows("select out_refund_no from shop.refund_payout where state = 'succeeded'")
    }
    for ask in purse.gateway.made("refund"):
        if ask.out_refund_no in done and ask.out_refund_no not in seen:
            seen.add(ask.out_refund_no)
            given[ask.out_trade_no] += ask.amount_fen
    came = dict(await purse.rows("select out_trade_no, amount_fen from shop.payment where state = 'succeeded'"))
    assert all(fen <= came[number] for number, fen in given.items() if number in came)
    parts = "select count(*) from shop.withdrawal_part group by withdrawal_id, payment_id having count(*) > 1"
    assert await purse.rows(parts) == []


async def test_a_chargeback_and_a_withdrawal_of_the_same_top_up_end_with_whole_books(purse: Purse) -> None:
    li, staff = await purse.stocked.customer("li"), await purse.staff()
    await purse.topped_up(li, 10_000)
    payment = await purse.one("select public_id from shop.payment")

    async def disputed() -> None:
        new = NewChargeback(payment_id=payment, amount_fen=10_000, gateway_reference="CB", reason="disputed")
        async with writing(purse.shop.engine) as session:
            await disputes.record_chargeback(session, new, staff, purse.shop.zone, clock.now())

    ends = await asyncio.gather(disputed(), purse.ask_back(li, 6_000), return_exceptions=True)
    refusals = [end for end in ends if isinstance(end, BaseException)]
    assert all(isinstance(each, ShopError) for each in refusals), refusals
    assert await purse.findings() == []
