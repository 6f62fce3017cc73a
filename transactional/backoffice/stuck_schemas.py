"""What the list of stuck orders shows, and what can be done to a set of them at once."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints
from typing_extensions import TypeAliasType

from transactional.orders.schemas import OrderState
from transactional.schemas import Command, View

WaitsFor = TypeAliasType("WaitsFor", Literal["stock", "manual", "supplier"])
BulkAct = TypeAliasType("BulkAct", Literal["redeliver", "refund", "cancel"])
Outcome = TypeAliasType(
    "Outcome",
    Literal["delivered", "partly_delivered", "still_waiting", "refunding", "cancelled", "nothing_to_do", "refused"],
)


class StuckOrder(View):
    order_no: str
    state: OrderState
    net_fen: int
    customer_email: str | None
    title_zh: str
    title_en: str
    waiting_units: int
    reasons: tuple[WaitsFor, ...]
    waiting_since: datetime


class StuckList(View):
    items: tuple[StuckOrder, ...]
    total: int


OrderNo = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class BulkOrder(Command):
    """One act on many orders."""

    order_nos: tuple[OrderNo, ...] = Field(min_length=1, max_length=200)
    act: BulkAct
    reason: str = Field(min_length=1, max_length=500, description="Why; kept on record")


class BulkOutcome(View):
    """What became of one order."""

    order_no: str
    outcome: Outcome
    problem: str | None = Field(default=None, description="Type of the refusal")
    order_state: OrderState | None = None


class BulkResult(View):
    results: tuple[BulkOutcome, ...]
