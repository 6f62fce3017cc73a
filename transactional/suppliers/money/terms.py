"""What the shop wants of a supplier: from which balance on a deposit is due, and a note for colleagues."""

from uuid import UUID

from sqlalchemy import select

from transactional.accounts import service as accounts
from transactional.db import WriteSession
from transactional.errors import NotFoundError
from transactional.suppliers.models import Supplier


async def change(
    session: WriteSession, supplier: UUID, low_balance_fen: int | None, note: str, staff_id: int | None
) -> None:
    """`low_balance_fen` None: nobody is told of a low balance. Raises NotFoundError."""
    row = await session.scalar(select(Supplier).where(Supplier.public_id == supplier).with_for_update(key_share=True))
    if row is None:
        raise NotFoundError
    detail = {"before_fen": row.low_balance_fen, "after_fen": low_balance_fen}
    row.low_balance_fen, row.note = low_balance_fen, note
    await session.flush()
    await accounts.record_act(session, staff_id, "change_supplier", f"supplier:{supplier}", detail=detail)
