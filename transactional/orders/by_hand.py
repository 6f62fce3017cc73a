"""What staff hand over: the content of a service, a top-up or a code got elsewhere; parcels that are on their way."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.cards import pool
from transactional.cards import service as cards
from transactional.cards.vault import Vault
from transactional.db import WriteSession
from transactional.errors import NotFoundError
from transactional.ledger.rules import Account
from transactional.orders import fulfilment_queries as queries
from transactional.orders import handing_over, progress
from transactional.orders.errors import UnitNotWaitingError
from transactional.orders.fulfilment_queries import Unit
from transactional.suppliers import service as suppliers


@dataclass(frozen=True, slots=True)
class DoneByHand:
    """A unit that staff delivered, and what became of its order."""

    fulfilment_id: UUID
    order_no: str
    order_state: str
    delivered_at: datetime


async def deliver(
    session: WriteSession,
    vault: Vault,
    fulfilment: UUID,
    content: str,
    cost_fen: int | None,
    staff_id: int,
    zone: ZoneInfo,
) -> DoneByHand:
    """Content for a unit that waits for people, a supplier or stock; sealed until its owner shows it.

    The cost, None when unknown, is owed to whoever supplied it. Raises NotFoundError, UnitNotWaitingError,
    PurchaseOpenError while a supplier may still deliver it, too.
    """
    unit = await _locked(session, fulfilment)
    if unit.kind == "physical":
        raise UnitNotWaitingError
    await suppliers.refuse_while_bought(session, [unit.fulfilment_id])
    await cards.seal_delivery(session, vault, unit.fulfilment_id, content, staff_id)
    at = clock.now()
    costs = {unit.fulfilment_id: cost_fen}
    await handing_over.record(session, [unit], costs, at, zone, staff_id, Account.SUPPLIER_PAYABLE)
    await suppliers.done_by_hand(session, unit.fulfilment_id, cost_fen, at)
    return await _done(session, unit, "deliver_by_hand", staff_id, at)


async def ship(
    session: WriteSession,
    vault: Vault,
    fulfilment: UUID,
    courier: str,
    tracking_no: str,
    staff_id: int,
    zone: ZoneInfo,
) -> DoneByHand:
    """A physical unit that is kept for its order leaves the stock at its own cost; the parcel's number is sealed.

    Raises NotFoundError, UnitNotWaitingError when it is no such unit or none is in stock for it.
    """
    unit = await _locked(session, fulfilment)
    at = clock.now()
    own = [pool.UnitOfItem(unit.fulfilment_id, unit.item_id, unit.sku_id)]
    handed = await pool.deliver(session, own, at) if (unit.kind, unit.waits_for) == ("physical", "manual") else ()
    if not handed:
        raise UnitNotWaitingError
    await cards.seal_delivery(session, vault, unit.fulfilment_id, f"{courier} {tracking_no}", staff_id)
    await handing_over.record(session, [unit], {unit.fulfilment_id: handed[0].cost_fen}, at, zone, staff_id)
    return await _done(session, unit, "ship", staff_id, at)


async def _locked(session: WriteSession, fulfilment: UUID) -> Unit:
    """The unit with its order locked, if it waits."""
    found = await queries.unit_by_public_id(session, fulfilment)
    if found is None:
        raise NotFoundError
    await queries.lock_orders(session, [found.order_id])
    unit = await queries.unit_by_public_id(session, fulfilment)
    if unit is None or unit.paid_at is None or unit.state != "waiting":
        raise UnitNotWaitingError
    return unit


async def _done(session: WriteSession, unit: Unit, act: str, staff_id: int, at: datetime) -> DoneByHand:
    await record_act(session, staff_id, act, f"order:{unit.order_no}", detail={"fulfilment": str(unit.public_id)})
    await progress.note(session, unit.order_id, "unit_delivered", at, fulfilment=str(unit.public_id))
    state = await progress.settled(session, unit.order_id, at)
    return DoneByHand(unit.public_id, unit.order_no, state, at)
