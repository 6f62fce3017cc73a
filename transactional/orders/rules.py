"""Which states an order may move between, and what its state is. Pure."""

from collections.abc import Collection

ORDER_STATES = (
    "pending_payment",
    "paid",
    "fulfilling",
    "partially_delivered",
    "delivered",
    "completed",
    "cancelled",
    "refund_pending",
    "refunded",
)
FULFILMENT_STATES = ("waiting", "delivered", "refund_pending", "refunded", "cancelled")
WAITS = ("stock", "manual", "supplier")
"""What a waiting fulfilment of a paid order waits for."""

TRANSITIONS: dict[str, frozenset[str]] = {
    "pending_payment": frozenset({"paid", "cancelled"}),
    "paid": frozenset({"fulfilling", "partially_delivered", "delivered", "refund_pending"}),
    "fulfilling": frozenset({"partially_delivered", "delivered", "refund_pending"}),
    "partially_delivered": frozenset({"delivered", "refund_pending"}),
    "delivered": frozenset({"completed", "refund_pending"}),
    "completed": frozenset({"refund_pending"}),
    "refund_pending": frozenset({"refunded", "fulfilling", "partially_delivered", "delivered", "completed"}),
    "cancelled": frozenset({"paid"}),  # paid after all: the late payment's decision
    "refunded": frozenset(),
}


class ForbiddenTransitionError(ValueError):
    """An order was asked to move where the table does not allow it."""


def move(state: str, to: str) -> str:
    """The new state. Raises ForbiddenTransitionError when the transition table has no such move."""
    if to not in TRANSITIONS[state]:
        raise ForbiddenTransitionError(f"an order cannot go from {state} to {to}")
    return to


def state_of(paid: bool, fulfilments: Collection[str]) -> str:
    """An order's state, derived from its payment and the states of its fulfilments (`completed` is the customer's)."""
    if not paid:
        return "cancelled" if fulfilments and set(fulfilments) == {"cancelled"} else "pending_payment"
    states = set(fulfilments)
    if "refund_pending" in states:
        return "refund_pending"
    if states == {"refunded"}:
        return "refunded"
    if "waiting" not in states:
        return "delivered"
    return "partially_delivered" if "delivered" in states else "fulfilling"


def next_state(fulfilments: Collection[str], was_completed: bool) -> str:
    """Where a paid order's fulfilments take it: what they say, but what was completed stays so."""
    derived = state_of(True, fulfilments)
    return "completed" if was_completed and derived == "delivered" else derived
