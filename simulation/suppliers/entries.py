"""What stands in a simulated supplier's book: goods, orders, codes sold, and every movement of the account's money."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Terms = Literal["prepaid", "on_account"]
GoodKind = Literal["card", "direct", "mobile"]
OrderState = Literal["processing", "succeeded", "failed"]
MovementKind = Literal["top_up", "charge", "refund", "credit"]
ErrorCode = Literal[
    "exists", "not_found", "no_such_good", "off_sale", "out_of_stock", "balance", "loss_making", "quantity", "not_open"
]


@dataclass(frozen=True, slots=True)
class GoodField:
    """What a direct top-up must be told; `choices` empty: free text."""

    name: str
    label: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Good:
    """What the supplier sells, at its price now. `stock` None: without end. `face_value` is printed on it."""

    supplier_sku: str
    name: str
    kind: GoodKind
    unit_cost: Decimal
    stock: int | None = None
    on_sale: bool = True
    price_version: int = 1
    face_value: Decimal | None = None
    fields: tuple[GoodField, ...] = ()


@dataclass(frozen=True, slots=True)
class BookedOrder:
    """One order. The same `request_no` may have several, one `attempt` after another, when those before failed.

    `planned_state` and `planned_good` are how it ends at `ready_at` if nobody ends it otherwise. The supplier's own
    share of a buyer's waiting is `ready_at - asked_at`, and an answer's own time on top.
    """

    order_ref: str
    request_no: str
    attempt: int
    supplier_sku: str
    kind: GoodKind
    quantity: int
    unit_cost: Decimal
    state: OrderState
    planned_state: OrderState
    planned_good: int
    good_quantity: int
    callback_url: str
    told: str
    asked_at: datetime
    ready_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BookedCode:
    """A code that was sold; `is_bad` ones do not work, `is_repeat` ones were sold before."""

    content: str
    order_ref: str
    is_bad: bool
    is_repeat: bool
    expires_at: datetime
    sold_at: datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """`amount` is what the buyer's account gains: negative for a charge."""

    kind: MovementKind
    amount: Decimal
    request_no: str
    order_ref: str
    supplier_sku: str
    quantity: int
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class StatementLine:
    """`amount` is what the supplier takes: positive for a charge, negative for a refund."""

    kind: str
    request_no: str
    order_ref: str
    supplier_sku: str
    quantity: int
    amount: Decimal
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class StatementErrors:
    """What a statement gets wrong: lines left out or at another amount (by request number), lines out of the air."""

    left_out: frozenset[str] = frozenset()
    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    invented: tuple[StatementLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    file_name: str
    content: bytes
    day: date


class BookError(Exception):
    """The book cannot say yes."""

    def __init__(self, code: ErrorCode, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code: ErrorCode = code
