"""What every supplier does for the shop, in the shop's words; how it is said belongs to the adapters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol

from transactional.outcomes import RefusedError

SupplyState = Literal["succeeded", "failed", "processing", "not_found"]
NoticeRefusal = Literal["malformed", "stale", "bad_signature"]


@dataclass(frozen=True, slots=True)
class SupplyAsk:
    """One unit to be bought. The same `request_no` again is the same request, as far as the protocol knows such.

    `fields` is what a direct top-up goes to (the shopper's answers); `max_unit_cost` is refused above, in `currency`.
    """

    request_no: str
    supplier_sku: str
    quantity: int
    currency: str
    max_unit_cost: Decimal
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    callback_url: str = ""


@dataclass(frozen=True, slots=True)
class SuppliedCode:
    """A code in clear, on its way to being sealed; never logged, never shown by `repr`."""

    content: str = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SupplyFact:
    """A purchase as the supplier books it.

    `succeeded`: the good is there (`codes`, or none for a direct top-up). `failed`: proven, nothing will be charged.
    `processing`: accepted, its end is open. `not_found`: the supplier knows no such number (now). `cost` is what the
    supplier charges for all of it, in its currency; a partial fill has fewer `good_quantity` than asked.
    """

    state: SupplyState
    request_no: str
    supplier_ref: str | None = None
    cost: Decimal | None = None
    currency: str | None = None
    good_quantity: int | None = None
    codes: tuple[SuppliedCode, ...] = ()
    code: str = ""
    reason: str = ""
    happened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field that a direct top-up needs."""

    name: str
    label: str
    required: bool = True
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferFact:
    """What a supplier says of one of its goods. `unit_cost` None or zero: it did not say. `stock` None: not told."""

    supplier_sku: str
    name: str
    unit_cost: Decimal | None
    currency: str
    stock: int | None
    on_sale: bool
    price_version: str | None = None
    fields: tuple[FieldSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class BalanceFact:
    """What lies with the supplier, as it says, in its currency."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A supplier's own account of a period; `content` is a CSV or XLSX file as the protocol's document describes."""

    file_name: str
    content: bytes
    from_date: date
    to_date: date


@dataclass(frozen=True, slots=True)
class SupplierNoticeFact:
    """An authentic callback: exactly one of purchase, offers, statement. `event_id` names it when the protocol does."""

    kind: Literal["purchase", "offers", "statement"]
    event_id: str | None = None
    purchase: SupplyFact | None = None
    offers: tuple[OfferFact, ...] = ()
    statement: StatementFile | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What a supplier wants to read, in its own words."""

    status: int
    content_type: str
    body: str


class SupplierRefusedError(RefusedError):
    """The supplier said no, for certain: nothing was bought, nothing will be charged. `code` is its own word."""


NOT_SENT = "not_sent"
"""The code of a refusal that is the adapter's own: the supplier could not be reached, so nothing was ordered. As an
answer of the supplier's it counts for nothing."""


class RefusedSupplierNoticeError(Exception):
    """A callback that is not authentic; nothing it says may be used."""

    def __init__(self, verdict: NoticeRefusal, reason: str) -> None:
        super().__init__(f"{verdict}: {reason}")
        self.verdict: NoticeRefusal = verdict
        self.reason = reason


class StatementNotReadyError(Exception):
    """The supplier has no statement of that period yet, or gives none by itself."""


class Supply(Protocol):
    """One channel. Every call that goes out has a time-out and raises SupplierRefusedError or
    `transactional.outcomes.UnknownOutcomeError`; none is repeated here.

    `not_found_is_final_after_s`: from then on after submitting, "not found" proves that nothing was bought; None:
    never. `may_resubmit`: the same number again is answered with the first request, whatever became of it.
    """

    protocol: str
    not_found_is_final_after_s: int | None
    may_resubmit: bool

    async def offers(self, supplier_skus: Sequence[str] | None = None) -> tuple[OfferFact, ...]:
        """All that the supplier offers, or what is named; goods that it does not know are left out."""
        ...

    async def balance(self) -> BalanceFact | None:
        """None when the protocol does not tell."""
        ...

    async def submit(self, ask: SupplyAsk) -> SupplyFact:
        """Answers `succeeded`, `processing` or `failed`; a refusal that proves nothing is an UnknownOutcomeError."""
        ...

    async def query(self, request_no: str, supplier_ref: str | None) -> SupplyFact: ...

    async def statement(self, day: date) -> StatementFile:
        """Of one day in the supplier's zone. Raises StatementNotReadyError."""
        ...

    async def report_defect(self, request_no: str, supplier_ref: str | None, reason: str) -> str | None:
        """Tells the supplier of a bad code; its reference for the claim, None when the protocol has no such thing."""
        ...

    async def authenticate(
        self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, now: datetime
    ) -> SupplierNoticeFact:
        """The callback, its signature and freshness checked; header names in lower case. May fetch a statement's file
        that a checked callback names (its hash is checked). Raises RefusedSupplierNoticeError, UnknownOutcomeError.
        """
        ...

    def acknowledge(self, accepted: bool) -> Acknowledgement: ...

    async def aclose(self) -> None: ...
