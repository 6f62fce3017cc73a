"""What other slices call: keep where an order's goods go, and show its parcels."""

from transactional.accounts.persons.schemas import AddressView
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.logistics import destinations, queries
from transactional.logistics.schemas import ParcelView


async def ship_to(session: WriteSession, vault: Vault, order_id: int, customer_id: int, address: AddressView) -> None:
    """A sealed copy of the address for an order with physical goods; what the customer changes later is not its."""
    reference = await destinations.reference_of(session, order_id)
    await destinations.keep(session, vault, "order", reference, order_id, customer_id, address)


async def parcels_of(session: ReadSession, order_id: int, vault: Vault | None = None) -> tuple[ParcelView, ...]:
    """An order's parcels, oldest first. The courier's last word is sealed: it is there when a vault is given."""
    return await queries.of_order(session, order_id, vault)
