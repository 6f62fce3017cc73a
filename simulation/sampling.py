"""Choosing a share of what happened, so that even a short history has some of everything."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def some(rng: Random, things: Sequence[T], share: float) -> list[T]:
    """So large a share of the things, two at least where there are two, in their order."""
    count = min(max(round(len(things) * share), 2), len(things))
    return [things[place] for place in sorted(rng.sample(range(len(things)), count))]
