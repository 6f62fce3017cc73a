"""Codes that turned out bad: charged to their batch, and replaced where a customer has one.

Giving the money back instead is the payments' act; a unit that was refunded needs no other code.
"""

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.cards import pool
from transactional.cards import stock_queries as queries
from transactional.cards.errors import NoReplacementError, NotInStockError
from transactional.cards.models import CardDefect
from transactional.cards.schemas import CardDefectView
from transactional.cards.stock_queries import Situation
from transactional.db import WriteSession
from transactional.ledger import service as ledger
from transactional.ledger.stock_rules import code_lost
from transactional.suppliers.money import claims


@dataclass(frozen=True, slots=True)
class BadCode:
    """Which code: by its keyed hash, or by the fulfilment that has it."""

    fingerprint: bytes | None
    fulfilment: UUID | None


async def report_defect(
    session: WriteSession, bad: BadCode, reason: str, staff_id: int | None, zone: ZoneInfo
) -> CardDefectView:
    """In stock, the code's cost is lost; with a customer, the cost of the code that takes its place. What came from a
    known supplier is claimed from it.

    Raises NotFoundError, NotInStockError for a code written off or reported before, NoReplacementError while no other
    is free.
    """
    card_id, unit = await queries.find_card(session, bad.fingerprint, bad.fulfilment)
    card = await queries.locked_situation(session, card_id, unit)
    if card.state not in ("available", "delivered"):
        raise NotInStockError
    if card.unit != unit:  # sold, or replaced, since it was found
        return await report_defect(session, bad, reason, staff_id, zone)
    replacement = await _replace(session, card)
    defect = CardDefect(
        card_id=card.id,
        batch_id=card.batch_id,
        fulfilment_id=card.unit,
        replacement_card_id=replacement.card_id if replacement else None,
        cost_fen=card.cost_fen,
        reason=reason,
        reported_by=staff_id,
        reported_at=clock.now(),
    )
    session.add(defect)
    await session.flush()
    lost_fen = _lost_fen(card, replacement)
    about = (card.item_id, card.unit, card.customer_id) if card.item_id and card.unit and card.customer_id else None
    posting = code_lost(f"defect:{defect.id}", lost_fen or 0, defect.reported_at, about)
    await ledger.post(session, [posting], zone)
    if await queries.has_supplier(session, card.batch_id):
        await claims.of_defect(session, defect.id, reason, staff_id)
    detail = {"fulfilment": str(card.unit_public_id) if card.unit else None, "replaced": replacement is not None}
    await accounts.record_act(
        session, staff_id, "report_defect", f"card-batch:{card.batch}", reason=reason, detail=detail
    )
    return CardDefectView(
        batch_id=card.batch,
        fulfilment_id=card.unit_public_id,
        replaced=replacement is not None,
        lost_fen=lost_fen,
        reported_at=defect.reported_at,
    )


async def _replace(session: WriteSession, card: Situation) -> pool.Handed | None:
    """Another code for the customer; none for a code in stock, or of a unit that is being refunded."""
    if card.unit is None or card.unit_state != "delivered":
        await queries.mark_defective(session, card.id)
        return None
    handed = await pool.replace(session, card.id, card.unit, card.sku_id, clock.now())
    if handed is None:
        raise NoReplacementError
    return handed


def _lost_fen(card: Situation, replacement: pool.Handed | None) -> int | None:
    """The bad code's own cost was spent on the sale already, when there was one."""
    if card.unit is None:
        return card.cost_fen
    return replacement.cost_fen if replacement else 0
