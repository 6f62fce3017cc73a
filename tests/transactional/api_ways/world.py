"""The shop that the operations of the API are tried in: goods of all kinds, a gateway, one member of staff a role."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from mingsuan import clock
from tests.transactional.api_client import PASSWORD, Client
from tests.transactional.orders.goods import Market
from tests.transactional.payments.conftest import Till
from tests.transactional.small_shop import codes, stock
from transactional.accounts import service as accounts
from transactional.accounts import tokens
from transactional.accounts.members import sessions as members_sessions
from transactional.accounts.models import Session
from transactional.accounts.schemas import CustomerSubject
from transactional.catalogue.schemas import ProductKind, SkuView
from transactional.db import writing
from transactional.orders.checkout import PlacedOrder

ROLES = ("owner", "operator", "buyer", "auditor")


def new_name(prefix: str = "X") -> str:
    """A name that nothing has yet."""
    return f"{prefix}-{uuid4().hex[:10]}"


@dataclass(frozen=True)
class World:
    """One shop for all operations; each brings what it needs and disturbs no other."""

    till: Till
    market: Market
    client: Client
    staff: dict[str, str]

    async def customer(self, balance_fen: int = 0) -> CustomerSubject:
        return await self.till.stocked.customer(new_name("c"), balance_fen)

    async def token_of(self, customer: CustomerSubject) -> str:
        """The cookie of a customer who has logged in."""
        token = tokens.new()
        until = clock.now() + timedelta(days=1)
        async with writing(self.till.shop.engine) as session:
            session.add(Session(token_sha256=tokens.digest(token), expires_at=until, customer_id=customer.id))
        return token

    async def batch(self, count: int = 3) -> UUID:
        """A batch of codes that nobody bought, of a SKU of its own."""
        sku = await self.market.sku(new_name())
        prefix = new_name()
        async with writing(self.till.shop.engine) as session:
            return (await stock(session, self.till.shop, sku.code, codes(count, prefix), 100 * count)).id

    async def paid(
        self, kind: ProductKind, quantity: int = 1
    ) -> tuple[CustomerSubject, PlacedOrder, list[UUID], SkuView]:
        """A paid order of goods of a kind; nothing is in stock for it."""
        sku = await self.market.sku(new_name(), kind)
        customer = await self.market.customer(new_name("c"))
        if kind == "physical":
            await self.market.units(sku.code, quantity, 100)
        order = await self.market.order(customer, (sku, quantity))
        await self.market.pay(order)
        return customer, order, await self.market.fulfilment_ids(order.order_no), sku

    async def payment_id(self, order: PlacedOrder) -> UUID:
        found: UUID = await self.till.one("select public_id from shop.payment where order_id = :id", id=order.order_id)
        return found


async def staffed(shop_client: Client, till: Till) -> World:
    """A member of staff for each role, and money that came in two months ago."""
    cookies = {}
    for role in ROLES:
        async with writing(till.shop.engine) as session:
            email = f"{role}@example.com"
            member = await accounts.add_staff(session, email, PASSWORD, role, role)
            token = await members_sessions.open_session(
                session, member.id, till.shop.settings, by="password", device="Firefox", network="198.51.100.0/24"
            )
        cookies[role] = token.token
    with clock.at(clock.now() - timedelta(days=70)):
        await till.stocked.customer("long-ago", 100)
    return World(till, Market(till.shop), shop_client, cookies)
