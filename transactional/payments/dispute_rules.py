"""For which goods a dispute took money back: whole units that wait are closed, the rest is a loss. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from mingsuan.money import split


@dataclass(frozen=True, slots=True)
class Disputed:
    """A unit of the disputed payment, what is left of its price, and whether it still waits to be handed over."""

    fulfilment_id: int
    order_item_id: int
    left_fen: int
    waits: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A share of the sum: `earned` is a loss on goods handed over, the rest was never the shop's."""

    fulfilment_id: int
    order_item_id: int
    amount_fen: int
    earned: bool


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The parts of the sum, and the units that are not handed over any more."""

    parts: tuple[Part, ...]
    units: tuple[int, ...]


def taken_back(units: Sequence[Disputed], amount_fen: int) -> TakenBack:
    """Waiting units first, in order, as long as the sum covers them whole: who disputes a payment lacks these.

    What remains is spread over all other units as a loss, a waiting one that it covers in part among them: that one is
    still handed over, and earned. Raises ValueError when the sum is more than what is left.
    """
    closed: list[Disputed] = []
    rest = amount_fen
    for unit in units:
        if unit.waits and 0 < unit.left_fen <= rest:
            closed.append(unit)
            rest -= unit.left_fen
    others = [unit for unit in units if unit not in closed and unit.left_fen > 0]
    if rest > sum(unit.left_fen for unit in others):
        raise ValueError(f"{amount_fen} fen are more than what is left of the units")
    lost = split(rest, [unit.left_fen for unit in others]) if rest else []
    losses = [
        Part(unit.fulfilment_id, unit.order_item_id, fen, True)
        for unit, fen in zip(others, lost, strict=bool(rest))
        if fen
    ]
    gone = [Part(unit.fulfilment_id, unit.order_item_id, unit.left_fen, False) for unit in closed]
    return TakenBack((*gone, *losses), tuple(unit.fulfilment_id for unit in closed))
