"""What suppliers and the shop each have in their books for a purchase: the shop's bookings, the suppliers' words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from simulation.supplied_law import CURRENCY
from simulation.supplied_records import PlannedClaim, PlannedPurchase
from transactional.suppliers.money.matching_rules import Booking, Span
from transactional.suppliers.offers.rate_rules import own_rate, to_fen

FINEST = Decimal("0.000001")
FAILURES_LISTED = 5
"""One in so many refused purchases is listed with its return; the others are not listed at all."""


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a statement; `purchase` is its place, None for what the shop does not know."""

    kind: Literal["charge", "refund", "credit", "fee"]
    request_no: str
    supplier_ref: str
    amount: Decimal
    at: datetime
    purchase: int | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A purchase of a channel with its accepted claim."""

    place: int
    purchase: PlannedPurchase
    claim: PlannedClaim | None

    @property
    def fen_per(self) -> Decimal:
        return self.purchase.exchange_rate * own_rate(CURRENCY)

    @property
    def credited(self) -> tuple[datetime, int] | None:
        """When and how much was made good."""
        claim = self.claim
        return (claim.ended_at, claim.credited_fen) if claim and claim.ended_at and claim.credited_fen else None

    def fen(self, amount: Decimal) -> int:
        return to_fen(amount, self.fen_per)

    def bookings(self, until: datetime) -> Iterator[Booking]:
        """What the ledger has by an instant, as `matching_queries` finds it."""
        return (Booking(self.place, fen, at) for at, fen in self._moves() if at <= until)

    def ended_by(self, at: datetime) -> datetime | None:
        ended_at = self.purchase.ended_at
        return ended_at if ended_at and ended_at <= at else None

    def instants(self) -> Iterator[datetime]:
        """When anything of it is booked, or said by its supplier."""
        yield from (at for at, _ in self._moves())
        yield self.purchase.submitted_at

    def said(self, span: Span) -> list[Said]:
        """The supplier's own lines of a span, when nothing goes wrong."""
        one = self.purchase
        found = []
        if self.is_charged or self._is_listed_failure(span):
            found.append(self.line("charge", self.charge, one.submitted_at))
        if one.state == "late_failed" and one.after_at:
            found.append(self.line("refund", -self.charge, one.after_at))
        if self._is_listed_failure(span) and one.ended_at:
            found.append(self.line("refund", -self.charge, one.ended_at))
        if self.credited:
            at, fen = self.credited
            found.append(self.line("credit", -(Decimal(fen) / self.fen_per).quantize(FINEST), at))
        return [line for line in found if span.since <= line.at < span.until]

    def line(self, kind: Literal["charge", "refund", "credit"], amount: Decimal, at: datetime) -> Said:
        ref = f"{self.place + 1:010}"
        return Said(kind, self.purchase.request_no, ref, amount, at, self.place)

    @property
    def charge(self) -> Decimal:
        """What the supplier takes, in its currency."""
        one = self.purchase
        return one.unit_cost if one.cost_fen == one.set_aside_fen else Decimal(one.cost_fen) / own_rate(CURRENCY)

    @property
    def is_charged(self) -> bool:
        return self.purchase.state in ("succeeded", "written_off", "late_failed", "late_succeeded")

    @property
    def is_plain(self) -> bool:
        """A success about which there is nothing else to say."""
        one = self.purchase
        return one.succeeded and one.is_answered and self.claim is None and one.cost_fen == one.set_aside_fen

    def is_refused_within(self, span: Span) -> bool:
        one = self.purchase
        is_refusal = one.state == "failed" and one.is_answered and one.ended_at is not None
        return is_refusal and span.since <= one.at and one.ended_at is not None and one.ended_at < span.until

    def _is_listed_failure(self, span: Span) -> bool:
        return self.place % FAILURES_LISTED == 0 and self.is_refused_within(span)

    def _moves(self) -> Iterator[tuple[datetime, int]]:
        one = self.purchase
        yield one.at, one.set_aside_fen
        if one.succeeded and one.ended_at and one.cost_fen != one.set_aside_fen:
            yield one.ended_at, one.cost_fen - one.set_aside_fen
        if one.state == "failed" and one.ended_at:
            yield one.ended_at, -one.cost_fen
        if one.state == "late_failed" and one.after_at:
            yield one.after_at, -one.cost_fen
        if self.credited:
            at, fen = self.credited
            yield at, -fen


def accounts(purchases: Sequence[PlannedPurchase], claims: Sequence[PlannedClaim], channel: int) -> list[Account]:
    """The purchases of a channel, by time."""
    claimed = {claim.purchase: claim for claim in claims}
    return [Account(place, one, claimed.get(place)) for place, one in enumerate(purchases) if one.channel == channel]
