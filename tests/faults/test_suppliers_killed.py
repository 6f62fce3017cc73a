"""Orders by the thousand over six channels that fail in every way, shop and worker killed: nothing twice or lost."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import perf_counter

import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation.suppliers.misbehaviour import Fault
from simulation.suppliers.tempo import Tempo
from tests.faults import supplier_books as books
from tests.faults import supplier_world as goods
from tests.faults.mortals import Mortals, free_ports
from tests.faults.supplier_world import Order
from tests.simulation.suppliers.served import World
from transactional.db import engine
from transactional.shop import Shop, open_shop

pytestmark = [pytest.mark.proof, pytest.mark.anyio, pytest.mark.enable_socket, pytest.mark.xdist_group("heavy")]

SEED = 20261123
SHARES: dict[Fault, float] = {
    "timeout_after_accept": 0.105,
    "unknown_state": 0.14,
    "timeout_before_accept": 0.01,
    "error_after_accept": 0.01,
    "late_not_found": 0.02,
    "duplicate_number": 0.01,
    "failure": 0.02,
    "early_callback": 0.03,
    "lost_callback": 0.03,
    "repeated_callback": 0.05,
    "forged_callback": 0.02,
    "stock_lie": 0.005,
    "price_jump": 0.003,
    "repeated_code": 0.002,
}
"""By order that could be struck; most are delivered before anybody asks for a state."""
LEAST_SHARES: dict[Fault, float] = {"timeout_after_accept": 0.10, "unknown_state": 0.03}
"""Of all orders, where the counts are full."""
SELDOM: tuple[Fault, ...] = ("timeout_after_accept", "price_jump", "repeated_code", "stock_lie")
TEMPO = Tempo(answer_s=0.02, finish_s=0.3, hang_s=4.0, unknown_s=4.0, not_found_s=2.0)
SETTLED_WITHIN_S = 900


@dataclass(frozen=True)
class Plan:
    """How much, and how rough. `outages` in seconds since the suppliers' start, by account."""

    orders: int
    outages: Mapping[str, tuple[float, float]]
    kill_every_s: tuple[float, float]
    prices_last_s: float
    seldom: Sequence[Fault]
    must_strike: Sequence[Fault]
    waits_for_the_minute: bool


FULL = Plan(
    10_000,
    {"yunze-main": (60.0, 150.0), "xinghe-a": (200.0, 290.0)},
    (10.0, 40.0),
    20.0,
    SELDOM,
    ("outage", *SHARES),
    waits_for_the_minute=True,
)
CERTAIN: tuple[Fault, ...] = ("timeout_after_accept", "stock_lie")
REDUCED = Plan(40, {}, (1.0, 2.0), 1.0, CERTAIN, CERTAIN, waits_for_the_minute=False)


async def test_nothing_is_bought_twice_or_lost_whatever_channels_do_and_whoever_is_killed(
    fresh_database: DatabaseUrls, tmp_path: Path, full_counts: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = FULL if full_counts else REDUCED
    shop_port, worker_port = free_ports(2)
    chance = Random(SEED)  # noqa: S311
    with goods.supplied(tmp_path, SHARES, plan.outages, TEMPO, SEED, plan.seldom) as world:
        settings = goods.shop_settings(tmp_path, world, f"http://127.0.0.1:{shop_port}")
        async with _shop(settings, fresh_database) as shop:
            orders = await goods.place(shop, await goods.open_for_business(shop), plan.orders, chance)
            began = perf_counter()
            with Mortals(shop_port, worker_port, goods.environment(fresh_database, settings), tmp_path) as mortals:
                await mortals.up()
                await _bought(shop, world, orders, mortals, chance, plan)
            seconds = perf_counter() - began
            wrong = await books.unlike_the_books(shop, world)
            money = await books.money_differences(shop, world)
            lines, differ = await books.statement_differences(shop, world)
            told = await books.summary(shop)
            is_whole = (await books.ledger_findings(shop)).is_whole
    injected = goods.injected(world)
    with capsys.disabled():
        print(f"\nseed {SEED}: {plan.orders} orders in {seconds:.0f} s, SIGKILLs: {dict(mortals.kills)}")  # noqa: T201
        print(f"injected: {injected}\nbecame: {told}; {lines} lines of statements")  # noqa: T201
    assert wrong == []
    assert money == {}
    assert differ == {}
    assert is_whole
    assert [fault for fault in plan.must_strike if not injected.get(fault)] == []
    if full_counts:
        assert [fault for fault, share in LEAST_SHARES.items() if injected[fault] < share * plan.orders] == []
    assert _worker_died(mortals)


def _worker_died(mortals: Mortals) -> bool:
    return any("worker" in victims for victims in mortals.kills)


@asynccontextmanager
async def _shop(settings: Settings, urls: DatabaseUrls) -> AsyncIterator[Shop]:
    source = engine(urls.app)
    shop = await open_shop(settings, source)
    try:
        yield shop
    finally:
        await shop.aclose()
        await source.dispose()


async def _bought(
    shop: Shop, world: World, orders: Sequence[Order], mortals: Mortals, chance: Random, plan: Plan
) -> None:
    """Everything is paid while processes die; afterwards what they left lying is found and ended."""
    prices = asyncio.create_task(goods.prices_come_back(world, plan.prices_last_s))
    paying = asyncio.create_task(goods.pay_all(shop, orders))
    try:
        while not (paying.done() and _worker_died(mortals)):
            await asyncio.wait([paying], timeout=chance.uniform(*plan.kill_every_s))
            await mortals.decimate(1, chance)
        await paying
        await mortals.up()
        with suppress(TimeoutError):  # the books will tell what is open
            async with asyncio.timeout(SETTLED_WITHIN_S):
                while await goods.open_units(shop):
                    if not plan.waits_for_the_minute:
                        await goods.found_again(shop)
                    await asyncio.sleep(3)
    finally:
        for task in (prices, paying):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
