"""A purchase's row as it moves: by the transition table, with an event; and what routing learns of its channel."""

from datetime import datetime

from transactional.alerts.service import end_alert
from transactional.db import WriteSession
from transactional.suppliers.models import Purchase
from transactional.suppliers.purchases import queries
from transactional.suppliers.purchases import rules as purchase_rules
from transactional.suppliers.routing import estimates
from transactional.suppliers.routing.estimate_rules import Outcome, OutcomeKind

UNCLEAR = "purchase_unclear"


async def move(
    session: WriteSession, purchase: Purchase, to: str, kind: str, at: datetime, **detail: str | int | None
) -> None:
    """One move, with its event. Raises ForbiddenMoveError."""
    before = purchase.state
    purchase.state = purchase_rules.move(before, to)
    await queries.note(session, purchase, kind, before, at, {name: said for name, said in detail.items() if said})


async def end(
    session: WriteSession, purchase: Purchase, to: str, kind: str, at: datetime, **detail: str | int | None
) -> None:
    """A move after which nobody is asked any more by itself."""
    purchase.ended_at, purchase.ask_at = at, None
    await move(session, purchase, to, kind, at, **detail)
    if purchase_rules.is_unclear(purchase.submitted_at, at):
        await end_alert(session, UNCLEAR, f"purchase:{purchase.public_id}")


async def learn(
    session: WriteSession, purchase: Purchase, kind: OutcomeKind, at: datetime, *, defective: bool = False
) -> None:
    """Routing takes in how it went; the channel's estimate is locked until the transaction ends."""
    seconds = (at - purchase.submitted_at).total_seconds() if purchase.submitted_at else 0.0
    lag_s = seconds if kind == "failed" else None
    outcome = Outcome(kind, at, seconds, purchase.cost_fen, defective, lag_s)
    await estimates.learn(session, purchase.channel_id, outcome)
