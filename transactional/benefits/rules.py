"""Which states a benefit may move between, why, and what its state is by the facts. Pure.

The facts are the other slices' (delivery, code, membership, refund) and the provider's confirmed word; nothing else
makes a state.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

STATES = ("pending", "ready", "revealed", "activated", "used", "expired", "revoked")
CAUSES = (
    "delivered",
    "began",
    "shown",
    "provider",
    "marked",
    "unmarked",
    "time",
    "deadline_moved",
    "replaced",
    "refund",
    "refund_undone",
)
LIVE = ("pending", "ready", "revealed", "activated")
EXPIRING_SOON = timedelta(days=7)

_NOT_REVOKED = tuple(state for state in STATES if state != "revoked")
_AFTER_A_MARK = ("ready", "revealed", "activated", "expired")
_HELD = ("ready", "revealed", "activated", "used", "expired")

MOVES: dict[str, frozenset[tuple[str, str]]] = {
    "began": frozenset({("pending", "activated")}),
    "shown": frozenset({("ready", "revealed")}),
    # The provider's word, which it may take back: then what the shop itself knows counts again.
    "provider": frozenset(
        {
            *product(("ready", "revealed"), ("activated", "used")),
            ("activated", "used"),
            *product(("activated", "used"), ("ready", "revealed")),
            *product(("used",), ("activated", "expired")),
            *product(("ready", "revealed", "activated"), ("expired",)),
            *product(("expired",), ("activated", "used")),
        }
    ),
    "marked": frozenset(product(("ready", "revealed", "activated", "expired"), ("used",))),
    "unmarked": frozenset(product(("used",), _AFTER_A_MARK)),
    "time": frozenset(product(LIVE, ("expired",))),
    "deadline_moved": frozenset(product(("expired",), LIVE)),
    # A new code: nothing of the old one's life counts for it.
    "replaced": frozenset(product(_HELD, ("ready", "revealed", "activated", "expired"))),
    "refund": frozenset(product(_NOT_REVOKED, ("revoked",))),
    "refund_undone": frozenset(product(("revoked",), _NOT_REVOKED)),
}
"""By cause: (from, to). A move that is not here does not happen."""


class ForbiddenMoveError(ValueError):
    """The facts ask for a move that the table does not have."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one unit. `provider` is what the provider last confirmed for the code that it stands on.

    `replaced`: the unit has another code than the entitlement last stood on.
    """

    refunded: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    code_expires_at: datetime | None = None
    revealed_at: datetime | None = None
    provider: str | None = None
    provider_valid_until: datetime | None = None
    marked_used_at: datetime | None = None
    done_on_delivery: bool = False
    replaced: bool = False

    @property
    def is_membership(self) -> bool:
        return self.starts_at is not None

    @property
    def is_active(self) -> bool:
        """In force, whatever the time: the provider confirmed it, or nothing was left to do on delivery."""
        return self.provider == "activated" or self.done_on_delivery


@dataclass(frozen=True, slots=True)
class Move:
    """Where an entitlement goes, and what moves it."""

    to: str
    cause: str


def expires_at(facts: Facts) -> datetime | None:
    """When it ends by time: a membership's end; once activated the provider's date; before that the code's."""
    if facts.is_membership:
        return facts.ends_at
    return facts.provider_valid_until if facts.is_active else facts.code_expires_at


def state_of(facts: Facts, at: datetime) -> str:
    """The one state that the facts allow at an instant."""
    if facts.refunded:
        return "revoked"
    if facts.provider == "used" or facts.marked_used_at is not None:
        return "used"
    ends = expires_at(facts)
    if facts.provider == "expired" or (ends is not None and ends <= at):
        return "expired"
    if facts.starts_at is not None:
        return "pending" if facts.starts_at > at else "activated"
    if facts.is_active:
        return "activated"
    return "ready" if facts.revealed_at is None else "revealed"


def decide(held: str, facts: Facts, at: datetime) -> Move | None:
    """The move that brings an entitlement in step with the facts, None when it is.

    Raises ForbiddenMoveError when the table does not have it.
    """
    to = state_of(facts, at)
    if to == held:
        return None
    cause = _cause(held, to, facts)
    if (held, to) not in MOVES[cause]:
        raise ForbiddenMoveError(f"a benefit cannot go from {held} to {to} ({cause})")
    return Move(to, cause)


def changes_at(facts: Facts, at: datetime) -> datetime | None:
    """The next instant at which time alone changes the state, or its end is near enough to be told; None for never."""
    if facts.refunded or state_of(facts, at) in ("used", "expired", "revoked"):
        return None
    ends = expires_at(facts)
    near = ends - EXPIRING_SOON if ends else None
    return min((each for each in (facts.starts_at, near, ends) if each is not None and each > at), default=None)


def is_expiring(facts: Facts, at: datetime) -> bool:
    """Whether the owner should be told that it ends within EXPIRING_SOON."""
    ends = expires_at(facts)
    return ends is not None and state_of(facts, at) in LIVE and at < ends <= at + EXPIRING_SOON


def may_mark_used(state: str) -> bool:
    """Whether its owner may say that it is used up."""
    return (state, "used") in MOVES["marked"]


def _cause(held: str, to: str, facts: Facts) -> str:
    """The first reason that holds."""
    told = facts.provider is not None
    reasons = (
        (to == "revoked", "refund"),
        (held == "revoked", "refund_undone"),
        (to == "used", "provider" if facts.marked_used_at is None else "marked"),
        (facts.replaced, "replaced"),
        (held == "used", "provider" if told else "unmarked"),
        (to == "expired", "provider" if facts.provider == "expired" else "time"),
        (held == "expired", "provider" if facts.provider == "activated" else "deadline_moved"),
        (held == "pending", "began"),
        (held == "ready" and to == "revealed", "shown"),
        (True, "provider"),
    )
    return next(cause for holds, cause in reasons if holds)
