"""When a channel is left alone for a while, and when it is tried again. Pure.

Only calls that ended without a trusted answer count: a supplier that refuses clearly is working.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

OPENS_AFTER = 5
FIRST_PAUSE_S = 30
LONGEST_PAUSE_S = 1800


@dataclass(frozen=True, slots=True)
class Breaker:
    """A channel's breaker. `until`: when an open one lets a trial through, a half-open one another."""

    state: str = "closed"
    failures: int = 0
    until: datetime | None = None
    times_opened: int = 0


def after_answer(_breaker: Breaker) -> Breaker:
    """The supplier answered, whatever it said."""
    return Breaker()


def after_silence(breaker: Breaker, at: datetime) -> Breaker:
    """A call ended without a trusted answer: opens after several in a row, or after a trial, for longer each time."""
    failures = breaker.failures + 1
    if breaker.state == "open" or (breaker.state == "closed" and failures < OPENS_AFTER):
        return replace(breaker, failures=failures)
    pause_s = min(FIRST_PAUSE_S * 2**breaker.times_opened, LONGEST_PAUSE_S)
    return Breaker("open", failures, at + timedelta(seconds=pause_s), breaker.times_opened + 1)


def trial(breaker: Breaker, at: datetime, patience_s: int) -> Breaker | None:
    """The breaker while a purchase goes through, None when none may now: it is open, or another is being tried."""
    if breaker.state == "closed":
        return breaker
    if breaker.until is not None and at < breaker.until:
        return None
    return replace(breaker, state="half_open", until=at + timedelta(seconds=2 * patience_s))
