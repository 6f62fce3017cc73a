"""Asking for an invoice over paid orders, and showing what was asked for. Deciding is `deciding`'s."""

import base64
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from mingsuan import clock
from transactional.accounts.persons import personal
from transactional.accounts.persons.personal import ErasedError, Sealed
from transactional.accounts.rules import email_problems
from transactional.accounts.schemas import CustomerSubject
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.idempotency import CommandKey, once
from transactional.invoices import queries
from transactional.invoices.errors import NotInvoiceableError
from transactional.invoices.models import Invoice, InvoiceOrder
from transactional.invoices.rules import MOST_ORDERS, is_credit_code, plain_code
from transactional.invoices.schemas import Buyer, GoodsLine, InvoiceableOrder, InvoiceView, Named
from transactional.shop import Shop

PLACE, FILE_PLACE = "invoice", "invoice_file"
LONGEST_TITLE = 100


async def invoiceable(
    session: ReadSession, customer_id: int, days: int, at: datetime, limit: int = 100
) -> tuple[InvoiceableOrder, ...]:
    """Orders whose money no invoice is over yet, newest first; paid within so many days."""
    values = {"customer_id": customer_id, "since": at - timedelta(days=days), "limit": limit}
    rows = await session.execute(queries.INVOICEABLE, values)
    return tuple(InvoiceableOrder.model_validate(row) for row in rows)


async def request(
    session: WriteSession, shop: Shop, customer: CustomerSubject, order_nos: Sequence[str], buyer: Buyer, key: str
) -> UUID:
    """A request over the orders' money; the same key again names the same.

    Raises InvalidInputError, NotInvoiceableError, IdempotencyKeyReusedError.
    """
    numbers = sorted(set(order_nos))
    asked_by = personal.index(
        shop.vault, "invoice_buyer", f"{buyer.kind}\0{buyer.title}\0{buyer.tax_no}\0{buyer.email}"
    )
    command = CommandKey(f"customer:{customer.id}", key, f"POST /invoices {numbers} {asked_by.hex()}")

    async def work() -> Named:
        known = checked(buyer)
        if not 0 < len(numbers) <= MOST_ORDERS:
            raise NotInvoiceableError
        return Named(id=await _asked(session, shop, customer.id, numbers, known, clock.now()))

    return (await once(session, command, Named, work)).id


def checked(buyer: Buyer) -> Buyer:
    """In one spelling. Raises InvalidInputError naming each field."""
    title = " ".join(unicodedata.normalize("NFC", buyer.title).split())
    tax_no = plain_code(buyer.tax_no) if buyer.kind == "company" else ""
    email = buyer.email.strip()
    problems = [problem for problem in email_problems(email) if problem]
    if not 0 < len(title) <= LONGEST_TITLE:
        problems.append(FieldProblem("title", "Is required."))
    if buyer.kind == "company" and not is_credit_code(tax_no):
        problems.append(FieldProblem("tax_no", "This is not a taxpayer number: its 18 signs do not fit together."))
    if problems:
        raise InvalidInputError(problems)
    return Buyer(buyer.kind, title, tax_no, email)


async def _asked(
    session: WriteSession, shop: Shop, customer_id: int, order_nos: Sequence[str], buyer: Buyer, at: datetime
) -> UUID:
    since = at - timedelta(days=shop.settings.invoice_days)
    values = {"customer_id": customer_id, "order_nos": list(order_nos), "since": since}
    ids = list(await session.scalars(queries.LOCK_ORDERS, values))
    amounts = await amounts_of(session, ids)
    if len(ids) != len(order_nos) or not all(amounts.values()):
        raise NotInvoiceableError
    sealed = await personal.seal(session, shop.vault, customer_id, PLACE, _fields(buyer))
    row = Invoice(
        customer_id=customer_id,
        state="requested",
        kind=buyer.kind,
        amount_fen=sum(amounts.values()),
        data_key_id=sealed.data_key_id,
        sealed=sealed.content,
        requested_at=at,
    )
    session.add(row)
    await session.flush()
    try:
        async with session.begin_nested():
            session.add_all(
                InvoiceOrder(invoice_id=row.id, order_id=order, amount_fen=fen, is_live=True)
                for order, fen in amounts.items()
            )
    except IntegrityError:
        raise NotInvoiceableError from None
    await session.refresh(row, ["public_id"])
    return row.public_id


async def amounts_of(session: ReadSession, order_ids: Sequence[int]) -> dict[int, int]:
    """What was paid for orders less what was given back, by order; meaningful while they are locked."""
    rows = await session.execute(queries.AMOUNTS, {"ids": list(order_ids)})
    return {row.id: int(row.amount_fen) for row in rows}


def _fields(buyer: Buyer) -> dict[str, str]:
    return {"kind": buyer.kind, "title": buyer.title, "tax_no": buyer.tax_no, "email": buyer.email}


async def invoice(session: ReadSession, invoice_id: UUID, customer_id: int | None) -> InvoiceView:
    """One request, the customer's own when one is named. Raises NotFoundError."""
    values = {"id": invoice_id, "customer_id": customer_id}
    row = (await session.execute(queries.ONE, values)).one_or_none()
    if row is None:
        raise NotFoundError
    return InvoiceView.model_validate(row)


async def of_customer(session: ReadSession, customer_id: int) -> tuple[InvoiceView, ...]:
    """A customer's requests, newest first."""
    rows = await session.execute(queries.OF_CUSTOMER, {"customer_id": customer_id})
    return tuple(InvoiceView.model_validate(row) for row in rows)


async def listed(
    session: ReadSession,
    state: str | None,
    red: bool,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    offset: int = 0,
) -> tuple[InvoiceView, ...]:
    """All customers' requests, newest first; `red`: only those that have to be red-flushed."""
    values = {"state": state, "red": red, "since": since, "until": until, "limit": limit, "offset": offset}
    rows = await session.execute(queries.LISTED, values)
    return tuple(InvoiceView.model_validate(row) for row in rows)


async def goods(session: ReadSession, invoice_id: UUID) -> tuple[GoodsLine, ...]:
    """The goods lines of an invoice's orders, as they stand now."""
    rows = await session.execute(queries.LINES, {"id": invoice_id})
    return tuple(GoodsLine.model_validate(row) for row in rows)


async def buyer_of(session: ReadSession, shop: Shop, invoice_id: UUID) -> Buyer | None:
    """Whom it names; None once the customer was erased. Raises NotFoundError."""
    row = await _row(session, invoice_id)
    try:
        sealed = Sealed(row.data_key_id, row.sealed)
        values = await personal.unseal(session, shop.vault, row.customer_id, PLACE, sealed)
    except ErasedError:
        return None
    return Buyer("company" if row.kind == "company" else "person", values["title"], values["tax_no"], values["email"])


async def file_of(session: ReadSession, shop: Shop, invoice_id: UUID) -> bytes:
    """The invoice's file. Raises NotFoundError when there is none, or none any more."""
    row = await _row(session, invoice_id)
    if row.file_key_id is None or row.sealed_file is None:
        raise NotFoundError
    try:
        sealed = Sealed(row.file_key_id, row.sealed_file)
        values = await personal.unseal(session, shop.vault, row.customer_id, FILE_PLACE, sealed)
    except ErasedError:
        raise NotFoundError from None
    return base64.b64decode(values["file"])


async def _row(session: ReadSession, invoice_id: UUID) -> Invoice:
    row = await session.scalar(select(Invoice).where(Invoice.public_id == invoice_id))
    if row is None:
        raise NotFoundError
    return row
