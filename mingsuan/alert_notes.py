"""An alert as it is told to people and programs, and how telling can fail. How it is told is `alerting`. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")


@dataclass(frozen=True, slots=True)
class AlertNote:
    """An alert to be told: its title and text are for people, the rest for programs. `ended_at`: it is over.

    `key` is the same whenever the same news is told again.
    """

    key: str
    kind: str
    subject: str
    severity: Severity
    title: str
    text: str
    link: str
    raised_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """Several alerts as one message for people."""

    title: str
    text: str


class NotToldError(Exception):
    """The sink did not take it. `outcome`: "refused" for certain, or nobody knows."""

    def __init__(self, outcome: Literal["refused", "unknown"], reason: str) -> None:
        super().__init__(reason)
        self.outcome, self.reason = outcome, reason


class AlertSettingsError(ValueError):
    """A sink is switched on with settings that cannot work; the message names the setting."""


def key_of(alerts: Sequence[AlertNote]) -> str:
    """The same whenever the same news is told again, so that the other side can tell a repetition."""
    return hashlib.sha256("\n".join(sorted(each.key for each in alerts)).encode()).hexdigest()[:32]
