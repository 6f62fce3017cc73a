"""A draw with stakes in a simulated shop, held through the shop's own services on the day after its past."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan.settings import Settings
from tests.transactional.draws.lives import World, world
from tests.transactional.draws.open_draws import adult
from tests.transactional.small_shop import Stocked, one_sku
from transactional.db import engine, writing
from transactional.draws import service
from transactional.draws.delivering import Handing
from transactional.draws.models import Draw
from transactional.shop import open_shop

PRICE_FEN, WINNERS, PRIZE_COST_FEN = 100, 2, 300_000
CASH = {"draw_income": WINNERS * PRICE_FEN, "draw_prizes": WINNERS * PRIZE_COST_FEN}
"""Losing stakes go back; winning ones are kept, and the prizes are bought."""


async def hold(app_url: str, settings: Settings, at: datetime) -> None:
    """Ten numbers at one yuan, filled by three people, decided and handed over within the hour after `at`."""
    source: AsyncEngine = engine(app_url)
    try:
        shop = await open_shop(settings, source)
        async with writing(source) as session:
            sku = await one_sku(session, "DRAW-PRIZE")
        async with world(Stocked(shop, sku)) as lives:
            lives.second = int(at.timestamp())
            await _hand_over(lives, await _decided(lives))
        await shop.aclose()
    finally:
        await source.dispose()


async def _decided(lives: World) -> Draw:
    with lives.now():
        people = [await adult(lives.stocked, name, 5000) for name in ("ann", "bob", "cec")]
    draw = await lives.opened(mode="refundable", price_fen=PRICE_FEN, winners=WINNERS)
    for who, count in zip(people, (3, 4, 3), strict=True):
        await lives.enters(draw, who, count, "wallet")
    await lives.sequenced()
    await lives.stepped(draw)
    await lives.sequenced()
    await lives.wait_for_round(draw)
    assert await lives.stepped(draw) == "decided"
    await lives.sequenced()
    return draw


async def _hand_over(lives: World, draw: Draw) -> None:
    vault, zone = lives.shop.vault, lives.shop.zone
    for winner in await lives.winners(draw):
        given = Handing(cost_fen=PRIZE_COST_FEN, code=f"CODE-{winner.place}")
        with lives.now():
            async with writing(lives.shop.engine) as session:
                await service.claim(session, vault, winner.public_id, winner.customer_id or 0, lives.at())
            async with writing(lives.shop.engine) as session:
                await service.deliver(session, vault, winner.public_id, given, lives.staff_id, zone)
    await lives.sequenced()
    assert await lives.stepped(draw) == "finished"
    assert (await lives.verdict(draw)).code == "TEST"
    lives.show_keys()
