"""The ways in: codes, registering, logging in and out, a forgotten password, log-ins under way."""

from tests.transactional.accounts.sent_codes import last_code
from tests.transactional.api_client import PASSWORD, add_customer, new_email
from tests.transactional.api_ways.way import ANYBODY, CUSTOMER, Asked, Way, Ways, as_customer, nothing
from tests.transactional.api_ways.world import World
from transactional.accounts import sessions
from transactional.accounts.entry import code_requests
from transactional.accounts.entry.codes import Purpose
from transactional.accounts.entry.identifiers import Identifier
from transactional.accounts.sessions import Visitor
from transactional.db import reading, writing

VISITOR = Visitor("198.51.100.7")


async def _asking(world: World) -> Asked:
    return Asked(body={"purpose": "register", "identifier": new_email()})


async def _coded(world: World, purpose: Purpose, email: str) -> dict[str, str]:
    shop = world.till.shop
    flow = await code_requests.request_code(shop, Visitor(new_address()), purpose, Identifier("email", email))
    return {"identifier": email, "flow": flow, "code": await last_code(shop, email)}


async def _registration(world: World) -> Asked:
    coded = await _coded(world, "register", new_email())
    return Asked(body={**coded, "password": PASSWORD, "agreed": ["terms", "privacy"], "display_name": "Li"})


async def _registered(world: World) -> Asked:
    email = new_email()
    await add_customer(world.client, email)
    return Asked(body={"identifier": email, "password": PASSWORD})


async def _forgotten(world: World) -> Asked:
    email = new_email()
    await add_customer(world.client, email)
    return Asked(body={**await _coded(world, "reset_password", email), "new_password": f"{PASSWORD} again"})


async def _elsewhere(world: World) -> Asked:
    """Logged in from another browser too."""
    customer, shop = await world.customer(), world.till.shop
    async with writing(shop.engine) as session:
        await sessions.open_session(session, customer.id, VISITOR, 1, "password")
    async with reading(shop.engine) as session:
        [other] = await sessions.open_sessions(session, customer.id, None)
    return Asked(names={"session_id": other.id}, customer=customer)


def new_address() -> str:
    """An address that nobody came from yet."""
    return f"2001:db8:{new_email()[:4]}:{new_email()[:4]}::1"


WAYS: Ways = {
    "POST /codes": Way(ANYBODY, _asking),
    "POST /customers": Way(ANYBODY, _registration),
    "POST /session": Way(ANYBODY, _registered),
    "GET /session": Way(CUSTOMER, as_customer),
    "DELETE /session": Way(ANYBODY, nothing),
    "POST /password-resets": Way(ANYBODY, _forgotten),
    "GET /sessions": Way(CUSTOMER, as_customer),
    "DELETE /sessions": Way(CUSTOMER, as_customer),
    "DELETE /sessions/{session_id}": Way(CUSTOMER, _elsewhere),
}
