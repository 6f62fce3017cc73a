"""A shop with one gateway that a test holds in its hand, an unpaid order, and the worker's jobs."""

from collections import namedtuple
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from mingsuan import clock
from mingsuan.settings import Settings
from tests.transactional.payments.fake_gateway import FakeGateway
from tests.transactional.payments.job_queue import JobQueue
from tests.transactional.small_shop import Stocked, codes
from transactional.accounts import service as accounts
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading, writing
from transactional.ledger import service as ledger
from transactional.orders.checkout import PlacedOrder, Terms, Wanted, place
from transactional.payments.apply import Found, trade_found
from transactional.payments.gateways.interface import Trade
from transactional.payments.schemas import NewPayment, PaymentView
from transactional.payments.start import start
from transactional.shop import Shop

FREE = text("""
select count(*) from shop.card as c join shop.sku as s on s.id = c.sku_id
where s.public_id = :sku_id and c.state = 'available' and c.free_at <= now()
""")


@dataclass
class Till:
    """The shop, its gateway, its queue."""

    stocked: Stocked
    gateway: FakeGateway
    jobs: JobQueue

    @property
    def shop(self) -> Shop:
        return self.stocked.shop

    async def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        return await self.stocked.rows(sql, **values)

    async def one(self, sql: str, **values: Any) -> Any:
        [[found]] = await self.rows(sql, **values)
        return found

    async def place(self, quantity: int = 1, balance_fen: int = 0) -> tuple[CustomerSubject, PlacedOrder]:
        async with writing(self.shop.engine) as session:
            free = await session.scalar(FREE, {"sku_id": self.stocked.sku.id})
        if (free or 0) < quantity:
            await self.stocked.stock(codes(20, uuid4().hex[:8].upper()), 4000 * 20)
        customer = await self.stocked.customer(uuid4().hex[:12], balance_fen)
        async with writing(self.shop.engine) as session:
            terms = Terms(timedelta(minutes=15))
            wanted = [Wanted(self.stocked.sku.id, quantity)]
            return customer, await place(
                session, self.shop.vault, customer.id, wanted, terms, clock.now(), self.shop.zone
            )

    async def start(
        self, customer: CustomerSubject, order: PlacedOrder, way: str = "native", key: str = "", method: Any = "wechat"
    ) -> PaymentView:
        new = NewPayment(method=method, way=way if method != "wallet" else "")
        return await start(self.shop, customer, order.order_no, new, "127.0.0.1", key or uuid4().hex)

    async def number(self, payment: PaymentView) -> str:
        return str(await self.one("select out_trade_no from shop.payment where public_id = :id", id=payment.id))

    async def paid(self, number: str, amount_fen: int, found_by: str = "query", trade_no: str = "") -> Found:
        """The gateway says that a trade was paid, now."""
        trade = Trade("paid", number, trade_no or f"T{number}", amount_fen, clock.now())
        self.gateway.trades[number] = trade
        async with writing(self.shop.engine) as session:
            return await trade_found(session, "wechat", trade, found_by, clock.now(), self.shop.zone, 60)

    async def bought(self, quantity: int = 1) -> tuple[CustomerSubject, PlacedOrder, str]:
        """An order paid through the gateway, delivered."""
        customer, order = await self.place(quantity)
        number = await self.number(await self.start(customer, order))
        await self.paid(number, order.net_fen)
        return customer, order, number

    async def units(self, order: PlacedOrder) -> list[Any]:
        sql = """
        select f.id, f.public_id from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
        where i.order_id = :id order by f.id
        """
        Unit = namedtuple("Unit", "id public_id")
        return [Unit(*row) for row in await self.rows(sql, id=order.order_id)]

    async def state(self, order: PlacedOrder) -> str:
        return str(await self.one("select state from shop.orders where id = :id", id=order.order_id))

    async def balance(self, account: str) -> int:
        sql = "select coalesce(sum(amount_fen), 0)::bigint from shop.ledger_entry where account = :account"
        return int(await self.one(sql, account=account))

    async def staff(self) -> int:
        async with writing(self.shop.engine) as session:
            email = f"{uuid4().hex[:8]}@example.com"
            return (await accounts.add_staff(session, email, "correct horse battery", "Op", "operator")).id

    async def is_whole(self) -> bool:
        async with reading(self.shop.engine) as session:
            return (await ledger.check(session)).is_whole


@pytest.fixture
def settings(tmp_path: Any) -> Settings:
    return Settings(var=tmp_path, wechat_profit_sharing=True)


@pytest.fixture
async def till(stocked: Stocked) -> Till:
    gateway = FakeGateway()
    shop = replace(stocked.shop, gateways={"wechat": gateway})
    return Till(replace(stocked, shop=shop), gateway, JobQueue(shop))
