"""A shop whose profile allows top-ups and pay-outs, with a gateway that a test holds in its hand."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from mingsuan import clock
from mingsuan.settings import Settings
from tests.transactional.payments.conftest import Till
from tests.transactional.payments.fake_gateway import FakeGateway
from tests.transactional.payments.job_queue import JobQueue
from tests.transactional.small_shop import Stocked
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading, writing
from transactional.ledger import book_checks, control_accounts
from transactional.payments import payouts
from transactional.payments.schemas import NewPayment
from transactional.wallets import deciding, topping_up, withdrawing
from transactional.wallets.schemas import BankAccount

NAME = "王小明"
ACCOUNT = BankAccount(NAME, "招商银行", "6225 8888 0000 1234")


@dataclass
class Purse(Till):
    """The till, and what customers and staff do with wallets."""

    async def open(self, customer: CustomerSubject, amount_fen: int, key: str = "", way: str = "native") -> UUID:
        new = NewPayment(method="wechat", way=way)
        return await topping_up.begin(self.shop, customer, amount_fen, new, "127.0.0.1", key or uuid4().hex)

    async def number_of(self, top_up: UUID) -> str:
        sql = """
        select p.out_trade_no from shop.payment as p join shop.top_up as t on t.id = p.top_up_id
        where t.public_id = :id order by p.id desc limit 1
        """
        return str(await self.one(sql, id=top_up))

    async def topped_up(self, customer: CustomerSubject, amount_fen: int) -> str:
        """Money that came in through the gateway; the number of its payment."""
        number = await self.number_of(await self.open(customer, amount_fen))
        await self.paid(number, amount_fen)
        return number

    async def ask_back(
        self,
        customer: CustomerSubject,
        amount_fen: int,
        bank: BankAccount | None = None,
        own_name: str | None = None,
        key: str = "",
    ) -> UUID:
        async with writing(self.shop.engine) as session:
            return await withdrawing.request(
                session, self.shop, customer, amount_fen, bank, own_name, "password", key or uuid4().hex
            )

    async def decide(self, act: Any, withdrawal: UUID, staff: int, *words: str) -> None:
        async with writing(self.shop.engine) as session:
            await act(session, withdrawal, staff, *words, self.shop.zone, clock.now())

    async def approve(self, withdrawal: UUID, staff: int) -> None:
        await self.decide(deciding.approve, withdrawal, staff)

    async def pay_out(self) -> None:
        """The worker sends whatever waits to be sent."""
        sql = "select id from shop.refund_payout where state in ('created', 'processing') order by id"
        for row in await self.rows(sql):
            await payouts.pay_out(self.shop, row[0])

    async def balance_of(self, customer: CustomerSubject) -> int:
        return int(await self.one("select balance_fen from shop.wallet where customer_id = :id", id=customer.id))

    async def state_of(self, withdrawal: UUID) -> str:
        return str(await self.one("select state from shop.withdrawal where public_id = :id", id=withdrawal))

    async def findings(self) -> list[str]:
        """What the checks of the books find: seals, which a test has none of, left out."""
        async with reading(self.shop.engine) as session:
            found = [each for check in book_checks.CHECKS for each in await check.findings(session)]
            found += await control_accounts.findings(session)
        return [each.sentence() for each in found]


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return Settings(var=tmp_path, compliance="stored_value", wechat_profit_sharing=True)


@pytest.fixture
async def purse(stocked: Stocked) -> Purse:
    gateway = FakeGateway()
    shop = replace(stocked.shop, gateways={"wechat": gateway})
    return Purse(replace(stocked, shop=shop), gateway, JobQueue(shop))
