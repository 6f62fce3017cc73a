"""What lines of a courier's statement add to the books, and which goods bear it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from mingsuan import money

CHARGE_KINDS = ("freight", "return", "insurance", "packing", "surcharge", "claim", "other")
ChargeKey = tuple[str, str, str]
"""Tracking number, kind, the courier's reference: of one courier, what is charged once."""


@dataclass(frozen=True, slots=True)
class StatedCharge:
    """One line of a statement. `amount_fen` is negative for what the courier gives back."""

    line_no: int
    row: int
    tracking_no: str
    kind: str
    reference: str
    day: date
    amount_fen: int

    @property
    def key(self) -> ChargeKey:
        return self.tracking_no, self.kind, self.reference


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel of the shop's: its goods as (order item, units), none for a prize's."""

    shipment_id: int
    items: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Charge:
    """A row to keep: the part of a line that one order item, or none, bears."""

    line: StatedCharge
    part_no: int
    amount_fen: int
    posted_fen: int
    shipment_id: int | None
    order_item_id: int | None


def charges(
    lines: Sequence[StatedCharge], posted: Mapping[ChargeKey, int], parcels: Mapping[str, Parcel]
) -> list[Charge]:
    """The lines as rows; each adds what it says beyond what was `posted` (fen) under its key before.

    Amounts are shared over a parcel's order items by their units, by the largest remainder.
    """
    return [
        row
        for line in lines
        for row in _parts(line, line.amount_fen - posted.get(line.key, 0), parcels.get(line.tracking_no))
    ]


def _parts(line: StatedCharge, added_fen: int, parcel: Parcel | None) -> list[Charge]:
    items = parcel.items if parcel else ()
    if parcel is None or not items:
        return [Charge(line, 1, line.amount_fen, added_fen, parcel.shipment_id if parcel else None, None)]
    units = [count for _, count in items]
    shares = zip(items, money.split(line.amount_fen, units), money.split(added_fen, units), strict=True)
    return [
        Charge(line, part_no, amount_fen, posted_fen, parcel.shipment_id, item)
        for part_no, ((item, _), amount_fen, posted_fen) in enumerate(shares, start=1)
    ]
