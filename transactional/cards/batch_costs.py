"""What a batch cost, after the fact: credits of its supplier for bad codes, and a cost learnt late or corrected."""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from mingsuan import clock, money
from transactional.accounts import service as accounts
from transactional.cards import stock_queries as queries
from transactional.cards.models import BatchCostCorrection, BatchCredit
from transactional.cards.schemas import BatchAccount
from transactional.cards.stock_queries import CostedCard
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, InvalidInputError
from transactional.ledger.stock_rules import batch_cost_corrected, batch_credited
from transactional.orders import unit_costs
from transactional.suppliers.money import balances


async def account(session: ReadSession, batch: UUID) -> BatchAccount:
    """What became of a batch, code by code and to the fen. Raises NotFoundError."""
    return await queries.batch_account(session, batch, clock.now())


async def credit_batch(
    session: WriteSession,
    batch: UUID,
    amount_fen: int,
    reason: str,
    staff_id: int | None,
    zone: ZoneInfo,
    *,
    prepaid: bool = False,
) -> BatchAccount:
    """The supplier gives money back: less is owed, or (`prepaid`) the balance kept there grows.

    Raises NotFoundError.
    """
    row = await queries.locked_batch(session, batch)
    at = clock.now()
    credit = BatchCredit(batch_id=row.id, amount_fen=amount_fen, reason=reason, recorded_by=staff_id, credited_at=at)
    session.add(credit)
    await session.flush()
    posting = batch_credited(credit.id, amount_fen, at, prepaid, supplier_id=row.supplier_id)
    await balances.post(session, [posting], zone)
    detail = {"amount_fen": amount_fen, "prepaid": prepaid}
    await accounts.record_act(session, staff_id, "credit_batch", f"card-batch:{batch}", reason=reason, detail=detail)
    return await account(session, batch)


async def correct_cost(
    session: WriteSession, batch: UUID, total_cost_fen: int, reason: str, staff_id: int | None, zone: ZoneInfo
) -> BatchAccount:
    """The whole cost is another one than thought, or known at last; each code's share of it is posted where it went.

    While it runs, the batch's codes cannot be sold. Raises NotFoundError, InvalidInputError for the cost that it has.
    """
    row = await queries.locked_batch(session, batch)
    if row.total_cost_fen == total_cost_fen:
        raise InvalidInputError([FieldProblem("total_cost_fen", "That is the cost of the batch already.")])
    cards = await queries.locked_costs(session, row.id)
    shares = money.split(total_cost_fen, _weights(cards))
    await queries.set_costs(session, [card.id for card in cards], shares)
    await unit_costs.learn(session, {card.unit: new for card, new in zip(cards, shares, strict=True) if card.unit})
    before_fen, row.total_cost_fen = row.total_cost_fen, total_cost_fen
    correction = BatchCostCorrection(
        batch_id=row.id,
        difference_fen=total_cost_fen - sum(card.cost_fen or 0 for card in cards),
        reason=reason,
        recorded_by=staff_id,
        corrected_at=clock.now(),
    )
    session.add(correction)
    await session.flush()
    await _post(session, correction, row.supplier_id, cards, shares, zone)
    detail = {"before_fen": before_fen, "after_fen": total_cost_fen}
    await accounts.record_act(session, staff_id, "correct_cost", f"card-batch:{batch}", reason=reason, detail=detail)
    return await account(session, batch)


async def _post(
    session: WriteSession,
    correction: BatchCostCorrection,
    supplier_id: int | None,
    cards: Sequence[CostedCard],
    shares: Sequence[int],
    zone: ZoneInfo,
) -> None:
    in_stock_fen, lost_fen = 0, 0
    sold: list[tuple[int, int, int, int]] = []
    for card, new in zip(cards, shares, strict=True):
        difference_fen = new - (card.cost_fen or 0)
        if card.unit and card.item_id and card.customer_id:
            sold.append((card.item_id, card.unit, card.customer_id, difference_fen))
        elif card.in_stock:
            in_stock_fen += difference_fen
        else:
            lost_fen += difference_fen
    at = correction.corrected_at
    posting = batch_cost_corrected(correction.id, in_stock_fen, lost_fen, sold, at, supplier_id=supplier_id)
    await balances.post(session, [posting], zone)


def _weights(cards: Sequence[CostedCard]) -> list[int]:
    """Codes that differed in cost keep their proportions; else all cost the same."""
    known = [card.cost_fen for card in cards if card.cost_fen is not None]
    return known if len(known) == len(cards) else [1] * len(cards)
