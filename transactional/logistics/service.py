"""What other slices call: keep where an order's goods, or a prize, go, send a prize, and show an order's parcels."""

from transactional.accounts.persons.schemas import AddressView
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.logistics import destinations, prizes, queries
from transactional.logistics.destinations import Place
from transactional.logistics.schemas import ParcelView


async def ship_to(session: WriteSession, vault: Vault, order_id: int, customer_id: int, address: AddressView) -> None:
    """A sealed copy of the address for an order with physical goods; what the customer changes later is not its."""
    reference = await destinations.reference_of(session, order_id)
    await destinations.keep(session, vault, "order", reference, order_id, customer_id, address)


async def prize_to(session: WriteSession, vault: Vault, reference: str, customer_id: int, address: AddressView) -> None:
    """A sealed copy of the address that a prize is sent to."""
    await destinations.keep(session, vault, "prize", reference, None, customer_id, address)


async def send_prize(
    session: WriteSession, reference: str, customer_id: int, courier: str, tracking_no: str, staff_id: int | None
) -> int:
    """A prize's parcel is on its way; its id inside the shop. Raises InvalidInputError, ParcelKnownError."""
    return await prizes.send(session, reference, customer_id, courier, tracking_no, staff_id)


async def prize_place(session: ReadSession, vault: Vault, reference: str) -> Place | None:
    """Where a prize goes, in clear, for whoever sends it; None when no address was given, or none is kept any more."""
    return await destinations.place_of(session, vault, "prize", reference)


async def parcels_of(session: ReadSession, order_id: int, vault: Vault | None = None) -> tuple[ParcelView, ...]:
    """An order's parcels, oldest first. The courier's last word is sealed: it is there when a vault is given."""
    return await queries.of_order(session, order_id, vault)
