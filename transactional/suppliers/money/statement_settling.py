"""How a difference between a statement and the ledger is settled: theirs is accepted and posted, disputed, or noted.

A disputed one stays open: the supplier puts it right in a later statement, or the shop accepts after all.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.backoffice.models import ReviewCase
from transactional.db import WriteSession
from transactional.errors import NotFoundError
from transactional.ledger.rules import Posting
from transactional.ledger.supplier_rules import statement_difference_accepted
from transactional.suppliers.errors import DifferenceOpenError, DifferenceSettledError
from transactional.suppliers.models import Purchase, Supplier, SupplierStatement, SupplierStatementLine, SupplyChannel
from transactional.suppliers.money import balances
from transactional.suppliers.states import OPEN

Way = Literal["accept", "dispute", "note"]
ACTS: dict[Way, str] = {"accept": "accept_difference", "dispute": "dispute_difference", "note": "note_difference"}
UNENDED = ("created", *OPEN, "written_off")
"""States of a purchase that a query may still end, with postings of its own."""
UNIT = text("""
select f.order_item_id as item_id, f.delivered_at from shop.purchase as p
join shop.fulfilment as f on f.id = p.fulfilment_id where p.id = :purchase_id
""")


@dataclass(frozen=True, slots=True)
class _Difference:
    line: SupplierStatementLine
    case: ReviewCase
    supplier: Supplier
    channel: SupplyChannel
    purchase: Purchase | None


async def settle(session: WriteSession, line: UUID, way: Way, reason: str, staff_id: int, zone: ZoneInfo) -> None:
    """Raises NotFoundError, DifferenceSettledError, and for "accept" DifferenceOpenError while its purchase has no end
    yet: what a query learns of it would be booked a second time.
    """
    found = await _locked(session, line)
    at = clock.now()
    if way == "accept":
        await _accept(session, found, at, zone)
    detail = {**found.case.detail, "settled": way, "said": reason}
    found.case.detail = detail
    if way != "dispute":
        found.case.state, found.case.resolution = "resolved", reason
        found.case.resolved_at, found.case.resolved_by = at, staff_id
    await session.flush()
    about = {"difference_fen": found.line.difference_fen, "channel": found.channel.code}
    await accounts.record_act(session, staff_id, ACTS[way], f"statement-line:{line}", reason=reason, detail=about)


async def _locked(session: WriteSession, public_id: UUID) -> _Difference:
    """The difference with its case locked and still open."""
    one = (
        select(SupplierStatementLine, ReviewCase, SupplyChannel, Supplier)
        .join(ReviewCase, ReviewCase.id == SupplierStatementLine.case_id)
        .join(SupplierStatement, SupplierStatement.id == SupplierStatementLine.statement_id)
        .join(SupplyChannel, SupplyChannel.id == SupplierStatement.channel_id)
        .join(Supplier, Supplier.id == SupplyChannel.supplier_id)
        .where(SupplierStatementLine.public_id == public_id)
        .with_for_update(of=ReviewCase)
    )
    row = (await session.execute(one)).one_or_none()
    if row is None:
        raise NotFoundError
    line, case, channel, supplier = row
    if case.state != "open":
        raise DifferenceSettledError
    purchase = None
    if line.purchase_id is not None:
        purchase = await session.get(Purchase, line.purchase_id, with_for_update=True, populate_existing=True)
    return _Difference(line, case, supplier, channel, purchase)


async def _accept(session: WriteSession, found: _Difference, at: datetime, zone: ZoneInfo) -> None:
    if found.purchase is not None and found.purchase.state in UNENDED:
        raise DifferenceOpenError
    await balances.post(session, [await _posting(session, found, at)], zone)


async def _posting(session: WriteSession, found: _Difference, at: datetime) -> Posting:
    """What a delivered good cost after all is its cost; anything else is a loss with the supplier, or a gain."""
    unit, purchase = None, found.purchase
    if purchase is not None:
        unit = (await session.execute(UNIT, {"purchase_id": purchase.id})).one()
    is_cost = (
        found.line.verdict == "amount_differs"
        and purchase is not None
        and purchase.state == "succeeded"
        and unit is not None
        and unit.delivered_at is not None
    )
    return statement_difference_accepted(
        found.line.id,
        found.line.difference_fen,
        purchase.prepaid if purchase is not None else found.supplier.terms == "prepaid",
        unit.item_id if unit is not None else None,
        at,
        component="cogs" if is_cost else "supplier_losses",
        supplier_id=found.supplier.id,
        channel_id=found.channel.id,
    )
