"""Rules of routing, test runs and decisions at the desk."""

from uuid import UUID

from sqlalchemy import select

from mingsuan import clock
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.page_ways.page_way import PageWay, PageWays, Sent, asked, keyed, may
from transactional.catalogue import service as catalogue
from transactional.db import writing
from transactional.suppliers.models import RoutingDecision
from transactional.suppliers.routing import deciding as routing
from transactional.suppliers.routing import policies
from transactional.suppliers.routing.terms import Policy

RULES = {
    "floor": "0.50",
    "floor_percent": "2.5",
    "most": "",
    "pinned": "",
    "regions": "CN",
    "windows": "",
    "explore_percent": "1",
    "at_loss": "hold",
    "reason": "agreed with the owner",
}


async def _trial(world: World) -> Sent:
    sku = await world.market.sku(new_name())
    return Sent(query={"sku": sku.code, "quantity": "2", "price": "9.90", "done": "set"})


async def _rules(world: World) -> Sent:
    return Sent(form=keyed(**RULES))


async def _sku(world: World) -> Sent:
    sku = await world.market.sku(new_name())
    async with writing(world.till.shop.engine) as session:
        sku_id = await catalogue.sku_id(session, sku.code)
        await policies.set_policy(session, sku_id, Policy(floor_margin_fen=10), "trial", None)
    return Sent({"code": sku.code}, keyed(**RULES))


async def _decision(world: World) -> Sent:
    sku = await world.market.sku(new_name())
    async with writing(world.till.shop.engine) as session:
        sku_id, at = await catalogue.sku_id(session, sku.code), clock.now()
        decided = await routing.decide(session, stage="purchase", sku_id=sku_id, quantity=1, net_fen=1000, at=at)
        found = select(RoutingDecision.public_id).where(RoutingDecision.id == decided.decision_id)
        decision: UUID | None = await session.scalar(found)
    return Sent({"decision": decision})


WAYS: PageWays = {
    "GET /desk/routing": PageWay(may("see_supply"), _trial),
    "GET /desk/routing/decisions/{decision}": PageWay(may("see_supply"), _decision),
    "GET /desk/routing/rules": PageWay(may("see_supply"), asked()),
    "POST /desk/routing/rules": PageWay(may("set_routing"), _rules),
    "GET /desk/routing/skus/{code}": PageWay(may("see_supply"), _sku),
    "POST /desk/routing/skus/{code}": PageWay(may("set_routing"), _sku),
    "POST /desk/routing/skus/{code}/follow": PageWay(may("set_routing"), _sku),
}
