"""When a Chinese shop is busy: shopping seasons, days of the week, hours of the day."""

from datetime import date, datetime, time, timedelta, tzinfo
from random import Random

SEASONS = (
    # first and last (month, day), how many more customers come, share off the list price in percent
    ((1, 10), (1, 26), 1.7, 4),
    ((3, 1), (3, 8), 1.5, 3),
    ((6, 1), (6, 20), 2.1, 6),
    ((8, 22), (9, 5), 1.5, 3),
    ((10, 24), (11, 11), 2.3, 7),
    ((12, 8), (12, 12), 1.8, 5),
)
"""New Year goods, March 8, 618, back to school, Double Eleven, Double Twelve. Any 180 days meet two of them."""

HOURS = (6, 3, 2, 1, 1, 1, 2, 4, 8, 11, 13, 14, 17, 14, 13, 13, 14, 15, 17, 21, 25, 26, 21, 12)
"""Relative number of orders in each hour."""

LAST_MINUTE = 50
"""Nobody orders in the last ten minutes of a day, so that a payment falls on the date of its order."""


def busyness(day: date) -> float:
    """How many customers come first on this day, relative to a plain weekday."""
    weekend = 1.25 if day.weekday() >= 5 else 1.0
    for first, last, factor, _ in SEASONS:
        if first <= (day.month, day.day) <= last:
            return weekend * factor * (1.5 if (day.month, day.day) == last else 1.0)
    return weekend


def season_discount_percent(day: date) -> int:
    """Share off the list price that the season's coupon gives."""
    inside = (percent for first, last, _, percent in SEASONS if first <= (day.month, day.day) <= last)
    return next(inside, 0)


def moment(rng: Random, day: date, zone: tzinfo) -> datetime:
    """An instant of the business date, at a likely hour."""
    hour = rng.choices(range(24), HOURS)[0]
    minute = rng.randrange(LAST_MINUTE if hour == 23 else 60)
    return datetime.combine(day, time(hour, minute, rng.randrange(60)), zone)


def dates(first: date, last: date) -> list[date]:
    """All dates from first to last."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
