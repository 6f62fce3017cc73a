"""What orders show and accept. Codes are not among it: they are revealed one at a time (cards)."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import TypeAliasType

from transactional.catalogue.offers import ProductKind
from transactional.schemas import Command, View

MAX_QUANTITY = 100

OrderState = TypeAliasType(
    "OrderState",
    Literal[
        "pending_payment",
        "paid",
        "fulfilling",
        "partially_delivered",
        "delivered",
        "completed",
        "cancelled",
        "refund_pending",
        "refunded",
    ],
)


class NewOrder(Command):
    sku_id: UUID
    quantity: int = Field(default=1, ge=1, le=MAX_QUANTITY)
    expected_net_fen: int | None = Field(default=None, ge=0, description="Refuse the purchase at any other total")


class OrderPlaced(View):
    """The answer to a purchase: paid from the wallet and delivered."""

    id: UUID
    order_no: str
    state: OrderState
    quantity: int
    net_fen: int
    balance_fen: int = Field(description="Wallet balance after the order")
    ordered_at: datetime


class UnitView(View):
    """One unit of a line; `is_revealable` when a code waits for its owner."""

    id: UUID = Field(description="Name of the fulfilment, for revealing")
    unit_no: int
    state: str
    waits_for: str | None = Field(default=None, description="What a paid unit waits for: stock, manual, supplier")
    quantity: int = 1
    delivered_at: datetime | None
    is_revealable: bool
    first_revealed_at: datetime | None


class AnswerView(View):
    """A question of a product's form, and what the buyer answered."""

    name: str
    label_zh: str
    label_en: str
    value: str = Field(repr=False)


class OrderItemView(View):
    line_no: int
    kind: ProductKind
    sku_id: UUID
    sku_code: str
    sku_name_zh: str
    sku_name_en: str
    product_slug: str
    product_title_zh: str
    product_title_en: str
    quantity: int
    gross_fen: int
    discount_fen: int
    net_fen: int
    bundle_sku_id: UUID | None = Field(default=None, description="The bundle that this line is a part of")
    bundle_name_zh: str | None = None
    bundle_name_en: str | None = None
    bundle_quantity: int | None = None
    answers: tuple[AnswerView, ...] = Field(
        default=(), description="What the buyer was asked, and answered: for the buyer and for staff who deliver"
    )
    units: tuple[UnitView, ...]


class OrderEventView(View):
    kind: str = Field(description="placed, paid, delivered, …")
    happened_at: datetime


class OrderSummary(View):
    """An order in a list."""

    id: UUID
    order_no: str
    state: OrderState
    net_fen: int
    quantity: int
    title_zh: str = Field(description="Title of its first line's product")
    title_en: str
    ordered_at: datetime
    customer_email: str | None = None


class OrderView(View):
    id: UUID
    order_no: str
    state: OrderState
    gross_fen: int
    discount_fen: int
    net_fen: int
    ordered_at: datetime
    paid_at: datetime | None
    delivered_at: datetime | None
    pay_by: datetime | None = Field(default=None, description="Until then the units of an unpaid order are kept")
    cancelled_at: datetime | None = None
    completed_at: datetime | None = None
    items: tuple[OrderItemView, ...]
    events: tuple[OrderEventView, ...]


class OrderList(View):
    items: tuple[OrderSummary, ...]
    total: int
