"""Where this process last found stock of each SKU, so that a claim need not walk over what was sold long ago.

While an old snapshot is open, the entries of sold codes stay in the index, and a hot SKU has thousands in front of its
next free code. A floor is only where to look first: codes below it are found when those above do not suffice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

START = ("-infinity", -1)
"""Before every code."""


@dataclass(frozen=True, slots=True)
class Found:
    """A claimed code's place in the order of claiming; `turn` counts a SKU's codes within one claim."""

    turn: int
    free_at: str
    pick: int


class Floors:
    """One for each process; forgetting it costs time only."""

    def __init__(self) -> None:
        self._at: dict[UUID, tuple[str, int]] = {}

    def free_at(self, skus: Sequence[UUID]) -> list[str]:
        """As PostgreSQL writes an instant, which may be infinite."""
        return [self._at.get(sku, START)[0] for sku in skus]

    def pick(self, skus: Sequence[UUID]) -> list[int]:
        return [self._at.get(sku, START)[1] for sku in skus]

    def found(self, sku: UUID, codes: Sequence[Found]) -> None:
        """Look next where the claim's last code lay: behind the floor's own, or where the search from the start led."""
        last = max(codes, key=lambda code: code.turn)
        self._at[sku] = (last.free_at, last.pick)
