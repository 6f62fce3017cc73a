"""Benefits: what a customer owns, the way to its provider, the mark that it is used."""

from uuid import UUID

from tests.transactional.api_ways.way import CUSTOMER, Asked, Way, Ways, as_customer
from tests.transactional.api_ways.world import World, new_name
from transactional.accounts.schemas import CustomerSubject
from transactional.benefits import providers, service
from transactional.benefits.providers import NewProvider
from transactional.benefits.queries import Wanted
from transactional.catalogue import queries as catalogue
from transactional.db import writing


async def _owned(world: World, *, with_provider: bool = False) -> tuple[CustomerSubject, UUID]:
    customer, _order, _unit = await world.till.bought()
    shop = world.till.shop
    async with writing(shop.engine) as session:
        if with_provider:
            key = new_name("p").replace("-", "").lower()[:20]
            new = NewProvider(key, "伙伴", "Partner", "https://partner.test/activate", "https://partner.test/api")
            await providers.add(session, shop.vault, new)
            product = await catalogue.product_id(session, world.till.stocked.sku.code.lower())
            assert product is not None
            await providers.assign(session, product, key)
        await service.bring_in_step(session, await service.behind(session, customer.id), shop.zone)
        [benefit] = (await service.benefits(session, customer.id, Wanted(service.ALL_STATES))).items
    return customer, benefit.id


async def _own(world: World) -> Asked:
    customer, benefit = await _owned(world)
    return Asked({"benefit_id": benefit}, customer=customer)


async def _activatable(world: World) -> Asked:
    customer, benefit = await _owned(world, with_provider=True)
    return Asked(customer=customer, body={"benefit_ids": [str(benefit)]})


async def _usable(world: World) -> Asked:
    customer, benefit = await _owned(world)
    return Asked({"benefit_id": benefit}, {"used": True}, customer=customer)


WAYS: Ways = {
    "GET /benefits": Way(CUSTOMER, as_customer),
    "GET /benefits/{benefit_id}": Way(CUSTOMER, _own),
    "POST /benefits/launches": Way(CUSTOMER, _activatable),
    "PUT /benefits/{benefit_id}/used-mark": Way(CUSTOMER, _usable),
}
