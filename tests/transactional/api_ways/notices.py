"""Notices: a customer's own, and none is left unread afterwards."""

from tests.transactional.api_ways.way import CUSTOMER, Asked, Way, Ways
from tests.transactional.api_ways.world import World
from transactional.db import writing
from transactional.notices.service import tell


async def _told(world: World) -> Asked:
    customer = await world.customer()
    async with writing(world.till.shop.engine) as session:
        await tell(session, customer.id, "paid", "order:A1", {"amount_fen": 100, "product": "Card"})
    return Asked(customer=customer)


WAYS: Ways = {
    "GET /notices": Way(CUSTOMER, _told),
    "POST /notices/read": Way(CUSTOMER, _told),
}
