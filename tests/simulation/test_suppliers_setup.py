"""A demo's shop knows the simulated suppliers after its first start, and what they sell can be bought from them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, text

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation.suppliers import market
from simulation.suppliers_setup import SKU_NAMES, make_known
from tests.simulation.suppliers.served import World, served
from transactional.catalogue import service as catalogue
from transactional.db import engine, reading, writing
from transactional.ledger.check import examine
from transactional.ledger.heads_file import heads_file
from transactional.shop import Shop, open_shop
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.protocols.interface import SupplyAsk

pytestmark = [pytest.mark.enable_socket, pytest.mark.anyio]

OFFERS = text("""
select c.code, c.protocol, s.name as supplier, k.code as sku, o.supplier_sku, o.unit_cost, o.currency, o.state, c.id
from shop.offer as o join shop.supply_channel as c on c.id = o.channel_id
join shop.supplier as s on s.id = c.supplier_id join shop.sku as k on k.id = o.sku_id
order by c.code, k.code
""")

LYING = text("""
select s.name, b.prepaid_fen from shop.supplier_balance as b join shop.supplier as s on s.id = b.supplier_id
where b.prepaid_fen <> 0 order by s.name collate "C"
""")


@asynccontextmanager
async def made(database: DatabaseUrls, settings: Settings) -> AsyncIterator[Shop]:
    source = engine(database.app)
    shop = await open_shop(settings, source)
    try:
        async with writing(source) as session:
            await make_known(session, shop)
        yield shop
    finally:
        await shop.aclose()
        await source.dispose()


async def test_three_suppliers_six_channels_and_their_offers_are_there_once(
    fresh_database: DatabaseUrls, tmp_path: Path
) -> None:
    async with made(fresh_database, Settings(var=tmp_path)) as shop:
        async with writing(shop.engine) as session:
            await make_known(session, shop)
        async with reading(shop.engine) as session:
            found = list(await session.execute(OFFERS))
            products = (await catalogue.products(session)).items
            lying = list(await session.execute(LYING))
        assert await examine(shop.engine, heads_file(shop.settings)) == ()
    # 3,000 dollars at 7.10; what is bought on account has nothing lying
    assert [tuple(row) for row in lying] == [("Harbor Gift (simulated)", 2_130_000), ("云泽数字（模拟）", 2_000_000)]
    assert len({row.supplier for row in found}) == 3
    assert len({row.code for row in found}) == 6
    assert {row.protocol for row in found} == {"fulu", "hmac_card", "reloadly"}
    assert {row.sku for row in found} == set(SKU_NAMES)
    assert {row.state for row in found} == {"active"}
    assert all("模拟" in row.supplier or "simulated" in row.supplier for row in found)
    assert all("模拟" in product.title_zh and "simulated" in product.title_en for product in products)
    per_sku = [sum(row.sku == sku for row in found) for sku in ("XHK-50", "YXZ-30D")]
    assert per_sku == [6, 3]
    assert market.push_urls(tmp_path / "suppliers").keys() == {shelf.name for shelf in market.SHELVES}


async def test_each_channel_buys_at_the_price_that_its_offer_says(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    """The offers that the set-up wrote are those of the suppliers; a card is bought over every channel."""
    specs = market.specs(tmp_path / "suppliers", faults={})
    with served(specs, time_scale=0.01, held=False) as world:
        port = int(world.base_url.rpartition(":")[2])
        settings = Settings(var=tmp_path, simulated_suppliers_port=port)
        async with made(fresh_database, settings) as shop:
            async with reading(shop.engine) as session:
                found = list(await session.execute(OFFERS))
            for channel_id in {row.id for row in found}:
                mine = {row.supplier_sku: row for row in found if row.id == channel_id}
                await bought(shop, world, channel_id, mine)


async def bought(shop: Shop, world: World, channel_id: int, mine: Mapping[str, Row[Any]]) -> None:
    async with reading(shop.engine) as session:
        opened = await channels.opened(session, shop.vault, channel_id)
    async with opened:
        told = await opened.supply.offers(list(mine))
        assert {each.supplier_sku: each.unit_cost for each in told} == {sku: row.unit_cost for sku, row in mine.items()}
        card = next(row for row in mine.values() if row.sku == "XHK-100")
        await opened.supply.submit(SupplyAsk("T1", card.supplier_sku, 1, card.currency, card.unit_cost))
        assert world.accounts[opened.channel.code].book.spent("T1") == card.unit_cost
        assert Decimal(80) < card.unit_cost * (market.USD if card.currency == "USD" else 1) < Decimal(100)
