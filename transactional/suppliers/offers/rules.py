"""Whether what a supplier says of a good is believed, and what of it is news. Pure."""

from dataclasses import dataclass, replace
from decimal import Decimal

from transactional.suppliers.protocols.interface import OfferFact

JUMP = 10
"""A cost that is more than so many times the one believed before, or less than that part of it, is not believed."""
FINEST = Decimal("0.000001")
BEYOND = Decimal(10) ** 10
"""No unit costs as much in any currency: it is a fault of the sender, and numeric(18,6) would not hold more."""
BY_STAFF = "by_staff"
"""Withdrawn by people: no sync brings it back."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What an offer is: the part of it whose change makes history."""

    unit_cost: Decimal | None
    currency: str
    stock: int | None
    state: str
    state_reason: str = ""


@dataclass(frozen=True, slots=True)
class Believed:
    """The cost that counted last, and how it compares: `ratio` of units of its currency to the new one's.

    `ratio` None: the currencies differ and no rates tell.
    """

    unit_cost: Decimal
    ratio: Decimal | None = Decimal(1)


def judged(fact: OfferFact, believed: Believed | None) -> Seen:
    """The offer as it is now; quarantined when its cost is missing, zero, beyond belief, or in an unknown currency.

    `believed` None: there was no cost before, or people accept this one.
    """
    cost = _exact(fact.unit_cost)
    stock = None if fact.stock is None else max(0, fact.stock)
    seen = Seen(cost, fact.currency, stock, "active")
    if not fact.on_sale:
        return replace(seen, state="withdrawn", state_reason="not_on_sale")
    reason = _doubt(cost, believed)
    return replace(seen, state="quarantined", state_reason=reason) if reason else seen


def _doubt(cost: Decimal | None, believed: Believed | None) -> str:
    if cost is None:
        return "no_cost"
    if cost <= 0:
        return "zero_cost"
    if believed is None:
        return ""
    if believed.ratio is None:
        return "currency_changed"
    before = believed.unit_cost * believed.ratio
    return "jump" if cost > before * JUMP or cost * JUMP < before else ""


def _exact(cost: Decimal | None) -> Decimal | None:
    """As the table keeps it: six decimals; what is no number, or too long for one, is missing."""
    if cost is None or not cost.is_finite() or abs(cost) >= BEYOND:
        return None
    return cost.quantize(FINEST)
