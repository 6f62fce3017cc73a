"""What the buying of goods does to an order's units: locked, handed over, given from stock, waiting for another thing.

All in the caller's transaction. Where a unit is bought, and for how much, belongs to the suppliers' slice; nothing of
it is told in an order's events.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text

from transactional.cards import pool
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.ledger.rules import Account
from transactional.orders import answers, handing_over, progress
from transactional.orders import fulfilment_queries as queries
from transactional.orders.fulfilment_queries import Unit
from transactional.orders.handing_over import Source

LINE_NO = text("select line_no from shop.order_item where id = :item_id")


async def unit(session: ReadSession, fulfilment_id: int) -> Unit:
    """Raises LookupError."""
    found = await queries.units_by_id(session, [fulfilment_id])
    if not found:
        raise LookupError(f"there is no fulfilment {fulfilment_id}")
    return found[0]


async def unit_named(session: ReadSession, public_id: UUID) -> Unit | None:
    return await queries.unit_by_public_id(session, public_id)


async def locked(session: WriteSession, fulfilment_id: int) -> Unit:
    """The unit as it is once nobody else can move its order. Raises LookupError."""
    known = await unit(session, fulfilment_id)
    await queries.lock_orders(session, [known.order_id])
    return await unit(session, fulfilment_id)


def is_wanted(one: Unit) -> bool:
    """Whether a good for this unit may still be bought and handed over."""
    return one.state == "waiting" and one.paid_at is not None


async def hand_over(
    session: WriteSession, one: Unit, cost_fen: int | None, at: datetime, zone: ZoneInfo, source: Source
) -> None:
    """A good that was bought for a waiting unit is its owner's; its cost leaves the purchases in flight."""
    costs = {one.fulfilment_id: cost_fen}
    await handing_over.record(session, [one], costs, at, zone, None, Account.PURCHASES_IN_FLIGHT, source)
    await _delivered(session, one, at)


async def give_from_stock(session: WriteSession, one: Unit, at: datetime, zone: ZoneInfo) -> pool.Handed | None:
    """A free code of the own pool for a waiting unit, None while there is none."""
    wanted = [pool.UnitOfItem(one.fulfilment_id, one.item_id, one.sku_id)]
    handed = await pool.reclaim(session, wanted, at)
    if not handed:
        return None
    await handing_over.record(session, [one], {one.fulfilment_id: handed[0].cost_fen}, at, zone)
    await _delivered(session, one, at)
    return handed[0]


async def hand_over_from_inventory(
    session: WriteSession, one: Unit, cost_fen: int | None, at: datetime, zone: ZoneInfo
) -> None:
    """A good that reached its owner by itself, and whose cost lies in the inventory."""
    await handing_over.record(session, [one], {one.fulfilment_id: cost_fen}, at, zone)
    await _delivered(session, one, at)


async def wait_for(session: WriteSession, one: Unit, what: str) -> None:
    """A waiting unit waits for a supplier, for people or for stock."""
    await queries.mark(session, [one], "waiting", what)


async def answers_of(session: ReadSession, vault: Vault, one: Unit) -> Mapping[str, str]:
    """What the buyer answered to the product's questions, in clear, by name; to be kept nowhere."""
    said = await answers.of_order(session, vault, one.order_no, None)
    line_no = await session.scalar(LINE_NO, {"item_id": one.item_id})
    return {answer.name: answer.value for answer in said.get(line_no or 0, ())}


async def _delivered(session: WriteSession, one: Unit, at: datetime) -> None:
    await progress.note(session, one.order_id, "unit_delivered", at, fulfilment=str(one.public_id))
    await progress.settled(session, one.order_id, at)
