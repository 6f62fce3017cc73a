"""What entries cost and how many fit. Pure."""

from dataclasses import dataclass
from datetime import datetime

MOST_AHEAD_S = 300
"""A draw's batches may reach two minutes ahead of the clock, and no further."""

MOST_ENTRIES = 10_000_000
"""Of a draw, with or without a capacity: numbers, pages and ticket files are made for so many."""


@dataclass(frozen=True, slots=True)
class Pack:
    """So many entries for the price of fewer: 12 for that of 10."""

    count: int
    price_count: int


def stake_fen(price_fen: int, count: int, pack: Pack | None) -> int:
    """What `count` entries cost: whole packs first, the rest one by one. Raises ValueError for no entries."""
    if count < 1:
        raise ValueError(f"{count} entries cannot be bought")
    if pack is None:
        return price_fen * count
    packs, rest = divmod(count, pack.count)
    return price_fen * (packs * pack.price_count + rest)


def room(capacity: int, taken: int, held: int) -> int | None:
    """How many more entries can be promised; None when there is no limit."""
    return max(capacity - taken - held, 0) if capacity else None


def second_of(at: datetime, last_second: int | None) -> int:
    """The second in which an entry is accepted: never before the one that was accepted last."""
    return max(int(at.timestamp()), last_second or 0)


def is_far_ahead(last_second: int | None, at: datetime) -> bool:
    """Whether the last entry was accepted in a second so late that some clock must have been wrong."""
    return last_second is not None and last_second > int(at.timestamp()) + MOST_AHEAD_S


def is_over(second: int, closes_at: datetime | None) -> bool:
    """Whether entries of that second come too late."""
    return closes_at is not None and second >= int(closes_at.timestamp())
