"""From what somebody wants to the lines and units of an order, to the fen. Pure.

A bundle becomes its parts at their list prices; the difference to its price is their discount, split by largest
remainder over parts, then over units.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mingsuan import money
from transactional.catalogue.forms import Answer, answered
from transactional.catalogue.offers import STOCK_KINDS, Good, Offer

BY_THE_LINE = frozenset({"manual_service"})
"""Kinds that are handed over as one thing a line; of the others each unit is."""


@dataclass(frozen=True, slots=True)
class UnitShare:
    """A fulfilment to be: how many units it stands for, and its share of the line."""

    quantity: int
    gross_fen: int
    discount_fen: int


@dataclass(frozen=True, slots=True)
class Line:
    """An order item to be."""

    sku_id: int
    kind: str
    quantity: int
    gross_fen: int
    discount_fen: int
    units: tuple[UnitShare, ...]
    bundle_sku_id: int | None
    bundle_quantity: int | None
    answers: tuple[Answer, ...]

    @property
    def net_fen(self) -> int:
        return self.gross_fen - self.discount_fen

    @property
    def needs_stock(self) -> bool:
        return self.kind in STOCK_KINDS


def lines_of(offer: Offer, quantity: int, answers: Mapping[str, str]) -> tuple[Line, ...]:
    """The lines of so many units of an offer.

    Raises ValueError for a bundle that is dearer than its parts: its lines would not add up to its price.
    """
    if offer.saved_fen < 0:
        raise ValueError(f"bundle SKU {offer.sku_id} costs more than its parts")
    gross = [good.list_price_fen * good.quantity * quantity for good in offer.goods]
    discounts = money.split(offer.saved_fen * quantity, gross)
    return tuple(
        _line(offer, good, quantity, discount, answers) for good, discount in zip(offer.goods, discounts, strict=True)
    )


def _line(offer: Offer, good: Good, quantity: int, discount_fen: int, answers: Mapping[str, str]) -> Line:
    count = good.quantity * quantity
    fields = good.form if offer.is_bundle else offer.form
    return Line(
        sku_id=good.sku_id,
        kind=good.kind,
        quantity=count,
        gross_fen=good.list_price_fen * count,
        discount_fen=discount_fen,
        units=_units(good, count, discount_fen),
        bundle_sku_id=offer.sku_id if offer.is_bundle else None,
        bundle_quantity=quantity if offer.is_bundle else None,
        answers=answered((*fields, *(offer.form if offer.is_bundle else ())), answers),
    )


def _units(good: Good, count: int, discount_fen: int) -> tuple[UnitShare, ...]:
    if good.kind in BY_THE_LINE:
        return (UnitShare(count, good.list_price_fen * count, discount_fen),)
    return tuple(UnitShare(1, good.list_price_fen, share) for share in money.split(discount_fen, [1] * count))
