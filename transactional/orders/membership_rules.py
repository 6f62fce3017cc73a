"""How a membership's price becomes income day by day. Pure."""

from collections.abc import Iterator
from datetime import date, timedelta


def earned_fen(net_fen: int, days: int, days_over: int) -> int:
    """What `days_over` of `days` have earned: rounded down, and all of it at the end, so that the days add up."""
    return net_fen * min(max(days_over, 0), days) // days


def releases(net_fen: int, days: int, released_fen: int, starts: date, today: date) -> Iterator[tuple[date, int]]:
    """(business date, fen) of each day that is over and not yet released; a day is earned when it is over."""
    for number in range(min((today - starts).days, days)):
        amount = earned_fen(net_fen, days, number + 1) - released_fen
        if amount > 0:
            yield starts + timedelta(days=number), amount
            released_fen += amount
