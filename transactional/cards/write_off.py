"""Codes that will never be sold: withdrawn by staff, or expired. Bad ones are `defects`'."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.cards import stock_queries as queries
from transactional.cards.schemas import WrittenOff
from transactional.cards.stock_queries import VoidedCard
from transactional.db import WriteSession
from transactional.ledger import service as ledger
from transactional.ledger.rules import Posting
from transactional.ledger.stock_rules import code_lost

EXPIRED_AT_ONCE = 1000


async def void_batch(
    session: WriteSession,
    batch: UUID,
    reason: str,
    staff_id: int | None,
    zone: ZoneInfo,
    *,
    count: int | None = None,
) -> WrittenOff:
    """Takes what is left of a batch, or so many of it, out of sale; what is held for an order stays.

    Raises NotFoundError.
    """
    at = clock.now()
    row = await queries.locked_batch(session, batch)
    gone = await queries.void_unsold(session, row.id, at, count)
    await ledger.post(session, list(_postings("void", gone, at)), zone)
    detail = {"count": len(gone)}
    await accounts.record_act(session, staff_id, "void_cards", f"card-batch:{batch}", reason=reason, detail=detail)
    return WrittenOff(batch_id=batch, count=len(gone), lost_fen=_cost_fen(gone))


async def write_off_expired(session: WriteSession, zone: ZoneInfo) -> int:
    """Some of the codes whose time is over and that nobody holds; how many. Again and again, until it answers 0."""
    at = clock.now()
    gone = await queries.void_expired(session, at, EXPIRED_AT_ONCE)
    await ledger.post(session, list(_postings("expired", gone, at)), zone)
    return len(gone)


def _postings(event: str, gone: Iterable[VoidedCard], at: datetime) -> Iterable[Posting]:
    """One a batch. A code is written off once, so the first one's number names the act."""
    by_batch: dict[int, list[VoidedCard]] = defaultdict(list)
    for card in gone:
        by_batch[card.batch_id].append(card)
    for cards in by_batch.values():
        yield code_lost(f"{event}:{min(card.id for card in cards)}", _cost_fen(cards), at)


def _cost_fen(cards: Iterable[VoidedCard]) -> int:
    return sum(card.cost_fen or 0 for card in cards)
