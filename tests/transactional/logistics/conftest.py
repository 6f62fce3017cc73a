"""A market whose parcels are followed by a service that tests speak for."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from mingsuan import clock
from tests.transactional.orders.goods import Market
from transactional.accounts import service as accounts
from transactional.accounts.persons.schemas import AddressView
from transactional.accounts.schemas import CustomerSubject, StaffSubject
from transactional.db import writing
from transactional.logistics import dispatching
from transactional.logistics.dispatching import Sending
from transactional.logistics.kuaidi_words import Report
from transactional.logistics.models import Shipment
from transactional.logistics.service import ship_to
from transactional.orders.checkout import PlacedOrder
from transactional.outcomes import UnknownOutcomeError
from transactional.shop import Shop

RECIPIENT, PHONE, STREET = "李雷", "+8613800138000", "文三路 90 号 东部软件园 3 幢"
ADDRESS = AddressView(
    id=UUID(int=1),
    recipient=RECIPIENT,
    phone=PHONE,
    province="浙江省",
    city="杭州市",
    district="西湖区",
    street=STREET,
    postcode="310012",
    is_default=True,
)


@dataclass
class SpokenFor:
    """A tracking service: what it answers to the next queries; None is no answer at all."""

    answers: list[Report | None] = field(default_factory=list)
    queries: list[tuple[str, str, str]] = field(default_factory=list)
    subscriptions: list[tuple[str, ...]] = field(default_factory=list)

    async def query(self, courier: str, tracking_no: str, phone_end: str) -> Report | None:
        self.queries.append((courier, tracking_no, phone_end))
        answer = self.answers.pop(0) if self.answers else None
        if answer is None:
            raise UnknownOutcomeError("no answer in time")
        return answer

    async def subscribe(self, courier: str, tracking_no: str, phone_end: str, callback_url: str, salt: str) -> None:
        self.subscriptions.append((courier, tracking_no, phone_end, callback_url, salt))

    async def aclose(self) -> None:
        pass


@dataclass(frozen=True)
class Depot(Market):
    """A market that sends parcels; `clerk` records them."""

    service: SpokenFor
    clerk: StaffSubject

    async def paid_box(
        self, name: str = "li", quantity: int = 1, sku_code: str = "BOX"
    ) -> tuple[CustomerSubject, PlacedOrder]:
        known = await self.rows("select public_id from shop.sku where code = :code", code=sku_code)
        sku = await self.sku(sku_code, "physical", 5000) if not known else None
        await self.units(sku_code, quantity, 3000 + await self.one("select count(*) from shop.card_batch"))
        customer = await self.customer(name)
        if sku is None:
            raise AssertionError("one sku a test")
        placed = await self.order(customer, (sku, quantity))
        await self.pay(placed)
        async with writing(self.shop.engine) as session:
            await ship_to(session, self.shop.vault, placed.order_id, customer.id, ADDRESS)
        return customer, placed

    async def send(
        self,
        placed: PlacedOrder,
        number: str = "SF1234567",
        courier: str = "shunfeng",
        units: tuple[UUID, ...] | None = None,
    ) -> UUID:
        async with writing(self.shop.engine) as session:
            sending = Sending(placed.order_no, courier, number, units)
            return await dispatching.dispatch(session, self.shop.vault, sending, self.clerk.id, self.shop.zone)

    async def parcel(self, public_id: UUID) -> Shipment:
        async with writing(self.shop.engine) as session:
            inside = await self.one("select id from shop.shipment where public_id = :id", id=public_id)
            return await session.get_one(Shipment, inside)


@pytest.fixture
async def depot(shop: Shop) -> Depot:
    service = SpokenFor()
    async with writing(shop.engine) as session:
        clerk = await accounts.add_staff(session, "op@example.com", "correct horse battery", "op", "operator")
    return Depot(replace(shop, tracker=service), service, clerk)


def instant(minute: int) -> datetime:
    """Some minutes after a fixed instant of the day before yesterday."""
    start = clock.now().timestamp() // 86400 * 86400 - 2 * 86400
    return datetime.fromtimestamp(start + 60 * minute, UTC)
