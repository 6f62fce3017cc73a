"""What one process remembers for a while, within bounds: the oldest is forgotten when there is too much."""

from collections import OrderedDict
from datetime import datetime
from typing import Generic, TypeVar

PLACES = 10_000
Value = TypeVar("Value")


class Fading(Generic[Value]):
    """Values by name, each until an instant. Nothing here is the truth: it is lost with the process."""

    def __init__(self, places: int = PLACES) -> None:
        self._places = places
        self._kept: OrderedDict[str, tuple[Value, datetime]] = OrderedDict()

    def keep(self, name: str, value: Value, until: datetime) -> None:
        self._kept[name] = (value, until)
        self._kept.move_to_end(name)
        if len(self._kept) > self._places:
            self._kept.popitem(last=False)

    def get(self, name: str, at: datetime) -> Value | None:
        value, until = self._kept.get(name, (None, at))
        return value if until > at else None

    def forget(self, name: str) -> None:
        self._kept.pop(name, None)
