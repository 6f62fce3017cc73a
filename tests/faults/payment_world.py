"""A shop and the simulated gateways on one clock that a test turns: orders, payers, notices carried by hand, jobs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import alipay
import httpx
import pytest
import wechatpayv3.async_.utils
from sqlalchemy import text

from mingsuan import clock
from simulation.gateways.entries import Method
from simulation.gateways.misbehaviour import Tampering
from tests.simulation.gateways.served import World
from tests.transactional.api_client import Client
from tests.transactional.payments.job_queue import JobQueue
from tests.transactional.small_shop import one_sku, stock, with_money
from transactional.accounts.schemas import CustomerSubject
from transactional.catalogue.schemas import SkuView
from transactional.db import reading, writing
from transactional.orders.checkout import PlacedOrder, Terms, Wanted, place
from transactional.orders.fulfilment import unpaid_expired
from transactional.payments import bills
from transactional.payments.schemas import NewPayment, PaymentView
from transactional.payments.service import show
from transactional.payments.start import start
from transactional.shop import Shop

SHOP_HOST = "shop.test"
FORGED: tuple[Tampering, ...] = ("bad_signature", "stale", "unknown_serial", "wrong_merchant", "unreadable")
WAYS = {"wechat": ("native", "h5"), "alipay": ("precreate", "page")}


@dataclass
class Tick:
    """The one clock of a test."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def now(self) -> datetime:
        return self.at

    def forward(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Outgoing:
    """Requests that left the shop."""

    count: int = 0


@contextmanager
def watched(tick: Tick) -> Iterator[Outgoing]:
    """Counts every request that an adapter's library sends, and lets the libraries read the test's clock."""
    seen = Outgoing()
    send, urlopen = httpx.AsyncClient.send, alipay.urlopen

    async def counted(self: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
        seen.count += request.url.host != SHOP_HOST
        return await send(self, request, **options)

    def opened(*args: Any, **options: Any) -> Any:
        seen.count += 1
        return urlopen(*args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.AsyncClient, "send", counted)
        patch.setattr(alipay, "urlopen", opened)
        patch.setattr(wechatpayv3.async_.utils, "time", SimpleNamespace(time=lambda: tick.now().timestamp()))
        yield seen


@dataclass
class Trading:
    """The whole world of a payment test."""

    shop: Shop
    client: Client
    gateways: World
    tick: Tick
    outgoing: Outgoing
    sku: SkuView
    jobs: JobQueue
    receivable_before_fen: int = 0
    billed_until: date | None = None

    @property
    def book(self) -> Any:
        return self.gateways.state.book

    async def place(self, quantity: int = 1) -> tuple[CustomerSubject, PlacedOrder]:
        """A new customer's unpaid order."""
        async with writing(self.shop.engine) as session:
            customer = await with_money(session, self.shop, uuid4().hex[:12], 0)
            wanted = [Wanted(self.sku.id, quantity)]
            order = await place(
                session,
                self.shop.vault,
                customer.id,
                wanted,
                Terms(timedelta(minutes=15)),
                self.tick.at,
                self.shop.zone,
            )
        return customer, order

    async def start(self, customer: CustomerSubject, order: PlacedOrder, method: Method, way: str) -> PaymentView:
        new = NewPayment(method=method, way=way)
        payment = await start(self.shop, customer, order.order_no, new, "127.0.0.1", uuid4().hex)
        assert payment.link is not None, payment.state
        if payment.link.kind == "redirect":
            async with httpx.AsyncClient(follow_redirects=True) as browser:
                assert (await browser.get(payment.link.url)).status_code == 200
        return payment

    async def number(self, payment: PaymentView) -> str:
        """The payment's out_trade_no."""
        sql = "select out_trade_no from shop.payment where public_id = :id"
        return str((await self.rows(sql, id=payment.id))[0][0])

    async def return_page(self, payment_id: UUID, customer: CustomerSubject) -> PaymentView:
        """What the customer's page asks when the gateway sends the browser back."""
        return await show(self.shop, payment_id, customer.id)

    async def carry(self, name: str, tampering: Tampering = "none") -> httpx.Response:
        """One notice, delivered to the shop now."""
        deliveries = self.gateways.state.deliveries
        message = deliveries.message(name, tampering)
        path = urlsplit(deliveries.letters[name].url).path
        headers = {key: value for key, value in message.headers.items() if key.lower() != "host"}
        return await httpx.AsyncClient(transport=self.client._transport, base_url=f"https://{SHOP_HOST}").post(
            path, content=message.body, headers=headers
        )

    async def expire(self) -> None:
        """Tidies what was not paid in time, as the worker does."""
        async with writing(self.shop.engine) as session:
            await unpaid_expired(session, self.tick.at)

    async def sell_out(self) -> int:
        """Somebody else holds every code that is free, for good; how many."""
        free = "delivered_fulfilment_id is null and free_at <= :at"
        sql = f"update shop.card set free_at = 'infinity' where {free} returning id"
        return len(await self.rows(sql, at=self.tick.at))

    async def restock(self, count: int) -> None:
        async with writing(self.shop.engine) as session:
            codes = [f"{uuid4().hex}" for _ in range(count)]
            await stock(session, self.shop, self.sku.code, codes, count * 4000)

    async def bills(self, method: Method) -> None:
        """Noon after the last day of trade: the bills of all days that have none yet."""
        today = self.tick.at.astimezone(bills.GATEWAY_ZONE).date()
        self.tick.at = clock.start_of(today + timedelta(days=1), bills.GATEWAY_ZONE) + timedelta(hours=12, minutes=30)
        day = self.billed_until or today
        with clock.at(self.tick.at):
            while day <= today:
                assert await bills.fetch(self.shop, method, day)
                day += timedelta(days=1)
        self.billed_until = day

    async def work(self) -> None:
        """Runs every job until nothing is left to do, letting time pass."""
        for _ in range(60):
            with clock.at(self.tick.at):
                await self.jobs.run_due()
                later = await self.jobs.next_at("payments.%")
            if later is None:
                return
            self.tick.at = max(self.tick.at, later)
        raise AssertionError("jobs without end")

    async def rows(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        async with writing(self.shop.engine) as session:
            return [tuple(row) for row in await session.execute(text(sql), values)]

    async def balance(self, account: str) -> int:
        sql = "select coalesce(sum(amount_fen), 0)::bigint from shop.ledger_entry where account = :account"
        return int((await self.rows(sql, account=account))[0][0])


async def trading(
    shop: Shop, client: Client, gateways: World, tick: Tick, outgoing: Outgoing, sku_code: str = "STEAM-50"
) -> Trading:
    """A shop that sells one SKU and takes money through the simulated gateways."""
    state = gateways.state
    state.now = state.book.now = tick.now
    async with writing(shop.engine) as session:
        sku = await one_sku(session, sku_code)
    world = Trading(shop, client, gateways, tick, outgoing, sku, JobQueue(shop))
    world.receivable_before_fen = await world.balance("gateway_receivable")
    return world


async def delivered(world: Trading, order: PlacedOrder) -> tuple[str, int, int]:
    """An order's state, how many codes were handed over for it, and their net in fen."""
    async with reading(world.shop.engine) as session:
        row = (
            await session.execute(
                text("""
                select o.state, count(card.id),
                    coalesce(sum(f.gross_fen - f.discount_fen) filter (where card.id is not null), 0)::bigint
                from shop.orders as o join shop.order_item as i on i.order_id = o.id
                join shop.fulfilment as f on f.order_item_id = i.id
                left join shop.card on card.delivered_fulfilment_id = f.id
                where o.id = :order_id group by o.state
                """),
                {"order_id": order.order_id},
            )
        ).one()
    return row[0], row[1], row[2]


def refunded_fen(world: Trading, method: Method, out_trade_no: str) -> Sequence[int]:
    """Sums that the gateway gave back of a trade, one each."""
    return [each.amount_fen for each in world.book.refunds(method, out_trade_no) if each.state == "succeeded"]
