"""Entries as the intake takes them: who asks for how many in which draw, and how they are to be paid."""

import hashlib
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Pay = Literal["chances", "wallet"]


@dataclass(frozen=True, slots=True)
class EnterRequest:
    """Some entries for one customer, under the key that makes it happen once.

    With `hold_id` they use the room that was kept for them. With `expected_stake_fen` (what the shopper was shown)
    entries at any other price are refused.
    """

    customer_id: int
    draw: UUID
    count: int
    idempotency_key: str
    pay: Pay
    hold_id: UUID | None = None
    expected_stake_fen: int | None = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"{self.count} entries are not positive")

    @property
    def subject(self) -> str:
        """Whose key it is, for entries alone: they lock draw and wallet before they write their key."""
        return f"customer:{self.customer_id}/entries"

    @property
    def sha256(self) -> bytes:
        """What was asked: the same key with another digest is a mistake of the caller's."""
        asked = f"enter {self.draw} {self.count} {self.pay} {self.hold_id} {self.expected_stake_fen}"
        return hashlib.sha256(asked.encode()).digest()
