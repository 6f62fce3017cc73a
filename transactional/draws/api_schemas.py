"""What the JSON API of draws shows and accepts. Other people's names are nowhere in it."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from typing_extensions import TypeAliasType

from transactional.draws.entry_schemas import ChanceView, Entered, PayWith
from transactional.schemas import Command, View

MOST_AT_ONCE = 10_000

DrawStateShown = TypeAliasType(
    "DrawStateShown",
    Literal["open", "closing", "closed", "committed", "overdue", "late", "decided", "finished", "void"],
)
DrawMode = TypeAliasType("DrawMode", Literal["promotional", "refundable", "paid"])
DrawPrizeKind = TypeAliasType("DrawPrizeKind", Literal["code", "parcel", "hand"])
PrizeState = TypeAliasType("PrizeState", Literal["notified", "claimed", "delivered", "forfeited"])
VoidReason = TypeAliasType("VoidReason", Literal["undersold", "cancelled"])


class DrawPrize(View):
    name: str
    value_fen: int
    kind: DrawPrizeKind


class DrawPack(View):
    """So many entries for the price of fewer."""

    count: int
    price_count: int


class WonEntry(View):
    """A prize and the entry that it went to; who that is only they know."""

    place: int
    number: int = Field(description="As people see it: entry 0 is 10000001")
    state: PrizeState
    claim_ends_at: datetime


class DrawSummary(View):
    id: UUID
    number: int = Field(description="Without gaps over all draws, from 1")
    state: DrawStateShown
    title_zh: str
    title_en: str
    mode: DrawMode
    prize: DrawPrize
    price_fen: int
    pack: DrawPack | None
    capacity: int = Field(description="0 when there is no limit")
    closes_at: datetime | None
    entries: int
    left: int | None = Field(description="Neither taken nor held for somebody; absent without a limit")
    winners: int
    round_at: datetime | None = Field(description="When the deciding round of the beacon appears")


class DrawDetail(DrawSummary):
    most_each: int | None
    reserves: int
    free_entries: int
    paid_entries: int
    house_entries: int
    opened_at: datetime
    closed_at: datetime | None
    delay_s: int
    beacon_chain: str
    beacon_round: int | None
    claim_days: int
    free_rule: str
    house_rule: str
    rules: str
    decided_at: datetime | None
    won: tuple[WonEntry, ...]
    void_reason: VoidReason | None
    void_words: str | None


class DrawList(View):
    items: tuple[DrawSummary, ...]
    total: int


class NewEntries(Command):
    count: int = Field(default=1, ge=1, le=MOST_AT_ONCE)
    pay: PayWith
    hold_id: UUID | None = Field(default=None, description="Use the room that is held for you; of the same count")
    expected_stake_fen: int | None = Field(default=None, ge=0, description="Refuse the entries at any other price")


class EntriesGiven(Entered):
    """A range of your entries with its receipt: keep it. Whoever has it can check it, and owns nothing by it."""

    receipt: dict[str, Any] = Field(description="docs/draw-bundle.md, Receipts", repr=False)


class EntriesOfYours(View):
    items: tuple[Entered, ...]
    total: int = Field(description="Ranges, not entries")


class EntryProof(View):
    proof: str = Field(description="Text of a file of C2SP's tlog-proof, to be checked without this shop")


class NewHoldOfEntries(Command):
    count: int = Field(ge=1, le=MOST_AT_ONCE)


class ChanceList(View):
    items: tuple[ChanceView, ...]
    checked_in_today: bool


class NewInvitation(Command):
    """Who invited you."""

    inviter_id: UUID


class PrizeWon(View):
    """A prize of yours."""

    id: UUID
    draw_id: UUID
    number: int
    prize: DrawPrize
    state: PrizeState
    claim_ends_at: datetime
    claimed_at: datetime | None
    delivered_at: datetime | None
    has_code: bool = Field(description="A code lies ready for you")
    code_shown_at: datetime | None = Field(description="When you first looked at the code")


class PrizeCode(View):
    """What was won, in clear: no other answer holds it."""

    code: str


class PrizeList(View):
    items: tuple[PrizeWon, ...]


class NewClaim(Command):
    address_id: UUID | None = Field(default=None, description="Where a parcel goes; one of your addresses")


class DrawAsked(View):
    """What became of asking for a result."""

    state: DrawStateShown
