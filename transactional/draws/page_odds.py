"""How likely somebody is to win, and whether past draws look as chance makes them. Pure.

χ² sorts every winner into the ten equal parts of its draw's numbers; house wins are compared with the house's share.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

PARTS = 10
LEAST_EXPECTED = 5
"""Below so many expected winners a part, χ² says nothing (Cochran)."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw that is over: how many entries, how many of them the house's, and the first winners."""

    entries: int
    house: int
    winners: Sequence[int]
    house_wins: int


@dataclass(frozen=True, slots=True)
class Fairness:
    """Over all draws. `expected_house` and `deviation_house` are of house wins; `p_value` None when winners are few."""

    draws: int
    winners: int
    house_wins: int
    expected_house: float
    deviation_house: float
    parts: Sequence[int]
    expected_parts: Sequence[float]
    chi_square: float
    p_value: float | None


def chance(own: int, entries: int, winners: int) -> float:
    """That at least one of `own` entries is among the winners, each entry being picked at most once."""
    if own < 1 or entries < 1:
        return 0.0
    none = 1.0
    for picked in range(min(winners, entries)):
        none *= max(entries - own - picked, 0) / (entries - picked)
    return 1 - none


def in_the_end(state: str, capacity: int, entries: int) -> int:
    """Of how many entries odds are to be told: of all that there may be while they are taken, then of those there are.

    A draw that closes by time has no such number: its odds are as of now.
    """
    return max(capacity, entries) if state == "open" else entries


def fairness(drawn: Sequence[Drawn]) -> Fairness:
    """All draws together."""
    parts, expected = [0] * PARTS, [0.0] * PARTS
    house, house_variance = 0.0, 0.0
    for each in drawn:
        picked = len(each.winners)
        for index in each.winners:
            parts[index * PARTS // each.entries] += 1
        for part in range(PARTS):
            expected[part] += picked * _size(each.entries, part) / each.entries
        share = each.house / each.entries
        house += picked * share
        if each.entries > 1:
            house_variance += picked * share * (1 - share) * (each.entries - picked) / (each.entries - 1)
    total = sum(parts)
    square = sum((seen - at) ** 2 / at for seen, at in zip(parts, expected, strict=True) if at)
    enough = min(expected) >= LEAST_EXPECTED
    return Fairness(
        draws=len(drawn),
        winners=total,
        house_wins=sum(each.house_wins for each in drawn),
        expected_house=house,
        deviation_house=math.sqrt(house_variance),
        parts=parts,
        expected_parts=expected,
        chi_square=square,
        p_value=exceeded(square, PARTS - 1) if enough else None,
    )


def exceeded(square: float, freedom: int) -> float:
    """How often chance alone gives a χ² at least so large; for an odd number of degrees of freedom."""
    if freedom % 2 == 0:
        raise ValueError("only odd numbers of degrees of freedom are needed here")
    half, term = square / 2, math.sqrt(square / 2) * math.exp(-square / 2) / math.gamma(1.5)
    total = math.erfc(math.sqrt(half))
    for step in range(1, (freedom - 1) // 2 + 1):
        total += term
        term *= half / (step + 0.5)
    return total


def _size(entries: int, part: int) -> int:
    """How many indices fall into a part."""
    return -(-entries * (part + 1) // PARTS) - -(-entries * part // PARTS)
