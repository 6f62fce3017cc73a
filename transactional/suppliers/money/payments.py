"""Payments to suppliers as staff record them: deposits with prepaid ones, and what was owed; exchange differences."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from mingsuan.clock import business_date
from transactional.accounts import service as accounts
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.ledger.supplier_rules import exchange_difference, prepaid_topped_up, statement_paid
from transactional.suppliers.errors import PaymentRecordedError
from transactional.suppliers.models import Supplier, SupplierPayment
from transactional.suppliers.money import balances
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.rate_rules import own_rate, to_fen
from transactional.suppliers.states import SUPPLIER_PAYMENT_KINDS

ACTS = {"top_up": "top_up_supplier", "settlement": "settle_supplier"}


@dataclass(frozen=True, slots=True)
class NewPayment:
    """`amount` arrived at the supplier, in its currency; `paid_fen` left the shop's bank for it.

    `owed_fen` is what of the debt in the books a settlement ends, None: what was paid. `reference` is the bank's.
    """

    supplier: UUID
    kind: str
    reference: str
    amount: Decimal
    paid_fen: int
    paid_at: datetime
    owed_fen: int | None = None
    note: str = ""


async def record(
    session: WriteSession, new: NewPayment, shop_currency: str, zone: ZoneInfo, staff_id: int | None
) -> SupplierPayment:
    """Once under its reference. What was paid above the books' worth is an exchange difference, and so is a gain.

    A deposit is worth what its day's rate says, as purchases take from it by such rates. Raises InvalidInputError,
    NotFoundError, NoRateError, PaymentRecordedError.
    """
    supplier = await session.scalar(select(Supplier).where(Supplier.public_id == new.supplier))
    if supplier is None:
        raise NotFoundError
    _refuse_nonsense(new, supplier, shop_currency)
    loss_fen = await _loss_fen(session, new, supplier, shop_currency, zone)
    row = SupplierPayment(
        supplier_id=supplier.id,
        kind=new.kind,
        reference=new.reference.strip(),
        amount=new.amount,
        currency=supplier.currency,
        amount_fen=new.paid_fen,
        loss_fen=loss_fen,
        paid_at=new.paid_at,
        note=new.note.strip(),
        recorded_by=staff_id,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise PaymentRecordedError(reference=row.reference) from None
    await _post(session, row, zone)
    detail = {"amount_fen": row.amount_fen, "loss_fen": row.loss_fen, "reference": row.reference}
    subject = f"supplier:{supplier.public_id}"
    await accounts.record_act(session, staff_id, ACTS[new.kind], subject, reason=row.note, detail=detail)
    return row


def _refuse_nonsense(new: NewPayment, supplier: Supplier, shop_currency: str) -> None:
    """Raises InvalidInputError. In the shop's own currency both amounts are one."""
    problems = []
    if new.kind not in SUPPLIER_PAYMENT_KINDS:
        problems.append(FieldProblem("kind", "Cannot be accepted."))
    if not 1 <= len(new.reference.strip()) <= 128:
        problems.append(FieldProblem("reference", "Type the bank's reference of the payment."))
    if new.paid_fen <= 0 or new.amount <= 0:
        problems.append(FieldProblem("paid", "Must be more than zero."))
    if new.owed_fen is not None and new.owed_fen < 0:
        problems.append(FieldProblem("owed", "Must not be less than zero."))
    if problems:
        raise InvalidInputError(problems)
    if supplier.currency == shop_currency and to_fen(new.amount, own_rate(shop_currency)) != new.paid_fen:
        raise InvalidInputError([FieldProblem("paid", "In the same currency what is paid is what arrives.")])


async def _loss_fen(
    session: WriteSession, new: NewPayment, supplier: Supplier, shop_currency: str, zone: ZoneInfo
) -> int:
    if new.kind == "settlement":
        return 0 if new.owed_fen is None else new.paid_fen - new.owed_fen
    day = business_date(new.paid_at, zone)
    return new.paid_fen - to_fen(new.amount, await rates.fen_per(session, supplier.currency, shop_currency, day))


async def _post(session: WriteSession, row: SupplierPayment, zone: ZoneInfo) -> None:
    is_deposit = row.kind == "top_up"
    pay = prepaid_topped_up if is_deposit else statement_paid
    paid = pay(row.id, row.amount_fen, row.paid_at, supplier_id=row.supplier_id)
    differs = exchange_difference(row.id, row.loss_fen, is_deposit, row.paid_at, supplier_id=row.supplier_id)
    await balances.post(session, [paid, differs], zone)
