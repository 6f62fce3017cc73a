"""Purchases at the desk, units on hold, and the door for suppliers' callbacks."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from mingsuan import clock
from tests.transactional.api_ways.way import ANYBODY
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.page_ways import supply
from tests.transactional.page_ways.page_way import PageWay, PageWays, Sent, asked, keyed, may
from transactional.catalogue import service as catalogue
from transactional.db import writing
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.protocols.interface import OfferFact
from transactional.suppliers.purchases import claiming as purchasing

OPEN = "update shop.purchase set state = 'submitted', submitted_at = :at where id = :id returning public_id"


async def held(world: World) -> UUID:
    """A paid unit that nobody offers."""
    _, _, [unit], _ = await world.paid("api_topup")
    return unit


async def purchase(world: World) -> UUID:
    """One that was sent to a supplier and has no end yet."""
    _, _, [unit], sku = await world.paid("api_topup")
    shop, row = world.till.shop, await supply.channel(world)
    async with writing(shop.engine) as session:
        on_account = "update shop.supplier set terms = 'on_account' where id = :id"
        await session.execute(text(on_account), {"id": row.supplier_id})
        sku_id = await catalogue.sku_id(session, sku.code)
        fact = OfferFact("A-1", "Card", Decimal("4.5"), "CNY", 5, on_sale=True)
        await offers.observe(session, row.id, [fact], "push", clock.now(), sku_of={"A-1": sku_id})
    number = await world.till.one("select id from shop.fulfilment where public_id = :unit", unit=unit)
    async with writing(shop.engine) as session:
        claimed = await purchasing.claim(session, shop, number, clock.now())
        found: UUID = await session.scalar(text(OPEN), {"id": claimed.purchase_id, "at": clock.now()})
        return found


async def _purchase(world: World) -> Sent:
    return Sent({"purchase": await purchase(world)}, keyed(to="written_off", reason="the supplier closed down"))


async def _held(world: World) -> Sent:
    return Sent({"fulfilment": await held(world)}, keyed(reason="a new channel"))


async def _notice(world: World) -> Sent:
    return Sent({"channel_id": (await supply.channel(world)).public_id}, body=b"{}")


WAYS: PageWays = {
    "GET /desk/purchases": PageWay(may("see_supply"), asked(state="open", q=new_name())),
    "GET /desk/purchases/held": PageWay(may("see_supply"), asked(done="held")),
    "GET /desk/purchases/{purchase}": PageWay(may("see_supply"), _purchase),
    "POST /desk/purchases/{purchase}/ask": PageWay(may("settle_purchases"), _purchase),
    "POST /desk/purchases/{purchase}/end": PageWay(may("settle_purchases"), _purchase),
    "POST /desk/purchases/units/{fulfilment}/buy": PageWay(may("settle_purchases"), _held),
    "POST /desk/purchases/units/{fulfilment}/override": PageWay(may("override_floor"), _held),
    "POST /suppliers/{channel_id}/notices": PageWay(ANYBODY, _notice, answer=400),
}
