"""What a wallet may take in and give out under a compliance profile, and how a withdrawal is divided. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from transactional.compliance import Profile

TOP_UP_STATES = ("open", "paid", "closed")
OPEN_WITHDRAWALS = ("requested", "approved", "paying", "unknown")
WITHDRAWAL_STATES = (*OPEN_WITHDRAWALS, "paid", "refused", "failed")
PART_STATES = ("held", "paying", "paid", "returned")
CONFIRMATIONS = ("password", "code")

SMALLEST_TOP_UP_FEN = 100
SMALLEST_WITHDRAWAL_FEN = 100
TOP_UP_LIFE = timedelta(minutes=15)
REFUNDABLE_FOR = timedelta(days=360)
"""Gateways refuse refunds of trades older than a year; a part must still reach them after its review."""

NoTopUp = Literal["not_allowed", "no_gateway", "full"]
PartState = Literal["held", "paying", "paid", "returned"]


@dataclass(frozen=True, slots=True)
class Source:
    """A payment that money can go back to, and how much of it."""

    payment_id: int
    method: str
    left_fen: int


@dataclass(frozen=True, slots=True)
class Way:
    """A part of a withdrawal; without a payment it goes to the bank account."""

    payment_id: int | None
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Room:
    """What a wallet can take or give now. `pending_fen` are top-ups that wait to be paid, `held_fen` withdrawals."""

    balance_fen: int
    pending_fen: int
    held_fen: int
    sources: tuple[Source, ...]

    @property
    def back_fen(self) -> int:
        """How much can go back to the payments it came with."""
        return min(self.balance_fen, sum(source.left_fen for source in self.sources))


def top_up_room_fen(profile: Profile, room: Room) -> int:
    """How much may be added; money held for withdrawals counts, since it may come back."""
    return max(0, profile.largest_balance_fen - room.balance_fen - room.pending_fen - room.held_fen)


def no_top_up(profile: Profile, room: Room, has_gateways: bool) -> NoTopUp | None:
    """Why nothing can be added; None when something can."""
    if not profile.top_up:
        return "not_allowed"
    if not has_gateways:
        return "no_gateway"
    return "full" if top_up_room_fen(profile, room) < SMALLEST_TOP_UP_FEN else None


def withdrawable_fen(profile: Profile, room: Room, has_name: bool) -> int:
    """How much may leave: what came with payments, and all of it to a bank account in a name that was checked."""
    return room.balance_fen if profile.withdraw_to == "bank" and has_name else room.back_fen


def ways_of(amount_fen: int, sources: Sequence[Source]) -> tuple[Way, ...]:
    """The amount divided over the sources, in their order; the rest, if any, has no payment: it goes to the bank."""
    ways, rest = [], amount_fen
    for source in sources:
        part = min(rest, source.left_fen)
        if part > 0:
            ways.append(Way(source.payment_id, part))
            rest -= part
    return (*ways, Way(None, rest)) if rest else tuple(ways)


def state_of(parts: Collection[PartState], is_unclear: bool) -> str:
    """How an approved withdrawal stands by its parts."""
    if all(part in ("paid", "returned") for part in parts):
        return "paid" if "paid" in parts else "failed"
    if is_unclear:
        return "unknown"
    return "approved" if all(part == "held" for part in parts) else "paying"
