"""A shop that buys from six simulated accounts over three protocols, on real sockets; orders by the thousand.

Shop and worker are processes of their own, and mortal; orders are placed in bulk and paid one by one from wallets.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation import suppliers_setup
from simulation.suppliers import market
from simulation.suppliers.account import Account
from simulation.suppliers.misbehaviour import Fault, Misbehaviour
from simulation.suppliers.spec import AccountSpec
from simulation.suppliers.tempo import Tempo
from tests.simulation.suppliers.served import World, served
from tests.transactional.small_shop import with_money
from transactional.catalogue.forms import Answer
from transactional.db import reading, writing
from transactional.errors import OutOfStockError
from transactional.orders import answers
from transactional.payments.wallet import pay_from_wallet
from transactional.shop import Shop
from transactional.suppliers.models import Supplier
from transactional.suppliers.money import payments
from transactional.suppliers.money.payments import NewPayment
from transactional.suppliers.offers.rate_rules import to_fen
from transactional.suppliers.purchases import asking as purchase_asking
from transactional.suppliers.routing import policies
from transactional.suppliers.routing.terms import Policy

PATIENCE_S = 2
FINAL_S = 6
"""From then on the simulated suppliers' "not found" is the truth; real ones need minutes."""
DEPOSIT = Decimal(4_000_000)
CUSTOMERS = 40
STRUCK = ("yunze-main", "xinghe-a", "yunze-main", "xinghe-a")
"""Where each seldom fault strikes first: two accounts that are bought from early, never all at once."""
MONEY_FEN = 2_000_000_00
PAYING = 4
"""Orders paid at a time."""
BACKLOG = 150
"""Units that may wait before fewer are paid: a shop is not asked for more than it can do."""
GOODS = {"XHK-50": 6, "XHK-100": 2, "YXZ-30D": 2}
"""SKUs and how often each is ordered: two with codes, one topped up directly."""

PLACE = text("""
with line as (
    select u.*, s.id as sku_id, (
        select list_price_fen from shop.price where sku_id = s.id order by valid_from desc limit 1
    ) as price_fen
    from unnest(cast(:order_no as text[]), cast(:customer_id as bigint[]), cast(:sku as text[]),
        cast(:sealed as bytea[]), cast(:key_id as bigint[])) as u (order_no, customer_id, sku, sealed, key_id)
    join shop.sku as s on s.code = u.sku
), placed as (
    insert into shop.orders (order_no, customer_id, state, gross_fen, discount_fen, net_fen, ordered_at, pay_by)
    select order_no, customer_id, 'pending_payment', price_fen, 0, price_fen, :at, :pay_by from line
    returning id, order_no
), item as (
    insert into shop.order_item
        (order_id, line_no, sku_id, quantity, gross_fen, discount_fen, net_fen, sealed_answers, answers_key_id)
    select placed.id, 1, line.sku_id, 1, price_fen, 0, price_fen, line.sealed, line.key_id
    from placed join line using (order_no) returning id, gross_fen
)
insert into shop.fulfilment (order_item_id, unit_no, quantity, state, gross_fen, discount_fen)
select id, 1, 1, 'waiting', gross_fen, 0 from item
""")
OPEN = text("""
select count(*) from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id where o.paid_at is not null and f.state in ('waiting', 'refund_pending')
""")
HURRY = text("""
update shop.supply_channel set patience_s = :patience_s, check_on_order = code = 'xinghe-b',
    pull_every_s = 30, options = options || jsonb_build_object('not_found_final_s', cast(:final_s as int))
""")


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer with money, and the sealed answer that top-ups ask for."""

    id: int
    key_id: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Order:
    order_no: str
    buyer: Buyer
    sku: str


@contextmanager
def supplied(
    folder: Path,
    faults: Mapping[Fault, float],
    outages: Mapping[str, tuple[float, float]],
    tempo: Tempo,
    seed: int,
    seldom: Sequence[Fault] = (),
) -> Iterator[World]:
    """The six accounts of the demo's market, with money enough; `seldom` faults strike once for certain."""
    set_up: list[AccountSpec] = []
    for spec in market.specs(folder / "suppliers"):
        misbehaviour = Misbehaviour(
            seed + spec.seed, faults, tuple(span for name, span in outages.items() if name == spec.name)
        )
        for fault in (each for each, name in zip(seldom, STRUCK, strict=False) if name == spec.name):
            misbehaviour.plan(fault)
        goods = tuple(replace(good, stock=None) for good in spec.goods)
        deposit = DEPOSIT if spec.terms == "prepaid" else Decimal(0)
        set_up.append(replace(spec, goods=goods, deposit=deposit, tempo=tempo, misbehaviour=misbehaviour))
    with served(set_up, held=False) as world:
        yield world


async def open_for_business(shop: Shop) -> list[Buyer]:
    """Suppliers, channels, offers, deposits, and customers with money."""
    async with writing(shop.engine) as session:
        await suppliers_setup.make_known(session, shop)
        await session.execute(HURRY, {"patience_s": PATIENCE_S, "final_s": FINAL_S})
        await policies.set_policy(session, None, Policy(floor_margin_fen=1, at_loss="hold"), "", None)
        for supplier in (await session.execute(text("select * from shop.supplier where terms = 'prepaid'"))).all():
            business = next(business for business in market.BUSINESSES if business.name == supplier.name)
            accounts = sum(shelf.business == business.key for shelf in market.SHELVES)
            amount = DEPOSIT * accounts - business.deposit  # with the demo's own
            rate = market.USD if supplier.currency == "USD" else Decimal(1)
            paid_fen = to_fen(amount, 100 * rate)
            new = NewPayment(supplier.public_id, "top_up", "first", amount, paid_fen, clock.now())
            await payments.record(session, new, shop.currency, shop.zone, None)
    async with writing(shop.engine) as session:
        return [await _buyer(session, shop, number) for number in range(CUSTOMERS)]


async def _buyer(session: Any, shop: Shop, number: int) -> Buyer:
    customer = await with_money(session, shop, f"buyer-{number}", MONEY_FEN)
    said = [Answer("account", "充值账号", "Account to top up", f"player-{number}")]
    sealed = await answers.seal(session, shop.vault, customer.id, said)
    assert sealed is not None
    return Buyer(customer.id, sealed.data_key_id, sealed.content)


async def place(shop: Shop, buyers: Sequence[Buyer], count: int, chance: Random) -> list[Order]:
    """Unpaid orders of one unit each."""
    skus = chance.choices(list(GOODS), weights=list(GOODS.values()), k=count)
    orders = [Order(f"S{number:09}", chance.choice(buyers), sku) for number, sku in enumerate(skus)]
    at = clock.now()
    for some in (orders[start : start + 2000] for start in range(0, count, 2000)):
        asks = [order.sku.startswith("YXZ") for order in some]
        values = {
            "order_no": [order.order_no for order in some],
            "customer_id": [order.buyer.id for order in some],
            "sku": [order.sku for order in some],
            "sealed": [order.buyer.sealed if ask else None for order, ask in zip(some, asks, strict=True)],
            "key_id": [order.buyer.key_id if ask else None for order, ask in zip(some, asks, strict=True)],
        }
        async with writing(shop.engine) as session:
            await session.execute(PLACE, {**values, "at": at, "pay_by": at + timedelta(days=1)})
    return orders


async def pay_all(shop: Shop, orders: Sequence[Order]) -> None:
    """Each from its buyer's wallet, some at a time, no faster than the shop buys."""
    waiting = iter(orders)
    room = asyncio.Event()

    async def watch() -> None:
        while True:
            if await open_units(shop) > BACKLOG:
                room.clear()
            else:
                room.set()
            await asyncio.sleep(0.5)

    async def payer() -> None:
        for order in waiting:
            await room.wait()
            while not await _paid(shop, order):
                await asyncio.sleep(0.5)  # no channel may supply it now: the shop takes no money for it

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        async with asyncio.TaskGroup() as payers:
            for _ in range(PAYING):
                payers.create_task(payer())
        watching.cancel()


async def _paid(shop: Shop, order: Order) -> bool:
    with suppress(OutOfStockError):
        async with writing(shop.engine) as session:
            await pay_from_wallet(session, order.order_no, order.buyer.id, clock.now(), shop.zone)
        return True
    return False


async def open_units(shop: Shop) -> int:
    """Paid units that are neither delivered nor given back."""
    async with reading(shop.engine) as session:
        return int((await session.execute(OPEN)).scalar_one())


async def prices_come_back(world: World, every_s: float) -> None:
    """A supplier's jump lasts for a while; then its price is what it was."""
    first = {
        (account.name, good.supplier_sku): good.unit_cost
        for account in world.accounts.values()
        for good in account.goods()
    }
    while True:
        await asyncio.sleep(every_s)
        for account in world.accounts.values():
            for good in account.goods():
                if good.unit_cost != first[account.name, good.supplier_sku]:
                    account.change(good.supplier_sku, unit_cost=first[account.name, good.supplier_sku])


async def found_again(shop: Shop) -> int:
    """What the minutely sweep does, as if minutes had gone by since the crash."""
    with clock.at(clock.now() + timedelta(minutes=3)):
        return await purchase_asking.sweep(shop)


def injected(world: World) -> dict[str, int]:
    """How often each kind of fault struck."""
    total: dict[str, int] = {}
    for account in world.accounts.values():
        for fault, count in account.misbehaviour.counts.items():
            total[fault] = total.get(fault, 0) + count
    return total


def accounts_of(world: World, business: str) -> list[Account]:
    return [world.accounts[shelf.name] for shelf in market.SHELVES if shelf.business == business]


def shop_settings(folder: Path, world: World, public_url: str) -> Settings:
    port = int(world.base_url.rsplit(":", 1)[1])
    return Settings(var=folder, simulated_suppliers_port=port, public_url=public_url)


def environment(urls: DatabaseUrls, settings: Settings) -> dict[str, str]:
    return {
        **urls.environment(),
        "MINGSUAN_VAR": str(settings.var),
        "MINGSUAN_PUBLIC_URL": settings.public_url or "",
        "MINGSUAN_LOG_FORMAT": "text",
    }


async def suppliers(shop: Shop) -> list[Supplier]:
    async with reading(shop.engine) as session:
        rows = await session.execute(text("select id from shop.supplier order by id"))
        return [await session.get_one(Supplier, row.id) for row in rows]
