"""Which states an attempt to activate may move between, and what of a provider's word is news. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

ACTIVATION_STATES = ("opened", "lapsed", "unknown", "failed", "activated", "used", "expired", "cancelled")
UNDER_WAY = ("opened", "unknown")
"""While one of these is an attempt's state, its benefit has no other attempt."""
CONFIRMED = ("failed", "activated", "used", "expired", "cancelled")
VERDICTS = ("accepted", "duplicate", "bad_signature", "stale", "malformed", "unknown_activation")

MOVES: dict[str, frozenset[str]] = {
    "opened": frozenset({"lapsed", "unknown"}),
    "lapsed": frozenset(),  # the ticket was never spent, so the provider never had the benefit
    "unknown": frozenset(CONFIRMED),
    "failed": frozenset({"activated", "used", "expired", "cancelled"}),  # late success
    "activated": frozenset({"used", "expired", "cancelled"}),
    "expired": frozenset({"activated", "used", "cancelled"}),  # renewed at the provider
    "used": frozenset({"activated", "cancelled"}),
    "cancelled": frozenset(),
}

TICKET_LIFE = timedelta(minutes=10)
FRESHNESS = timedelta(minutes=5)
"""How far the clock of a signed message may be from ours."""
NOT_FOUND_MEANS_FAILED = timedelta(minutes=10)
"""So long after its ticket was spent, a benefit that the provider has never heard of was not activated."""
_WAITS = (timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))
_DAILY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """An attempt as the provider's own books have it."""

    state: str
    version: int
    provider_ref: str | None = None
    valid_until: datetime | None = None


def may_move(state: str, to: str) -> bool:
    return to in MOVES[state]


def is_news(state: str, version: int, told: Standing) -> bool:
    """Whether a confirmed standing changes an attempt: a later version, and a move that the table has.

    An answer that was overtaken by another one, or comes again, is no news.
    """
    return told.version > version and (told.state == state or may_move(state, told.state))


def next_query(state: str, queries: int, at: datetime) -> datetime | None:
    """When to ask the provider again: soon at first, then rarer; daily while it is in force; never once it is over."""
    if state == "unknown":
        return at + (_WAITS[queries] if queries < len(_WAITS) else _WAITS[-1] if queries < 72 else _DAILY)
    return at + _DAILY if state in ("activated", "used", "expired") and queries < 400 else None
