"""A demo's shop has draws after its first start: one that only waits for its round, and two that take entries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation.draws_setup import hold
from transactional.db import engine, reading, writing
from transactional.shop import Shop, open_shop

pytestmark = pytest.mark.anyio
BOUGHT = text("""
with who as (insert into shop.customer (email, display_name) values (:name || '@example.com', :name) returning id)
insert into shop.orders (order_no, customer_id, state, gross_fen, discount_fen, net_fen, source)
select :name, id, 'delivered', 1, 0, 1, :source from who
""")

STRANGERS = text("""
select count(*) from shop.draw_player p join shop.orders o using (customer_id) where o.source is null
""")
LEFT = text("select id from shop.draw_chance where used < granted")


@asynccontextmanager
async def _shop(database: DatabaseUrls, folder: Path, *sources: str | None) -> AsyncIterator[Shop]:
    """With a customer of one order for each source."""
    source = engine(database.app)
    shop = await open_shop(Settings(var=folder), source)
    try:
        async with writing(source) as session:
            for number, each in enumerate(sources):
                await session.execute(BOUGHT, {"name": f"c-{number}", "source": each})
        yield shop
    finally:
        await shop.aclose()
        await source.dispose()


async def test_a_simulated_shop_gets_draws_once(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    async with _shop(fresh_database, tmp_path, *["simulation"] * 12, None, None) as shop:
        filled, lasting, refundable = await hold(shop)
        assert (filled.number, filled.state, filled.next_index, filled.capacity) == (1, "open", 60, 60)
        assert (lasting.state, lasting.paid_count) == ("open", 0)
        assert 12 <= lasting.next_index <= 36
        assert (refundable.state, refundable.next_index, refundable.price_fen) == ("open", 0, 100)
        async with reading(shop.engine) as session:
            assert await session.scalar(STRANGERS) == 0
            assert (await session.execute(LEFT)).all() == []
        assert await hold(shop) == []


async def test_a_shop_without_a_simulated_history_gets_none(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    async with _shop(fresh_database, tmp_path, None, None) as shop:
        assert await hold(shop) == []
