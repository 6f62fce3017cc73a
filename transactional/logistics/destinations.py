"""Where parcels go: a sealed copy of the address for each order or prize, opened only for those who send it."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from transactional.accounts.persons import personal
from transactional.accounts.persons.contacts import national
from transactional.accounts.persons.personal import ErasedError
from transactional.accounts.persons.schemas import AddressView
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.logistics.models import Destination
from transactional.orders.models import Order

PLACE = "destination"
FIELDS = ("recipient", "phone", "province", "city", "district", "street", "postcode")


@dataclass(frozen=True, slots=True)
class Place:
    """Recipient and address in clear. Never printed by accident."""

    recipient: str = field(repr=False)
    phone: str = field(repr=False)
    province: str = field(repr=False)
    city: str = field(repr=False)
    district: str = field(repr=False)
    street: str = field(repr=False)
    postcode: str = field(repr=False)

    @property
    def line(self) -> str:
        """Province to street, as it is written on a parcel."""
        region = self.province if self.city == self.province else f"{self.province}{self.city}"
        return f"{region}{self.district}{self.street}"

    @property
    def shown_phone(self) -> str:
        return national(self.phone)


async def keep(
    session: WriteSession,
    vault: Vault,
    purpose: str,
    reference: str,
    order_id: int | None,
    customer_id: int,
    address: AddressView,
) -> None:
    """The address for an order or a prize; kept before, it is replaced, as long as whoever sends has not read it."""
    values = {name: getattr(address, name) for name in FIELDS}
    sealed = await personal.seal(session, vault, customer_id, PLACE, values)
    content = {"data_key_id": sealed.data_key_id, "sealed": sealed.content}
    about = {"purpose": purpose, "reference": reference, "order_id": order_id, "customer_id": customer_id}
    added = insert(Destination).values({**about, **content})
    await session.execute(added.on_conflict_do_update(index_elements=["purpose", "reference"], set_=content))


async def reference_of(session: ReadSession, order_id: int) -> str:
    """The order's number."""
    return (await session.scalars(select(Order.order_no).where(Order.id == order_id))).one()


async def place_of(session: ReadSession, vault: Vault, purpose: str, reference: str) -> Place | None:
    """None when no address was given, or the customer was erased since."""
    found = select(Destination).where(Destination.purpose == purpose, Destination.reference == reference)
    row = await session.scalar(found)
    if row is None:
        return None
    try:
        sealed = personal.Sealed(row.data_key_id, bytes(row.sealed))
        return Place(**await personal.unseal(session, vault, row.customer_id, PLACE, sealed))
    except ErasedError:
        return None
