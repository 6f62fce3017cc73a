"""Who logged in: from the claims of an identity token to a viewer with roles, or to the reason why not.

The provider says who somebody is and what they are; settings say which claim names the roles and what its values mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from dashboards.access import ROLES, Role, Viewer
from mingsuan.settings import Settings

AHEAD = timedelta(minutes=5)
"""How far a provider's clock may be ahead."""
Reason = Literal["no_role", "ended", "unclear_end"]


class LogInRefusedError(Exception):
    """Somebody logged in who may not read; `who` is shown to them, so that they can ask for access."""

    def __init__(self, reason: Reason, who: str) -> None:
        super().__init__(f"{who}: {reason}")
        self.reason = reason
        self.who = who


class LogInNeededError(Exception):
    """Nobody logged in yet, or too long ago."""


class LogInBrokenError(Exception):
    """A log-in is set up that the server does not know of: it was started without the file."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How claims are read: where the roles are, what their values mean, until when, and how long a log-in lives."""

    role_claim: str
    meanings: Mapping[str, Role]
    until_claim: str
    life: timedelta
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        pairs = [pair.partition("=") for pair in settings.dashboards_roles.split(",") if pair]
        named: dict[str, Role] = {value.strip(): _role(role) for value, _, role in pairs}
        return cls(
            settings.dashboards_role_claim,
            named or {role: role for role in ROLES},
            settings.dashboards_until_claim,
            timedelta(hours=settings.dashboards_session_hours),
            settings.zone,
        )


def identified(claims: Mapping[str, Any], rules: Rules, now: datetime) -> Viewer:
    """The viewer whom these claims of a verified identity token describe.

    Raises LogInNeededError when the token is too old, LogInRefusedError for somebody without a role, past their last
    day, or with a last day that cannot be read.
    """
    subject = str(claims.get("sub") or "")
    issued = claims.get("iat")
    if not subject or isinstance(issued, bool) or not isinstance(issued, int | float):
        raise LogInNeededError
    age = now - datetime.fromtimestamp(issued, UTC)
    if not -AHEAD <= age <= rules.life:
        raise LogInNeededError
    who = str(claims.get("email") or claims.get("preferred_username") or claims.get("name") or subject)
    _check_end(claims.get(rules.until_claim), who, rules.zone, now)
    roles = frozenset(rules.meanings[value] for value in _values(claims, rules.role_claim) if value in rules.meanings)
    if not roles:
        raise LogInRefusedError("no_role", who)
    return Viewer(roles, who, subject)


def _check_end(end: object, who: str, zone: ZoneInfo, now: datetime) -> None:
    """A last day (`2026-07-31`, in the shop's zone) or an instant in seconds; nothing means no end."""
    if end is None:
        return
    try:
        if isinstance(end, str):
            until = datetime.combine(date.fromisoformat(end) + timedelta(days=1), time(), zone)
        else:
            until = datetime.fromtimestamp(float(end), UTC)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError, OSError):
        raise LogInRefusedError("unclear_end", who) from None
    if now >= until:
        raise LogInRefusedError("ended", who)


def _values(claims: Mapping[str, Any], claim: str) -> list[str]:
    """The claim's values: a list of texts, or one text of words; `realm_access.roles` is a claim in a claim."""
    found: Any = claims.get(claim)
    if found is None:
        found = claims
        for part in claim.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return found.replace(",", " ").split()
    return [value for value in found if isinstance(value, str)] if isinstance(found, list | tuple) else []


def _role(word: str) -> Role:
    role: Role
    for role in get_args(Role):
        if role == word.strip():
            return role
    raise ValueError(f"{word!r} is no role; there are {', '.join(ROLES)}")
