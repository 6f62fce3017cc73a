"""The tracking service's protocol in words: signatures, states, times. Pure. As kuaidi100 documents it."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

THERE = ZoneInfo("Asia/Shanghai")
"""The zone of its times, which name none."""
MOST_EVENTS = 200
LONGEST_WORD = 500
OF_CODE = {
    "0": "in_transit",
    "1": "collected",
    "2": "problem",
    "3": "signed",
    "4": "returned",
    "5": "delivering",
    "6": "returning",
    "7": "in_transit",
    "8": "customs",
    "10": "customs",
    "11": "customs",
    "12": "customs",
    "13": "problem",
    "14": "refused",
}
"""Its states by ours; a finer one (such as 301, or 1001 on the way) begins with its coarse one."""


class NotUnderstoodError(ValueError):
    """What came is not in the protocol."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a parcel, in the courier's words."""

    happened_at: datetime
    word: str


@dataclass(frozen=True, slots=True)
class Report:
    """A parcel as the service knows it: each report holds all events so far."""

    state: str
    events: tuple[Event, ...]

    @property
    def newest_at(self) -> datetime:
        return max(event.happened_at for event in self.events)


def query_signature(param: str, key: str, customer: str) -> str:
    """Uppercase MD5, as the protocol wants it, of param, key and customer number, one after the other."""
    return _md5(param + key + customer)


def callback_signature(param: str, salt: str) -> str:
    """Uppercase MD5 of param and the salt that the subscription gave."""
    return _md5(param + salt)


def is_authentic(param: str, signature: str, salt: str) -> bool:
    return hmac.compare_digest(callback_signature(param, salt).encode(), signature.upper().encode())


def result_of_callback(param: str) -> Mapping[str, Any]:
    """The `lastResult` of a callback. Raises NotUnderstoodError."""
    content = loaded(param)
    result = content.get("lastResult")
    return result if isinstance(result, dict) else {}


def loaded(text: str | bytes) -> Mapping[str, Any]:
    """A JSON object. Raises NotUnderstoodError."""
    try:
        content = json.loads(text)
    except ValueError:
        raise NotUnderstoodError("not JSON") from None
    if not isinstance(content, dict):
        raise NotUnderstoodError("not an object")
    return content


def report_of(result: Mapping[str, Any]) -> Report | None:
    """None while nothing is known of the parcel. Raises NotUnderstoodError."""
    rows = result.get("data") or []
    if not isinstance(rows, list):
        raise NotUnderstoodError("data is no list")
    events = tuple(_event(row) for row in rows[:MOST_EVENTS])
    if not events:
        return None
    return Report(state_of(str(result.get("state", ""))), events)


def state_of(code: str) -> str:
    """Raises NotUnderstoodError."""
    coarse = code if code in OF_CODE else ("0" if code.startswith("10") else code[:1])
    if coarse not in OF_CODE or not code.isdecimal():
        raise NotUnderstoodError(f"state {code[:10]!r}")
    return OF_CODE[coarse]


def _event(row: Any) -> Event:
    if not isinstance(row, dict):
        raise NotUnderstoodError("an event is no object")
    try:
        there = datetime.fromisoformat(str(row.get("ftime") or row.get("time")))
    except ValueError:
        raise NotUnderstoodError("an event's time") from None
    at = there if there.tzinfo else there.replace(tzinfo=THERE)
    return Event(at.astimezone(UTC), str(row.get("context", ""))[:LONGEST_WORD])


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()
