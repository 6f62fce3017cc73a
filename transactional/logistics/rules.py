"""What a parcel's states are, which of several things heard of it counts, and when it counts as received. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

PURPOSES = ("order", "prize")
STATES = (
    "sent",
    "collected",
    "in_transit",
    "delivering",
    "customs",
    "problem",
    "refused",
    "returning",
    "returned",
    "signed",
    "lost",
)
HEARD_BY = ("callback", "query")
CONFIRMED_BY = ("customer", "staff", "time")
OVER = frozenset({"signed", "returned", "lost"})
"""States after which the courier is not asked any more."""
TROUBLE = frozenset({"problem", "refused", "returning", "returned", "lost"})
"""States that a person at the desk should look at."""

ASK_EVERY = timedelta(hours=6)
ASK_FOR = timedelta(days=45)
"""A courier that has said no end by then is not asked any more."""


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """Where a parcel stands: the newest event's instant, how many events are known with it, the state's place."""

    newest_at: datetime
    heard: int
    rank: int

    @property
    def state(self) -> str:
        return STATES[self.rank]


def standing(newest_at: datetime, heard: int, state: str) -> Standing:
    """Raises ValueError for an unknown state."""
    return Standing(newest_at, heard, STATES.index(state))


def after(known: Standing | None, heard: Standing) -> Standing:
    """The greater of both: whatever order reports arrive in, and however often, the end is the same."""
    return heard if known is None else max(known, heard)


def next_ask(times_asked: int, sent_at: datetime, at: datetime) -> datetime | None:
    """After 1, 2, 4 hours, then every 6; None when it has been asked for long enough."""
    if at - sent_at > ASK_FOR:
        return None
    return at + min(timedelta(hours=2 ** min(times_asked, 4)), ASK_EVERY)


def counts_as_received(
    state: str,
    sent_at: datetime,
    signed_at: datetime | None,
    at: datetime,
    *,
    signed_days: int,
    sent_days: int,
) -> bool:
    """Signed for so long ago, or sent so long ago without a word of anybody since."""
    if state == "signed":
        return signed_at is not None and at - signed_at >= timedelta(days=signed_days)
    return state == "sent" and at - sent_at >= timedelta(days=sent_days)
