"""Which days a page speaks of: presets, custom ranges, and the equal period before. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

Preset = Literal["7d", "30d", "90d", "month", "last_month", "all", "custom"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
QUIET_DAYS = 31
"""A shop without postings for longer than this is looked at on its last active day, not on the present one."""

Grain = Literal["day", "week", "month"]


@dataclass(frozen=True, slots=True)
class Period:
    """Business dates, both ends included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"period ends {self.last}, before it begins {self.first}")

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before(self) -> "Period":
        """The period of equal length that ends the day before."""
        return Period(self.first - timedelta(days=self.length), self.first - timedelta(days=1))

    @property
    def grain(self) -> Grain:
        """Size of a bar such that a chart stays readable: at most some 105 of them."""
        if self.length <= 92:
            return "day"
        return "week" if self.length <= 735 else "month"


def anchor(as_of: date, last_posting: date) -> date:
    """The day that presets count back from: the last one that is over or already has postings.

    It is the day before the as-of date, or the last day with postings when that is later or long ago.
    """
    last_over = as_of - timedelta(days=1)
    return last_over if timedelta() <= last_over - last_posting <= timedelta(days=QUIET_DAYS) else last_posting


def preset(name: Preset, first_posting: date, last: date) -> Period:
    """Days of a preset counted back from `last`; never begins after it. `custom` starts out as 30 days."""
    if name == "all":
        return Period(min(first_posting, last), last)
    if name == "month":
        return Period(last.replace(day=1), last)
    if name == "last_month":
        end = last.replace(day=1) - timedelta(days=1)
        return Period(end.replace(day=1), end)
    length = {"7d": 7, "30d": 30, "90d": 90}.get(name, 30)
    return Period(last - timedelta(days=length - 1), last)


def parsed(text: str | None) -> Period | None:
    """A period out of a URL (`2026-01-01..2026-01-31`); None when it is not one."""
    first, dots, last = (text or "").partition("..")
    try:
        return Period(date.fromisoformat(first), date.fromisoformat(last)) if dots else None
    except ValueError:
        return None


def written(period: Period) -> str:
    """The period as a URL carries it; `parsed` reads it back."""
    return f"{period.first}..{period.last}"
