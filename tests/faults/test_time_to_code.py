"""How long a shopper waits for a good that is bought when it is sold, beside what the supplier itself takes for it."""

import asyncio
import statistics
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from simulation.suppliers.tempo import Tempo
from tests.faults import supplier_world as goods
from tests.faults.mortals import Mortals, free_ports
from tests.simulation.suppliers.served import World
from transactional.db import engine, reading
from transactional.shop import Shop, open_shop

pytestmark = [pytest.mark.proof, pytest.mark.anyio, pytest.mark.enable_socket, pytest.mark.xdist_group("heavy")]

SEED = 20261124
TEMPO = Tempo(answer_s=0.05, finish_s=0.6)
A_SECOND = 2.0
"""Orders paid a second: the wait for one is measured, not a queue."""
AIM_P95_S = 1.0
WITHIN_S = 60
WAITS = text("""
select p.request_no, c.code as channel, extract(epoch from f.delivered_at - o.paid_at) as seconds
from shop.purchase as p join shop.fulfilment as f on f.id = p.fulfilment_id
join shop.order_item as i on i.id = f.order_item_id join shop.orders as o on o.id = i.order_id
join shop.supply_channel as c on c.id = p.channel_id where p.state = 'succeeded'
""")


async def test_a_code_comes_within_a_second_beyond_what_the_supplier_takes(
    fresh_database: DatabaseUrls, tmp_path: Path, full_counts: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    count = 300 if full_counts else 12
    shop_port, worker_port = free_ports(2)
    chance = Random(SEED)  # noqa: S311
    with goods.supplied(tmp_path, {}, {}, TEMPO, SEED) as world:
        settings = goods.shop_settings(tmp_path, world, f"http://127.0.0.1:{shop_port}")
        source = engine(fresh_database.app)
        shop = await open_shop(settings, source)
        orders = await goods.place(shop, await goods.open_for_business(shop), count, chance)
        with Mortals(shop_port, worker_port, goods.environment(fresh_database, settings), tmp_path) as mortals:
            await mortals.up()
            for order in orders:
                await goods.pay_all(shop, [order])
                await asyncio.sleep(chance.expovariate(A_SECOND))
            async with asyncio.timeout(WITHIN_S):
                while await goods.open_units(shop):
                    await asyncio.sleep(0.2)
        waits = await beyond(shop, world)
        await shop.aclose()
        await source.dispose()
    p50, p95 = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
    with capsys.disabled():
        print(f"\ntime to code beyond the supplier's own, {count} orders: p50 {p50:.2f} s, p95 {p95:.2f} s")  # noqa: T201
    assert len(waits) == count
    if full_counts:
        assert p95 <= AIM_P95_S


async def beyond(shop: Shop, world: World) -> list[float]:
    """Seconds from payment to delivery, less the supplier's own from accepting to its end and to answer once."""
    async with reading(shop.engine) as session:
        rows = (await session.execute(WAITS)).all()
    waits = []
    for row in rows:
        account = world.accounts[row.channel]
        order = account.book.order(row.request_no)
        assert order is not None
        own_s = (order.ready_at - order.asked_at).total_seconds() + account.tempo.answer_s
        waits.append(max(0.0, float(row.seconds) - own_s))
    return waits
