"""What a shop did and published, the warehouse's audit finds verified and in agreement with the books."""

from collections.abc import AsyncIterator

import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.progress import silent
from pipelines import draw_audit, draw_uniformity, warehouse
from pipelines.build_context import write_context
from pipelines.ingest import ingest
from tests.transactional.draws.lives import World, world
from tests.transactional.small_shop import Stocked
from transactional.db import reading, writing
from transactional.draws import bundles, voiding
from transactional.draws.models import Draw

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]


@pytest.fixture
async def lives(stocked: Stocked) -> AsyncIterator[World]:
    async with world(stocked) as made:
        yield made


async def test_the_audit_verifies_what_a_shop_published(lives: World, fresh_database: DatabaseUrls) -> None:
    settings, ann = lives.shop.settings, await lives.stocked.customer("ann")
    decided, void = await lives.decided(ann), await lives.opened()
    async with writing(lives.shop.engine) as session:
        await voiding.end_void(session, await session.get_one(Draw, void.id), "cancelled", "out of stock", lives.at())
    await lives.sequenced()
    lives.show_keys()
    for draw in (decided, void):
        async with reading(lives.shop.engine) as session:
            await bundles.write(session, lives.keeper, settings.public_dir, draw.id)
    ingest(settings, fresh_database.reader)
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        context = write_context(connection, settings)
        draw_audit.compute(connection, settings, context, silent)
        draw_uniformity.compute(connection, settings, context, silent)
        told = connection.execute(
            "select draw_no, verdict, is_verified, books_differ, entries from computed.draw_audit order by draw_no"
        ).fetchall()
        counted = connection.execute("select n_draws, n_picks from computed.draw_uniformity").fetchall()
    assert told == [(1, "TEST", True, None, 10), (2, "VOID", True, None, 0)]
    assert set(counted) == {(1, 2)}
