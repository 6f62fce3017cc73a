"""What invoices accept and show."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from transactional.schemas import View

Kind = Literal["person", "company"]


class Named(View):
    """What is kept under a command's key."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whom an invoice names; personal, so never printed by accident."""

    kind: Kind
    title: str
    tax_no: str
    email: str

    def __repr__(self) -> str:
        return f"Buyer({self.kind})"


class InvoiceableOrder(View):
    """A paid order of the customer's: `amount_fen` is what was paid less what was given back."""

    order_no: str
    title_zh: str
    title_en: str
    paid_at: datetime
    amount_fen: int


class InvoiceView(View):
    id: UUID
    customer_id: UUID
    state: str
    kind: str
    amount_fen: int
    now_fen: int
    order_count: int
    reason: str
    code: str
    number: str | None
    issued_on: date | None
    file_type: str | None
    red_number: str | None
    red_flushed_on: date | None
    red_due_at: datetime | None
    requested_at: datetime
    decided_at: datetime | None


class GoodsLine(View):
    """Goods of an invoice's order: `amount_fen` is what was paid for them less what was given back."""

    order_no: str
    title_zh: str
    title_en: str
    name_zh: str
    name_en: str
    quantity: int
    amount_fen: int
