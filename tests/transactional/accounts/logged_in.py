"""A browser that is logged in already: how people get in is tested elsewhere."""

from tests.transactional.api_client import PASSWORD, Client, new_email
from transactional.accounts import service as accounts
from transactional.accounts import sessions
from transactional.accounts.schemas import CustomerSubject
from transactional.accounts.sessions import Visitor
from transactional.db import writing
from transactional.edge import CUSTOMER_COOKIE
from transactional.shop import Shop


async def log_in_as(client: Client, shop: Shop, customer_id: int) -> None:
    """This client is that customer's from now on."""
    async with writing(shop.engine) as session:
        opened = await sessions.open_session(session, customer_id, Visitor("203.0.113.7"), 14, "password", is_new=True)
    client.cookies.set(CUSTOMER_COOKIE, opened.session.token, domain="shop.test")


async def new_customer(client: Client, shop: Shop, email: str = "") -> CustomerSubject:
    """Registered with PASSWORD, and logged in."""
    async with writing(shop.engine) as session:
        customer = await accounts.register(session, email or new_email(), PASSWORD, "Li")
    await log_in_as(client, shop, customer.id)
    return customer
