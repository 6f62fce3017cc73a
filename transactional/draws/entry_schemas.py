"""What entries, holds and chances show."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import TypeAliasType

from transactional.draws import rules
from transactional.schemas import View

EntryKind = TypeAliasType("EntryKind", Literal["free", "house", "paid"])
PayWith = TypeAliasType("PayWith", Literal["chances", "wallet"])
ChanceSource = TypeAliasType("ChanceSource", Literal["order", "checkin", "invitation", "free_route"])


class Entered(View):
    """A range of entries that was accepted. `user_ref` and `nonce` (hexadecimal) are its owner's secret."""

    id: UUID
    draw_id: UUID
    first_index: int
    count: int
    kind: EntryKind
    stake_fen: int
    accepted_second: int = Field(description="Seconds since 1970-01-01 UTC")
    user_ref: str = Field(repr=False)
    nonce: str = Field(repr=False)

    @property
    def first_shown(self) -> int:
        return rules.shown(self.first_index)

    @property
    def last_shown(self) -> int:
        return rules.shown(self.first_index + self.count - 1)


class HoldView(View):
    """Room that is kept for a customer until an instant; it has no numbers yet."""

    id: UUID
    draw_id: UUID
    count: int
    ends_at: datetime


class ChanceView(View):
    """Entries that a customer may still use; without `draw_id` in any promotional draw."""

    id: UUID
    source: ChanceSource
    draw_id: UUID | None
    left: int
    expires_at: datetime | None
