"""The state of a draw as people should see it: by the clock, not only by what the shop wrote down."""

from datetime import datetime, timedelta

from transactional.draws.models import Draw

SHOWN = (
    "draft", "open", "closing", "closed", "committed", "overdue", "late", "decided", "finished", "void",
)  # fmt: skip
LATE_AFTER = timedelta(days=7)
"""A result that is late by so much stands when it comes, but stakes have gone back by then."""


def state_shown(draw: Draw, at: datetime) -> str:
    """One of SHOWN: overdue since the round's time, late once stakes went back for it."""
    if draw.state == "open" and draw.closes_at is not None and draw.closes_at <= at:
        return "closing"
    if draw.state == "committed" and draw.round_at is not None and draw.round_at < at:
        return "late" if draw.returned_at is not None else "overdue"
    return draw.state
