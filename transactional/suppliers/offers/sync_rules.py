"""When a channel is asked again, and from when on its silence is worth an alert. Pure."""

LONGEST_S = 3600
ALERT_FROM = 3
"""Pulls in a row that failed."""
VANISHED_FROM = 3


def next_in_s(every_s: int, failures: int) -> int:
    """Seconds until the next pull: twice as long after each failure in a row, up to an hour (or the usual pause)."""
    doubled: int = every_s * 2 ** min(failures, 20)
    return max(every_s, min(doubled, LONGEST_S))


def is_suspicious(asked: int, told: int) -> bool:
    """An answer that leaves out all of several goods is a fault of the supplier's, not news of its goods."""
    return asked >= VANISHED_FROM and told == 0
