"""Channels, offers, quote sheets, exchange rates and alerts at the desk."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import text

from mingsuan import clock
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.page_ways.page_way import File, PageWay, PageWays, Sent, asked, keyed, may
from transactional.alerts.service import raise_alert
from transactional.catalogue import service as catalogue
from transactional.db import writing
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels.forms import NewChannel
from transactional.suppliers.channels.keeping import NewSupplier
from transactional.suppliers.models import SupplyChannel
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.protocols.interface import OfferFact

NOWHERE = "http://127.0.0.1:9/nobody"
"""Nothing listens on the discard port: the supplier does not answer."""
SECRETS = {"app_key": "key", "app_secret": "secret-of-a-simulated-supplier-32"[:32]}


async def channel(world: World) -> SupplyChannel:
    """One to a supplier that does not answer."""
    shop = world.till.shop
    async with writing(shop.engine) as session:
        supplier = await channels.new_supplier(session, NewSupplier(new_name("S"), "CNY", "prepaid"))
        about = {"base_url": NOWHERE, "credentials": SECRETS, "patience_s": 1, "pull_every_s": None}
        new = NewChannel(new_name("c").lower()[:40], "渠道", "fulu", supplier.id, **about)  # type: ignore[arg-type]
        return await channels.add_channel(session, shop.vault, new, None)


async def offer(world: World, cost: str = "4.50") -> UUID:
    """One whose cost is not believed: it was ten times less before."""
    row, sku = await channel(world), await world.market.sku(new_name())
    async with writing(world.till.shop.engine) as session:
        sku_id = await catalogue.sku_id(session, sku.code)
        assert sku_id is not None
        for each in (Decimal(cost), Decimal(cost) * 11):
            fact = OfferFact("A-1", "Card", each, "CNY", 5, on_sale=True)
            await offers.observe(session, row.id, [fact], "push", clock.now(), sku_of={"A-1": sku_id})
        found: UUID = await session.scalar(text("select public_id from shop.offer order by id desc limit 1"))
        return found


async def _new_channel(world: World) -> Sent:
    typed = {"code": new_name("c").lower()[:40], "name": "自有卡池", "protocol": "own_pool"}
    return Sent(form=keyed(**typed), query={"protocol": "fulu"})


async def _channel(world: World) -> Sent:
    row = await channel(world)
    form = keyed(name="改名", base_url=row.base_url, patience_s="5", to="pause", reason="agreed")
    return Sent({"channel": row.public_id}, form)


async def _goods(world: World) -> Sent:
    row, sku = await channel(world), await world.market.sku(new_name())
    return Sent({"channel": row.public_id}, keyed(supplier_sku="A-1", sku=sku.code))


async def _offer(world: World) -> Sent:
    return Sent({"offer": await offer(world)}, keyed(act="believe", reason="asked the supplier"))


async def _new_offer(world: World) -> Sent:
    row, sku = await channel(world), await world.market.sku(new_name())
    return Sent(form=keyed(channel=str(row.public_id), sku=sku.code, cost="4.5", stock="7"))


async def _sheet(world: World) -> Sent:
    row, sku = await channel(world), await world.market.sku(new_name())
    content = f"货号,本店SKU,成本\nA-1,{sku.code},4.5\n"
    file: File = ("file", ("quotes.csv", content.encode(), "text/csv"))
    return Sent(form=keyed(channel=str(row.public_id), content=content), files=(file,))


async def _rates(world: World) -> Sent:
    file: File = ("file", ("rates.csv", b"currency,date,rate\nUSD,2026-01-02,7.1\n", "text/csv"))
    return Sent(form=keyed(currency="USD", rate_date="2026-01-02", rate="7.1"), files=(file,))


async def _rate(world: World) -> Sent:
    return Sent(form=(await _rates(world)).form)


async def _alert(world: World) -> Sent:
    async with writing(world.till.shop.engine) as session:
        await raise_alert(session, "channel_unreachable", f"channel:{new_name()}", "warning", {"channel": "C"})
        found = await session.scalar(text("select public_id from shop.alert order by id desc limit 1"))
    return Sent({"alert": found}, keyed())


WAYS: PageWays = {
    "GET /desk/channels": PageWay(may("see_supply"), asked()),
    "GET /desk/channels/new": PageWay(may("manage_channels"), asked(protocol="fulu")),
    "POST /desk/channels/new": PageWay(may("manage_channels"), _new_channel),
    "GET /desk/channels/{channel}": PageWay(may("see_supply"), _channel),
    "POST /desk/channels/{channel}": PageWay(may("manage_channels"), _channel),
    "POST /desk/channels/{channel}/state": PageWay(may("manage_channels"), _channel),
    "POST /desk/channels/{channel}/sync": PageWay(may("manage_channels"), _channel),
    "GET /desk/channels/{channel}/goods": PageWay(may("manage_channels"), _goods),
    "POST /desk/channels/{channel}/goods": PageWay(may("manage_channels"), _goods, answer=422),
    "GET /desk/offers": PageWay(may("see_supply"), asked(q="A-1", state="active")),
    "GET /desk/offers/new": PageWay(may("manage_channels"), _new_offer),
    "POST /desk/offers/new": PageWay(may("manage_channels"), _new_offer),
    "GET /desk/offers/{offer}": PageWay(may("see_supply"), _offer),
    "POST /desk/offers/{offer}/decide": PageWay(may("manage_channels"), _offer),
    "GET /desk/offers/import": PageWay(may("manage_channels"), asked()),
    "POST /desk/offers/import/preview": PageWay(may("manage_channels"), _sheet),
    "POST /desk/offers/import": PageWay(may("manage_channels"), _sheet),
    "GET /desk/rates": PageWay(may("see_supply"), asked()),
    "POST /desk/rates": PageWay(may("manage_channels"), _rate),
    "POST /desk/rates/file": PageWay(may("manage_channels"), _rates),
    "GET /desk/alerts": PageWay(may("see_alerts"), asked(show="over")),
    "POST /desk/alerts/{alert}/acknowledge": PageWay(may("acknowledge_alerts"), _alert),
}
