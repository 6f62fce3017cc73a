"""The one source of the present instant, and the one rule that turns an instant into a business date."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, tzinfo

_frozen: ContextVar[datetime | None] = ContextVar("frozen_instant", default=None)


def now() -> datetime:
    """The present instant in UTC, or the frozen one inside `at`."""
    return _frozen.get() or datetime.now(UTC)


def frozen() -> datetime | None:
    """The instant that `at` froze, for those who otherwise ask another clock than this machine's."""
    return _frozen.get()


def business_date(instant: datetime, zone: tzinfo) -> date:
    """Calendar date of an instant in the shop's zone. Raises ValueError for a naive instant."""
    if instant.tzinfo is None:
        raise ValueError(f"naive instant {instant!r}: business dates need a zone")
    return instant.astimezone(zone).date()


def start_of(day: date, zone: tzinfo) -> datetime:
    """First instant of a business date, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Freeze `now()` for this context: simulations and tests."""
    if instant.tzinfo is None:
        raise ValueError(f"naive instant {instant!r}")
    token = _frozen.set(instant)
    try:
        yield
    finally:
        _frozen.reset(token)
