"""What cases show and accept. Codes are not among it, nor is one customer's case shown to another."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import TypeAliasType

from transactional.schemas import Command, View

MOST_WORDS = 2000
MOST_UNITS = 100

CaseReason = TypeAliasType(
    "CaseReason",
    Literal["does_not_work", "already_used", "wrong_goods", "not_received", "changed_mind", "other"],
)
AftersalesState = TypeAliasType(
    "AftersalesState",
    Literal["open", "waiting_for_shop", "waiting_for_customer", "resolved", "rejected", "withdrawn"],
)
CaseOutlook = TypeAliasType("CaseOutlook", Literal["refund_now", "person"])
ResolutionKind = TypeAliasType("ResolutionKind", Literal["replace", "refund", "goodwill", "reject"])
MessageAuthor = TypeAliasType("MessageAuthor", Literal["customer", "staff"])
Words = Annotated[str, Field(min_length=1, max_length=MOST_WORDS)]


class NewCase(Command):
    order_no: str = Field(min_length=1, max_length=64)
    unit_ids: tuple[UUID, ...] = Field(min_length=1, max_length=MOST_UNITS, description="Fulfilments of the order")
    reason: CaseReason
    words: str = Field(default="", max_length=MOST_WORDS, description="What happened; for the shop's staff")


class NewWords(Command):
    words: Words


class CaseOpened(View):
    """`refunded_fen` is what went back at once by the refund rule."""

    id: UUID
    state: AftersalesState
    refunded_fen: int = 0


class CaseMoved(View):
    id: UUID
    state: AftersalesState


class EvidenceView(View):
    id: UUID
    media_type: str
    size: int = Field(description="Bytes as stored; pictures are drawn anew")
    attached_at: datetime


class MessageView(View):
    """`words` is none when the customer's data were erased."""

    author: MessageAuthor
    words: str | None
    written_at: datetime
    is_internal: bool = False
    staff_name: str | None = Field(default=None, exclude=True)


class CaseUnitView(View):
    """A unit that a case is about, and what was decided about it."""

    id: UUID
    unit_no: int
    line_no: int
    sku_name_zh: str
    sku_name_en: str
    product_title_zh: str
    product_title_en: str
    net_fen: int
    decision: ResolutionKind | None = None
    decided_fen: int = 0


class ResolutionView(View):
    kind: ResolutionKind
    amount_fen: int
    decided_at: datetime
    by_rule: bool = Field(description="The published refund rule decided, not a person")
    staff_name: str | None = Field(default=None, exclude=True)


class CaseSummary(View):
    id: UUID
    order_no: str
    reason: CaseReason
    state: AftersalesState
    opened_at: datetime
    due_at: datetime | None = Field(description="When the shop answers at the latest, while it is its turn")
    closed_at: datetime | None
    title_zh: str
    title_en: str
    unit_count: int


class AftersalesCaseView(CaseSummary):
    revision: int = Field(description="Grows with everything that happens")
    units: tuple[CaseUnitView, ...]
    messages: tuple[MessageView, ...]
    evidence: tuple[EvidenceView, ...]
    resolutions: tuple[ResolutionView, ...]


class AftersalesCaseList(View):
    items: tuple[CaseSummary, ...]
    total: int


class UnitOutlook(View):
    """What a case about a unit would lead to, by reason: a kind of outlook, or why it is refused."""

    id: UUID
    outlooks: dict[str, str]


class OrderOutlook(View):
    units: tuple[UnitOutlook, ...]


class OpenCase(View):
    """An open case, as the order's page shows it."""

    id: UUID
    state: AftersalesState
    reason: CaseReason
    due_at: datetime | None
    unit_ids: tuple[UUID, ...]
