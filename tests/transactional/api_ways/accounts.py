"""Accounts: the wallet, and staff's log-in."""

from tests.transactional.api_client import PASSWORD, new_email
from tests.transactional.api_ways.way import ANYBODY, CUSTOMER, OPERATORS, Asked, Way, Ways, as_customer, nothing
from tests.transactional.api_ways.world import World
from transactional.accounts import service
from transactional.db import writing


async def _employed(world: World) -> Asked:
    asked = {"email": new_email(), "password": PASSWORD}
    async with writing(world.till.shop.engine) as session:
        await service.add_staff(session, asked["email"], PASSWORD, "New", "operator")
    return Asked(body=asked)


async def _credit(world: World) -> Asked:
    customer = await world.customer()
    return Asked(body={"customer_email": customer.email, "amount_fen": 500, "source": "goodwill"})


WAYS: Ways = {
    "GET /wallet": Way(CUSTOMER, as_customer),
    "POST /staff/session": Way(ANYBODY, _employed),
    "DELETE /staff/session": Way(ANYBODY, nothing),
    "POST /staff/wallet-credits": Way(OPERATORS, _credit),
}
