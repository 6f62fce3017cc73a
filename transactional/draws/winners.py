"""From a round's signature to who won: the picks of the seed, the reserves among them, and whose tickets they are."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select

from transactional.db import ReadSession
from transactional.draws import rules
from transactional.draws.models import Draw, DrawEntry


@dataclass(frozen=True, slots=True)
class Picked:
    """Winning entries in the order of the picks, and the reserves that follow, none of them the house's."""

    winners: tuple[int, ...]
    reserves: tuple[int, ...]


class HouseEntries:
    """Which entries are the operator's own: a few ranges, asked about often."""

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        self._firsts = [first for first, _ in ranges]
        self._ends = [first + count for first, count in ranges]

    def among(self, entries: int) -> int:
        """How many of the first so many entries."""
        return sum(min(end, entries) - min(first, entries) for first, end in zip(self._firsts, self._ends, strict=True))

    def __contains__(self, index: int) -> bool:
        place = bisect_right(self._firsts, index) - 1
        return place >= 0 and index < self._ends[place]


def picked(draw: Draw, seed: bytes, house: HouseEntries) -> Picked:
    """What a seed makes of a draw's entries; docs/draw-bundle.md, "The winners"."""
    order = rules.picks(seed, draw.next_index)
    winners = tuple(islice(order, draw.winners))
    others = draw.next_index - house.among(draw.next_index) - sum(index not in house for index in winners)
    return Picked(winners, tuple(islice(_not_in(house, order), min(draw.reserves, others))))


async def house_entries(session: ReadSession, draw_id: int) -> HouseEntries:
    ranges = select(DrawEntry.first_index, DrawEntry.count).where(
        DrawEntry.draw_id == draw_id, DrawEntry.kind == "house"
    )
    rows = await session.execute(ranges.order_by(DrawEntry.first_index))
    return HouseEntries([(first, count) for first, count in rows])


def _not_in(house: HouseEntries, order: Iterator[int]) -> Iterator[int]:
    return (index for index in order if index not in house)
