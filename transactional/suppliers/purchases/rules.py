"""How a purchase moves, what a supplier's word on it means, and when to ask again. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from transactional.suppliers.offers.rate_rules import to_fen
from transactional.suppliers.protocols.interface import SupplyState
from transactional.suppliers.states import OPEN

Meaning = Literal[
    "succeeded", "failed", "progress", "unclear", "late_succeeded", "late_failed", "nothing", "contradiction"
]

TRANSITIONS: dict[str, frozenset[str]] = {
    "created": frozenset({"submitted", "processing", "succeeded", "failed"}),
    "submitted": frozenset({"processing", "unknown", "succeeded", "failed", "written_off"}),
    "processing": frozenset({"unknown", "succeeded", "failed", "written_off"}),
    "unknown": frozenset({"processing", "succeeded", "failed", "written_off"}),
    "succeeded": frozenset(),
    "failed": frozenset(),
    "written_off": frozenset({"late_failed", "late_succeeded"}),
    "late_failed": frozenset(),
    "late_succeeded": frozenset(),
}
ASK_PAUSES_S = (1, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""Before the first question, the second, …; the last one goes on for ever."""
HOLD_PAUSES_S = (30, 60, 120, 300, 600, 1800, 3600)
"""Before a unit that no channel could take is tried again."""
EXCLUDED_FOR = timedelta(minutes=2)
"""For so long a channel that failed for a unit is not asked for it again."""
UNCLEAR_AFTER = timedelta(minutes=10)
"""A purchase that is open for longer is told to the buyers."""
SOLD_BEFORE = "sold_before"
"""Our own outcome code: the code was sold before, to us, so that it is worth nothing."""


class ForbiddenMoveError(ValueError):
    """A purchase was asked to move where the table does not allow it."""


def move(state: str, to: str) -> str:
    """The new state. Raises ForbiddenMoveError when the transition table has no such move."""
    if to not in TRANSITIONS[state]:
        raise ForbiddenMoveError(f"a purchase cannot go from {state} to {to}")
    return to


def meaning_of(state: str, said: SupplyState, *, is_final: bool, is_spoilt: bool = False) -> Meaning:
    """What a supplier's word means for a purchase in a state.

    `is_final`: "not found" proves by now that nothing was bought. `is_spoilt`: it was written off because its code was
    worth nothing; that the supplier calls this a success is nothing new.
    """
    ends: dict[SupplyState, Meaning] = {"succeeded": "succeeded", "failed": "failed", "processing": "progress"}
    if state == "created" or state in OPEN:
        return ends.get(said, "failed" if is_final else "unclear")
    if state == "written_off":
        if is_spoilt or said == "processing":
            return "nothing"
        if said == "succeeded":
            return "late_succeeded"
        return "late_failed" if said == "failed" or is_final else "nothing"
    has_good = state in ("succeeded", "late_succeeded")
    return "contradiction" if said == ("failed" if has_good else "succeeded") else "nothing"


def is_final(submitted_at: datetime | None, at: datetime, final_after_s: int | None) -> bool:
    """Whether "not found" proves at an instant that nothing was bought; `final_after_s` None: it never does."""
    if submitted_at is None or final_after_s is None:
        return False
    return at - submitted_at >= timedelta(seconds=final_after_s)


def may_send_again(submitted_at: datetime | None, at: datetime, final_after_s: int | None) -> bool:
    """Whether an order that the supplier does not know may be sent a second time.

    Only so early that "not found", once it is final for the first, is so for the second: either may take as long to
    arrive as to be refused for its age.
    """
    if submitted_at is None or final_after_s is None:
        return False
    return at - submitted_at < timedelta(seconds=final_after_s) / 3


def ask_at(times_asked: int, at: datetime) -> datetime:
    """When to ask (again), with growing pauses."""
    return at + _pause(ASK_PAUSES_S, times_asked)


def try_at(times_held: int, at: datetime) -> datetime:
    """When to look for a channel again for a unit that was held so many times."""
    return at + _pause(HOLD_PAUSES_S, times_held - 1)


def is_unclear(submitted_at: datetime | None, at: datetime) -> bool:
    """Whether people should know that a purchase has no end yet."""
    return submitted_at is not None and at - submitted_at >= UNCLEAR_AFTER


def cost_in_fen(
    cost: Decimal | None, currency: str | None, own_currency: str, fen_per: Decimal, expected_fen: int
) -> int:
    """What a good cost in the end: the supplier's figure, `fen_per` minor units for one of its currency, else what was
    set aside. A figure in another currency than the purchase's says nothing.
    """
    if cost is None or cost <= 0 or currency not in (None, own_currency):
        return expected_fen
    return to_fen(cost, fen_per)


def _pause(pauses: Sequence[int], number: int) -> timedelta:
    return timedelta(seconds=pauses[min(max(number, 0), len(pauses) - 1)])
