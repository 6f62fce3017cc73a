"""Takes couriers' statements in: whole or not at all, once, each charge posted to the goods of its parcel.

A tracking number that is not the shop's costs money all the same: posted to no order item, and said.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.db import WriteSession
from transactional.errors import FieldProblem
from transactional.ledger import service as ledger
from transactional.ledger.other_rules import courier_paid
from transactional.logistics import charge_file, charge_queries
from transactional.logistics.charge_models import CourierStatement
from transactional.logistics.charge_rules import Charge, StatedCharge, charges
from transactional.logistics.couriers import COURIERS, courier_code
from transactional.logistics.errors import ChargesOfOtherCourierError, UnknownCourierError
from transactional.statement_intake import (
    MOST_REMARKS,
    NewFile,
    TakenIn,
    digest_of,
    late_remarks,
    one_at_a_time,
    stored,
)


async def take_in(
    session: WriteSession, new: NewFile, zone: ZoneInfo, currency: str, staff_id: int | None = None
) -> TakenIn:
    """Stores a statement of a courier and posts what it adds; the same file again changes nothing.

    Raises UnknownCourierError, RefusedFileError naming each bad cell, ChargesOfOtherCourierError.
    """
    courier = courier_code(new.sender)
    if courier is None:
        raise UnknownCourierError(name=new.sender, known=", ".join(COURIERS))
    await one_at_a_time(session, "courier")
    if known := await charge_queries.stored(session, digest_of(new.content)):
        if known.courier != courier:
            raise ChargesOfOtherCourierError(code=known.courier)
        return TakenIn(known.public_id, False, known.line_count, known.total_fen)
    today = clock.business_date(clock.now(), zone)
    lines = charge_file.read(new.file_name, new.content, courier, currency, today)
    statement = CourierStatement(courier=courier)
    await stored(session, statement, new, lines, staff_id)
    kept = await _kept(session, courier, lines)
    await _post(session, statement, kept, zone)
    taken = await _taken(session, statement, kept)
    detail = {"courier": courier, "lines": len(lines), "posted_fen": taken.posted_fen, "source": new.source}
    subject = f"courier-statement:{statement.public_id}"
    await accounts.record_act(session, staff_id, "import_courier_costs", subject, detail=detail)
    return taken


async def _kept(session: WriteSession, courier: str, lines: Sequence[StatedCharge]) -> list[Charge]:
    numbers = sorted({line.tracking_no for line in lines})
    posted = await charge_queries.posted(session, courier, numbers)
    return charges(lines, posted, await charge_queries.parcels(session, courier, numbers))


async def _post(session: WriteSession, statement: CourierStatement, kept: Sequence[Charge], zone: ZoneInfo) -> None:
    ids = await charge_queries.keep(session, statement, kept)
    postings = [
        courier_paid(number, each.posted_fen, each.order_item_id, clock.start_of(each.line.day, zone))
        for number, each in zip(ids, kept, strict=True)
    ]
    await ledger.post(session, postings, zone)


async def _taken(session: WriteSession, statement: CourierStatement, kept: Sequence[Charge]) -> TakenIn:
    remarks = await late_remarks(session, [each.line.day for each in kept if each.posted_fen])
    remarks += _strangers(kept)
    restated = {each.line.line_no for each in kept if each.posted_fen not in (0, each.amount_fen)}
    posted_fen = sum(each.posted_fen for each in kept)
    total = (statement.line_count, statement.total_fen)
    return TakenIn(statement.public_id, True, *total, posted_fen, len(restated), tuple(remarks))


def _strangers(kept: Sequence[Charge]) -> list[FieldProblem]:
    """Lines of parcels that are not the shop's."""
    lines = [each.line for each in kept if each.shipment_id is None]
    reason = "No parcel of the shop has the number {number}; the charge is posted to no order item."
    named = [
        FieldProblem(f"row {line.row}, column tracking_no", reason, (("number", line.tracking_no),))
        for line in lines[:MOST_REMARKS]
    ]
    if len(lines) > MOST_REMARKS:
        more = "{lines} more lines are of parcels that are not the shop's."
        named.append(FieldProblem("file", more, (("lines", f"{len(lines) - MOST_REMARKS:,}"),)))
    return named
