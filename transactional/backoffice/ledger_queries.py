"""SQL of the ledger's pages: one posting with its entries, document lines and seal; the newest seals."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession

POSTING = text("""
select t.id, t.public_id, t.reference, t.event, t.effective_at, t.ledger_date, t.created_at, o.order_no
from shop.ledger_transaction as t left join shop.orders as o on o.id = t.order_id where t.public_id = :public_id
""")
ENTRIES = text("""
select e.account, a.name_zh, a.name_en, e.amount_fen, c.public_id as customer
from shop.ledger_entry as e join shop.ledger_account as a on a.code = e.account
left join shop.customer as c on c.id = e.customer_id where e.transaction_id = :id order by e.id
""")
LINES = text("""
select l.kind, l.component, l.amount_fen, i.line_no, l.effective_at from shop.document_line as l
left join shop.order_item as i on i.id = l.order_item_id where l.transaction_id = :id order by l.id
""")
SEAL_OF = text("""
select seal_no, sealed_at from shop.ledger_seal
where highest_id >= :id and lowest_id <= :id and :id = any(transaction_ids) order by seal_no limit 1
""")
SEALS = text("""
select seal_no, transaction_count, encode(merkle_root, 'hex') as root, encode(head, 'hex') as head, sealed_at
from shop.ledger_seal where cast(:before as bigint) is null or seal_no < :before order by seal_no desc limit :limit
""")
NAMES = text("select public_id from shop.ledger_transaction where reference = :reference")
A_PAGE = 50


async def posting(session: ReadSession, public_id: UUID) -> Any:
    """The posting's own row, None when there is none."""
    return (await session.execute(POSTING, {"public_id": public_id})).one_or_none()


async def named(session: ReadSession, reference: str) -> UUID | None:
    """A posting by its reference."""
    found: UUID | None = await session.scalar(NAMES, {"reference": reference})
    return found


async def parts(session: ReadSession, number: int) -> tuple[Sequence[Any], Sequence[Any], Any]:
    """Entries, document lines, and the seal (None while there is none) of a posting."""
    of = {"id": number}
    entries = (await session.execute(ENTRIES, of)).all()
    lines = (await session.execute(LINES, of)).all()
    return entries, lines, (await session.execute(SEAL_OF, of)).one_or_none()


async def seals(session: ReadSession, before: int | None) -> tuple[Sequence[Any], bool]:
    """The newest seals, and whether there are more."""
    rows = (await session.execute(SEALS, {"before": before, "limit": A_PAGE + 1})).all()
    return rows[:A_PAGE], len(rows) > A_PAGE
