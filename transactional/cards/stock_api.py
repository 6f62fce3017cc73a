"""JSON API of staff over what happens to stock besides being sold: bad codes, withdrawals, credits, corrected costs."""

from uuid import UUID

from fastapi import APIRouter

from transactional.cards import batch_costs, defects, write_off
from transactional.cards.batch_api import DONE_BY_STAFF, allow
from transactional.cards.errors import NoReplacementError, NotInStockError
from transactional.cards.schemas import (
    BatchAccount,
    CardDefectView,
    NewCost,
    NewCredit,
    NewDefect,
    NewVoid,
    WrittenOff,
)
from transactional.edge import AsStaff, ShopHere, Writing
from transactional.errors import FieldProblem, InvalidInputError
from transactional.idempotency import CommandKey, Key, once
from transactional.problems import responses

router = APIRouter(tags=["staff"])


@router.post(
    "/staff/card-defects",
    status_code=201,
    responses=responses(*DONE_BY_STAFF, NotInStockError, NoReplacementError),
)
async def report_defect(member: AsStaff, session: Writing, shop: ShopHere, key: Key, new: NewDefect) -> CardDefectView:
    """Charge a code that does not work to its batch; a customer who has it gets another."""
    allow(member, "mend_stock")
    if (new.code is None) == (new.fulfilment_id is None):
        raise InvalidInputError([FieldProblem("body", "Name either the code or the unit that it was delivered for.")])
    bad = defects.BadCode(shop.vault.fingerprint(new.code) if new.code else None, new.fulfilment_id)
    named = bad.fingerprint.hex() if bad.fingerprint else bad.fulfilment

    async def work() -> CardDefectView:
        return await defects.report_defect(session, bad, new.reason, member.id, shop.zone)

    command = CommandKey(f"staff:{member.public_id}", key, f"defect {named} {new.reason}")
    return await once(session, command, CardDefectView, work)


@router.post("/staff/card-batches/{batch_id}/credits", status_code=201, responses=responses(*DONE_BY_STAFF))
async def credit_batch(
    member: AsStaff, session: Writing, shop: ShopHere, key: Key, batch_id: UUID, new: NewCredit
) -> BatchAccount:
    """Record what the supplier gave back for bad codes of a batch."""
    allow(member, "mend_stock")

    async def work() -> BatchAccount:
        return await batch_costs.credit_batch(
            session, batch_id, new.amount_fen, new.reason, member.id, shop.zone, prepaid=new.prepaid
        )

    command = CommandKey(f"staff:{member.public_id}", key, f"credit {batch_id} {new.model_dump_json()}")
    return await once(session, command, BatchAccount, work)


@router.post("/staff/card-batches/{batch_id}/cost-corrections", status_code=201, responses=responses(*DONE_BY_STAFF))
async def correct_batch_cost(
    member: AsStaff, session: Writing, shop: ShopHere, key: Key, batch_id: UUID, new: NewCost
) -> BatchAccount:
    """Say what a batch really cost; the difference is posted today, where each code's cost stands."""
    allow(member, "mend_stock")

    async def work() -> BatchAccount:
        return await batch_costs.correct_cost(session, batch_id, new.total_cost_fen, new.reason, member.id, shop.zone)

    command = CommandKey(f"staff:{member.public_id}", key, f"cost {batch_id} {new.model_dump_json()}")
    return await once(session, command, BatchAccount, work)


@router.post("/staff/card-batches/{batch_id}/voids", status_code=201, responses=responses(*DONE_BY_STAFF))
async def void_batch(
    member: AsStaff, session: Writing, shop: ShopHere, key: Key, batch_id: UUID, new: NewVoid
) -> WrittenOff:
    """Take what is left of a batch, or so many of it, out of sale."""
    allow(member, "mend_stock")

    async def work() -> WrittenOff:
        return await write_off.void_batch(session, batch_id, new.reason, member.id, shop.zone, count=new.count)

    command = CommandKey(f"staff:{member.public_id}", key, f"void {batch_id} {new.model_dump_json()}")
    return await once(session, command, WrittenOff, work)
