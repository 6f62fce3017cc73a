"""What lies prepaid with each supplier and what it is owed, kept in step with the ledger: the one way to post either.

Postings that name no supplier pass through as they are.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal

from sqlalchemy import text

from transactional.db import ReadSession, WriteSession
from transactional.ledger import service as ledger
from transactional.ledger.rules import Account, Posting

MOVE = text("""
insert into shop.supplier_balance as b (supplier_id, prepaid_fen, payable_fen) values (:supplier, :prepaid, :payable)
on conflict (supplier_id) do update
set prepaid_fen = b.prepaid_fen + excluded.prepaid_fen, payable_fen = b.payable_fen + excluded.payable_fen
""")
TAKE = text("""
update shop.supplier_balance set prepaid_fen = prepaid_fen + :prepaid, payable_fen = payable_fen + :payable
where supplier_id = :supplier and prepaid_fen + :prepaid >= 0 returning supplier_id
""")
OF = text("""
select prepaid_fen, payable_fen, their_amount, their_amount_at from shop.supplier_balance where supplier_id = :supplier
""")
SAY = text("""
insert into shop.supplier_balance as b (supplier_id, their_amount, their_amount_at) values (:supplier, :amount, :at)
on conflict (supplier_id) do update set their_amount = excluded.their_amount, their_amount_at = excluded.their_amount_at
where b.their_amount_at is null or b.their_amount_at <= excluded.their_amount_at
""")


@dataclass(frozen=True, slots=True)
class Balance:
    """`their_amount` is what the supplier said last, in its currency."""

    prepaid_fen: int = 0
    payable_fen: int = 0
    their_amount: Decimal | None = None
    their_amount_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """By how much postings change a supplier's balance."""

    supplier_id: int
    prepaid_fen: int
    payable_fen: int


def moves(postings: Iterable[Posting]) -> tuple[Move, ...]:
    """What the postings do to suppliers' balances, by supplier in the order in which rows are to be locked. Pure."""
    prepaid: dict[int, int] = defaultdict(int)
    payable: dict[int, int] = defaultdict(int)
    for entry in (entry for posting in postings for entry in posting.entries):
        if entry.supplier_id is not None and entry.account is Account.SUPPLIER_PREPAID:
            prepaid[entry.supplier_id] += entry.amount_fen
        elif entry.supplier_id is not None and entry.account is Account.SUPPLIER_PAYABLE:
            payable[entry.supplier_id] -= entry.amount_fen
    return tuple(Move(supplier, prepaid[supplier], payable[supplier]) for supplier in sorted({*prepaid, *payable}))


async def post(session: WriteSession, postings: Sequence[Posting], zone: tzinfo) -> int:
    """Writes postings as `ledger.service.post` does, and moves the balances of the suppliers that they name."""
    for move in moves(postings):
        await session.execute(MOVE, _values(move))
    return await ledger.post(session, postings, zone)


async def reserve(session: WriteSession, posting: Posting, zone: tzinfo) -> bool:
    """Writes a posting that takes from what lies prepaid with one supplier, if that much lies there.

    False: too little, and nothing was written. What only adds to the payable always passes. Purchases that come
    together wait for each other's transaction here, so that none goes below zero.
    """
    for move in moves([posting]):
        if move.prepaid_fen >= 0:
            await session.execute(MOVE, _values(move))
        elif await session.scalar(TAKE, _values(move)) is None:
            return False
    await ledger.post(session, [posting], zone)
    return True


async def of(session: ReadSession, supplier_id: int) -> Balance:
    """All zero for a supplier that nothing was posted for yet."""
    row = (await session.execute(OF, {"supplier": supplier_id})).mappings().one_or_none()
    return Balance(**row) if row else Balance()


async def said(session: WriteSession, supplier_id: int, amount: Decimal, at: datetime) -> None:
    """Notes what the supplier itself says lies with it, in its currency; what is older than known is not noted."""
    await session.execute(SAY, {"supplier": supplier_id, "amount": amount, "at": at})


def _values(move: Move) -> dict[str, int]:
    return {"supplier": move.supplier_id, "prepaid": move.prepaid_fen, "payable": move.payable_fen}
