"""Of what customers are told, what they may switch off, and when an attempt to send may be made again. Pure."""

from datetime import datetime, timedelta
from typing import Literal

CHANNELS = ("email", "sms")
STATES = ("queued", "sending", "sent", "failed", "unknown", "muted")

TOPICS: dict[str, tuple[str, ...]] = {
    "orders": ("paid", "delivered", "cancelled", "refunded", "receipt_returned"),
    "parcels": ("shipped",),
    "cases": ("case_answered", "case_closed"),
    "benefits": ("benefit_expiring",),
    "restock": ("restock",),
    "money": ("withdrawal_decided", "invoice_issued"),
    "draws": ("draw_won", "prize_delivered", "prize_forfeited", "draw_void", "draw_stake_back"),
    "security": ("new_device", "password_changed", "contact_changed"),
}
TOPIC_OF = {kind: topic for topic, kinds in TOPICS.items() for kind in kinds}
KINDS = tuple(TOPIC_OF)
ALWAYS_ON = frozenset({"security"})
"""Topics that nobody can switch off: they are how an owner learns of a thief."""

ATTEMPTS = 6
"""Attempts at a notice, when every earlier one certainly sent nothing."""
UNCLEAR_ATTEMPTS = 2
"""Attempts at a notice that may each have arrived: one, and one more under the same number."""
CODE_ATTEMPTS = 3
SEND_S = 20.0
"""Seconds that one call to a provider may take."""
STILL_RUNNING = timedelta(seconds=3 * SEND_S)
"""An attempt begun so recently may still be under way in another worker."""

Next = Literal["again", "unknown", "failed"]


def after_unclear(unclear: int) -> Next:
    """What follows the so-manieth attempt at a notice of which nobody knows whether it arrived."""
    return "again" if unclear < UNCLEAR_ATTEMPTS else "unknown"


def after_refusal(attempts: int, temporary: bool, most: int = ATTEMPTS) -> Next:
    """What follows an attempt that certainly sent nothing."""
    return "again" if temporary and attempts < most else "failed"


def wait_after(attempts: int) -> timedelta:
    """10 s, 1 min, 6 min, 36 min, then 2 hours."""
    return min(timedelta(seconds=10 * 6 ** (attempts - 1)), timedelta(hours=2))


def is_under_way(begun_at: datetime | None, at: datetime) -> bool:
    return begun_at is not None and at - begun_at < STILL_RUNNING
