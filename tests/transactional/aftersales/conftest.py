"""A shop with orders to complain about: bought by wallet or gateway, shown or not, and a clerk who answers."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.transactional.payments.conftest import Till
from tests.transactional.payments.fake_gateway import FakeGateway
from tests.transactional.payments.job_queue import JobQueue
from tests.transactional.small_shop import PRICE_FEN, Stocked
from transactional.accounts.schemas import CustomerSubject
from transactional.aftersales import opening, service
from transactional.aftersales.resolving import Decision, decide
from transactional.aftersales.schemas import AftersalesCaseView, CaseMoved, CaseOpened, NewCase, ResolutionKind
from transactional.cards import service as cards
from transactional.db import reading, writing
from transactional.ledger import service as ledger
from transactional.shop import Shop

COST_FEN = 4000


@dataclass(frozen=True)
class Bought:
    """An order of one customer and the public names of its units."""

    customer: CustomerSubject
    order_no: str
    units: tuple[UUID, ...]


@dataclass
class Counter:
    """The shop's counter: customers buy, show and complain; a clerk decides."""

    till: Till
    clerk: int

    @property
    def shop(self) -> Shop:
        return self.till.shop

    async def bought(self, quantity: int = 1, *, shown: bool = False, by_gateway: bool = False) -> Bought:
        """Delivered from stock that cost ¥40 a code."""
        if by_gateway:
            customer, order, _ = await self.till.bought(quantity)
            order_no = order.order_no
        else:
            await self.till.stocked.stock([f"{uuid4().hex}" for _ in range(quantity)], COST_FEN * quantity)
            customer = await self.till.stocked.customer(uuid4().hex[:12], PRICE_FEN * quantity)
            sold = await self.shop.intake.buy(customer.id, self.till.stocked.sku.id, quantity, uuid4().hex)
            order_no = sold.order_no
        bought = Bought(customer, order_no, await self.units(order_no))
        if shown:
            for unit in bought.units:
                await self.show(bought, unit)
        return bought

    async def units(self, order_no: str) -> tuple[UUID, ...]:
        sql = """
        select f.public_id from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
        join shop.orders as o on o.id = i.order_id where o.order_no = :order_no order by i.line_no, f.unit_no
        """
        return tuple(row[0] for row in await self.till.rows(sql, order_no=order_no))

    async def show(self, bought: Bought, unit: UUID) -> str:
        async with writing(self.shop.engine) as session:
            return (await cards.reveal(session, self.shop.vault, bought.customer.id, unit)).code

    async def complain(
        self, bought: Bought, reason: Any = "does_not_work", *units: UUID, words: str = "卡密提示无效"
    ) -> CaseOpened:
        new = NewCase(order_no=bought.order_no, unit_ids=units or bought.units, reason=reason, words=words)
        async with writing(self.shop.engine) as session:
            return await opening.open_case(session, self.shop.vault, bought.customer.id, new, (), self.shop.zone)

    async def look(self, bought: Bought, case_id: UUID) -> AftersalesCaseView:
        async with reading(self.shop.engine) as session:
            return await service.case(session, self.shop.vault, bought.customer.id, case_id)

    async def decide(
        self,
        bought: Bought,
        case_id: UUID,
        kind: ResolutionKind,
        *units: UUID,
        fen: int | None = None,
        goodwill_fen: int = 0,
        seen: int | None = None,
    ) -> CaseMoved:
        """As the clerk, of all units unless some are named; on the case's newest revision unless told otherwise."""
        revision = (await self.look(bought, case_id)).revision if seen is None else seen
        amounts = dict.fromkeys(units or bought.units, fen)
        decision = Decision(kind, case_id, revision, amounts, "我们看过了", goodwill_fen)
        async with writing(self.shop.engine) as session:
            return await decide(session, self.shop.vault, self.clerk, decision, self.shop.zone)

    async def balances(self) -> dict[str, int]:
        """Accounts that are not at zero."""
        async with reading(self.shop.engine) as session:
            return {one.code: one.balance_fen for one in await ledger.trial_balance(session) if one.balance_fen}


@pytest.fixture
async def counter(stocked: Stocked) -> Counter:
    gateway = FakeGateway()
    shop = replace(stocked.shop, gateways={"wechat": gateway})
    till = Till(replace(stocked, shop=shop), gateway, JobQueue(shop))
    return Counter(till, await till.staff())
