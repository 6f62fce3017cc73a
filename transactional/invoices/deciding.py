"""What staff do with requests for invoices: record the issued one, refuse, record its red flush (冲红) after refunds.

The invoice itself is made in the tax authority's software; here is written down what it made.
"""

import base64
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from transactional.accounts.persons import personal
from transactional.accounts.service import record_act
from transactional.backoffice.service import open_case, resolve_subject
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.invoices import queries
from transactional.invoices.errors import (
    InvoiceAmountChangedError,
    InvoiceDecidedError,
    InvoiceNumberUsedError,
    NotAnInvoiceFileError,
)
from transactional.invoices.models import Invoice, InvoiceOrder
from transactional.invoices.rules import LARGEST_FILE_BYTES, file_type_of
from transactional.invoices.service import FILE_PLACE, amounts_of
from transactional.notices import service as notices
from transactional.shop import Shop

CASE = "invoice_to_red_flush"
LONGEST_NUMBER = 30


@dataclass(frozen=True, slots=True)
class Issued:
    """What the tax software made: electronic invoices since 2024 have a number of 20 digits and no code."""

    number: str
    code: str
    issued_on: date
    amount_fen: int
    file: bytes


async def issue(
    session: WriteSession, shop: Shop, invoice_id: UUID, issued: Issued, staff_id: int, at: datetime
) -> None:
    """Raises NotFoundError, InvoiceDecidedError, InvoiceAmountChangedError, InvoiceNumberUsedError,
    NotAnInvoiceFileError, InvalidInputError."""
    row = await _locked(session, invoice_id, "requested")
    if await _now_fen(session, row) != issued.amount_fen:
        raise InvoiceAmountChangedError
    number, code = _number("number", issued.number), issued.code.strip()
    if len(code) > LONGEST_NUMBER or issued.issued_on > at.astimezone(shop.zone).date():
        raise InvalidInputError([FieldProblem("body.issued_on", "This is not a value that can be used here.")])
    if issued.file:
        await _keep_file(session, shop, row, issued.file)
    row.state, row.amount_fen, row.issued_on = "issued", issued.amount_fen, issued.issued_on
    row.number, row.code, row.decided_by, row.decided_at = number, code, staff_id, at
    await _flushed(session)
    detail = {"amount_fen": row.amount_fen, "number": number}
    await record_act(session, staff_id, "issue_invoice", str(invoice_id), detail=detail)
    await notices.tell(
        session, row.customer_id, "invoice_issued", f"invoice:{invoice_id}", {"amount_fen": row.amount_fen}
    )


async def refuse(session: WriteSession, invoice_id: UUID, reason: str, staff_id: int, at: datetime) -> None:
    """The orders can be asked for again. Raises NotFoundError, InvoiceDecidedError, InvalidInputError."""
    row = await _locked(session, invoice_id, "requested")
    if not reason.strip():
        raise InvalidInputError([FieldProblem("body.reason", "Is required.")])
    row.state, row.reason, row.decided_by, row.decided_at = "refused", reason.strip()[:500], staff_id, at
    await _release(session, row)
    await record_act(session, staff_id, "refuse_invoice", str(invoice_id), reason=reason)


async def red_flush(
    session: WriteSession, invoice_id: UUID, red_number: str, flushed_on: date, staff_id: int, at: datetime, shop: Shop
) -> None:
    """The invoice was cancelled by a red one: what is left of its orders can be asked for again.

    Raises NotFoundError, InvoiceDecidedError, InvoiceNumberUsedError, InvalidInputError.
    """
    row = await _locked(session, invoice_id, "issued")
    number = _number("red_number", red_number)
    if flushed_on > at.astimezone(shop.zone).date() or (row.issued_on and flushed_on < row.issued_on):
        raise InvalidInputError([FieldProblem("body.flushed_on", "This is not a value that can be used here.")])
    if number == row.number:
        raise InvoiceNumberUsedError
    row.state, row.red_number, row.red_flushed_on, row.red_due_at = "red_flushed", number, flushed_on, None
    await _flushed(session)
    await _release(session, row)
    await resolve_subject(session, CASE, str(invoice_id), "red-flushed", staff_id)
    detail = {"amount_fen": row.amount_fen, "number": number}
    await record_act(session, staff_id, "red_flush_invoice", str(invoice_id), detail=detail)


async def watch_refunds(session: WriteSession, at: datetime) -> int:
    """Marks issued invoices whose orders were refunded below their amount, and opens a case of each; how many."""
    found = (await session.execute(queries.TO_FLUSH, {"at": at})).all()
    for row in found:
        await open_case(session, CASE, str(row.public_id), row.amount_fen)
    return len(found)


async def _locked(session: WriteSession, invoice_id: UUID, state: str) -> Invoice:
    named = select(Invoice).where(Invoice.public_id == invoice_id).execution_options(populate_existing=True)
    row = await session.scalar(named.with_for_update())
    if row is None:
        raise NotFoundError
    if row.state != state:
        raise InvoiceDecidedError
    return row


async def _now_fen(session: WriteSession, row: Invoice) -> int:
    """What its orders come to now; they are locked, so that no refund slips in between."""
    ids = list(await session.scalars(select(InvoiceOrder.order_id).where(InvoiceOrder.invoice_id == row.id)))
    await session.execute(queries.LOCK_BY_ID, {"ids": ids})
    return sum((await amounts_of(session, ids)).values())


def _number(field: str, typed: str) -> str:
    number = "".join(typed.split())
    if not (number.isascii() and number.isalnum() and len(number) <= LONGEST_NUMBER):
        raise InvalidInputError([FieldProblem(f"body.{field}", "Is required.")])
    return number


async def _keep_file(session: WriteSession, shop: Shop, row: Invoice, content: bytes) -> None:
    kind = file_type_of(content) if len(content) <= LARGEST_FILE_BYTES else None
    if kind is None:
        raise NotAnInvoiceFileError
    values = {"file": base64.b64encode(content).decode()}
    sealed = await personal.seal(session, shop.vault, row.customer_id, FILE_PLACE, values)
    row.file_type, row.file_key_id, row.sealed_file = kind, sealed.data_key_id, sealed.content


async def _flushed(session: WriteSession) -> None:
    """Raises InvoiceNumberUsedError."""
    try:
        async with session.begin_nested():
            await session.flush()
    except IntegrityError:
        raise InvoiceNumberUsedError from None


async def _release(session: WriteSession, row: Invoice) -> None:
    await session.execute(update(InvoiceOrder).where(InvoiceOrder.invoice_id == row.id).values(is_live=False))
