"""Who may do what in which state of a case, and what the shop's refund rule says of a unit. Pure.

The rule is the one that the help page publishes: in full until the code is shown; afterwards only when it does not
work, reported within 7 days.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

REASONS = ("does_not_work", "already_used", "wrong_goods", "not_received", "changed_mind", "other")
CASE_STATES = ("open", "waiting_for_shop", "waiting_for_customer", "resolved", "rejected", "withdrawn")
OPEN_STATES = ("open", "waiting_for_shop", "waiting_for_customer")
RESOLUTIONS = ("replace", "refund", "goodwill", "reject")
FAULTS = ("does_not_work", "already_used", "wrong_goods")
"""Reasons that say that the goods are to blame."""

ANSWER_WITHIN = timedelta(hours=24)
"""The promised time to an answer."""
REPORT_WITHIN = timedelta(days=7)
"""So long after a code was first shown it may be reported as bad."""
UNITS_AT_ONCE, AT_ONCE_WINDOW = 10, timedelta(days=30)
"""So many units of a customer are refunded by the rule alone in such a time; beyond that a person looks first."""
MOST_EVIDENCE = 6
CASES_A_DAY, MESSAGES_A_DAY = 20, 50
"""What one customer may open, and write in one case, within a day: enough for anybody, too little to fill a disk."""

Act = Literal["write", "attach", "withdraw", "answer", "ask", "note", "take", "decide"]
BY_CUSTOMER: tuple[Act, ...] = ("write", "attach", "withdraw")
BY_STAFF: tuple[Act, ...] = ("answer", "ask", "note", "take", "decide")
Outlook = Literal["refund_now", "person"]
Refusal = Literal["unpaid", "has_case", "settled", "not_delivered", "show_it_first", "shown", "too_late", "delivered"]


@dataclass(frozen=True, slots=True)
class Unit:
    """What decides about a unit. `has_code`: a code from the pool; `was_replaced`: it is not the first one.

    `is_used`: what came with it was activated without showing the code.
    """

    kind: str
    state: str
    waits_for: str | None
    is_paid: bool
    has_code: bool
    first_shown_at: datetime | None
    was_replaced: bool
    refunded_fen: int
    in_open_case: bool
    is_used: bool = False

    @property
    def is_untouched_code(self) -> bool:
        """Nobody has ever seen or used what the customer was given for this unit."""
        return self.has_code and self.first_shown_at is None and not self.was_replaced and not self.is_used


def outlook(unit: Unit, reason: str, at: datetime) -> Outlook | Refusal:
    """What a case about this unit leads to: money back at once, a person, or a refusal to open it."""
    if not unit.is_paid or unit.in_open_case:
        return "has_case" if unit.is_paid else "unpaid"
    if reason == "other":
        return "person"
    return {"waiting": _undelivered, "delivered": _delivered}.get(unit.state, _settled)(unit, reason, at)


def _settled(_unit: Unit, _reason: str, _at: datetime) -> Refusal:
    return "settled"


def _undelivered(unit: Unit, reason: str, _at: datetime) -> Outlook | Refusal:
    """A purchase at a supplier may be under way: whether it can be stopped is for a person."""
    if reason in FAULTS:
        return "not_delivered"
    return "person" if unit.waits_for == "supplier" or unit.refunded_fen else "refund_now"


def _delivered(unit: Unit, reason: str, at: datetime) -> Outlook | Refusal:
    """What was done by hand, shipped or activated may have been used without any code: a person looks."""
    if not unit.has_code:
        return "person"
    return _unshown(unit, reason) if unit.is_untouched_code else _shown(unit, reason, at)


def _unshown(unit: Unit, reason: str) -> Outlook | Refusal:
    if reason == "not_received":
        return "delivered"
    if reason in ("does_not_work", "already_used"):
        return "show_it_first"
    return "person" if unit.refunded_fen else "refund_now"


def _shown(unit: Unit, reason: str, at: datetime) -> Outlook | Refusal:
    if reason == "changed_mind":
        return "shown"
    if reason == "not_received":
        return "delivered"
    too_late = unit.first_shown_at is not None and at > unit.first_shown_at + REPORT_WITHIN
    return "too_late" if too_late else "person"


def together(outlooks: Sequence[Outlook | Refusal], refunded_at_once: int) -> Outlook:
    """A case's outlook from its units', none refused: at once when all are and not too many were so of late."""
    at_once = all(each == "refund_now" for each in outlooks)
    return "refund_now" if at_once and refunded_at_once + len(outlooks) <= UNITS_AT_ONCE else "person"


def after(state: str, act: Act) -> str | None:
    """The state that an act leads to, `decide` with units left undecided; none when the act is not allowed now."""
    if state not in OPEN_STATES:
        return None
    moves = {
        "answer": "waiting_for_shop",
        "decide": "waiting_for_shop",
        "ask": "waiting_for_customer",
        "withdraw": "withdrawn",
    }
    if act in ("write", "attach"):
        return "waiting_for_shop" if state == "waiting_for_customer" else state
    return moves.get(act, state)


def closed_by(kinds: Collection[str]) -> str:
    """The last state of a case whose units are all decided, by the kinds of its resolutions."""
    return "rejected" if set(kinds) == {"reject"} else "resolved"


def due_after(state: str, act: Act, due_at: datetime | None, at: datetime) -> datetime | None:
    """Until when the shop promises to answer, after an act led to a state.

    Who writes again waits no longer for it; each answer of the shop that leaves the matter with it renews the promise.
    """
    if state not in ("open", "waiting_for_shop"):
        return None
    if act in ("answer", "decide") or due_at is None:
        return at + ANSWER_WITHIN
    return due_at


def is_overdue(due_at: datetime | None, at: datetime) -> bool:
    """The promise was not kept."""
    return due_at is not None and due_at < at
