"""How long and how much a customer may keep without paying, so that no cart can lock the shop. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

WARY_AFTER = 3
"""Orders that expired unpaid within a day, after which a customer without a paid order is trusted least."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the shop knows of a customer: orders ever paid, and orders of the last day that expired unpaid."""

    paid_orders: int
    expired_orders: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """Unpaid holds of one customer: units over all SKUs; of one SKU so many, or a share of what is free if more."""

    share_of_time: tuple[int, int]
    units: int
    units_of_sku: int
    share_of_sku: tuple[int, int]


PROVEN = Allowance(share_of_time=(1, 1), units=200, units_of_sku=20, share_of_sku=(1, 2))
NEW = Allowance(share_of_time=(2, 3), units=10, units_of_sku=5, share_of_sku=(1, 10))
WARY = Allowance(share_of_time=(1, 3), units=2, units_of_sku=1, share_of_sku=(0, 1))


def allowance(standing: Standing) -> Allowance:
    """By the customer's record."""
    if standing.paid_orders:
        return PROVEN
    return WARY if standing.expired_orders >= WARY_AFTER else NEW


def hold_length(standing: Standing, longest: timedelta) -> timedelta:
    """How long codes are kept: a share of the longest, one minute at least, never more than the longest."""
    part, whole = allowance(standing).share_of_time
    return min(max(longest * part / whole, timedelta(minutes=1)), longest)


def units_left(standing: Standing, held: Mapping[int, int], free: Mapping[int, int], sku_id: int) -> int:
    """How many more units of a SKU the customer may keep unpaid, given their holds and the free units by SKU."""
    allowed = allowance(standing)
    own = held.get(sku_id, 0)
    part, whole = allowed.share_of_sku
    of_sku = max(allowed.units_of_sku, (free.get(sku_id, 0) + own) * part // whole)
    return max(min(of_sku - own, allowed.units - sum(held.values())), 0)
