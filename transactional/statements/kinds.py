"""The kinds of statements that come in by file, by the name of their folder in the inbox, and who takes each in."""

from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from mingsuan import money
from transactional.db import WriteSession
from transactional.errors import FieldProblem
from transactional.logistics import courier_costs
from transactional.marketing import service as marketing
from transactional.statement_intake import NewFile, TakenIn
from transactional.statements.errors import UnknownChannelError
from transactional.suppliers.models import SupplierStatement, SupplyChannel
from transactional.suppliers.money import statements
from transactional.suppliers.money.statements import NewStatement


class Intake(Protocol):
    """Takes one file in, in the caller's transaction; `staff_id` is None for the command line. Raises ShopError."""

    async def __call__(
        self, session: WriteSession, new: NewFile, zone: ZoneInfo, currency: str, staff_id: int | None = None
    ) -> TakenIn: ...


async def _supplier_statement(
    session: WriteSession, new: NewFile, zone: ZoneInfo, currency: str, staff_id: int | None = None
) -> TakenIn:
    """Of the channel whose code is the sender's; its days are those of its lines. Differences are posted by people."""
    channel_id = await session.scalar(select(SupplyChannel.id).where(SupplyChannel.code == new.sender))
    if channel_id is None:
        raise UnknownChannelError(name=new.sender)
    asked = NewStatement(channel_id, new.file_name, new.content, new.source)
    taken = await statements.take_in(session, asked, zone, currency, staff_id)
    total = select(func.sum(SupplierStatement.total_fen)).where(SupplierStatement.public_id == taken.id)
    reason = "{lines} lines differ from the books, by {amount} in all; each waits at the desk to be settled."
    found = (("lines", f"{taken.difference_count:,}"), ("amount", money.text(taken.difference_fen, currency)))
    remarks = (FieldProblem("file", reason, found),) if taken.difference_count else ()
    return TakenIn(taken.id, taken.is_new, taken.line_count, int(await session.scalar(total) or 0), remarks=remarks)


KINDS: dict[str, Intake] = {
    "ad-spend": marketing.take_in,
    "courier": courier_costs.take_in,
    "supplier-statements": _supplier_statement,
}
