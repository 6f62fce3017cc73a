"""What comes back from suppliers in a simulated past: credits for bad codes, and late words on what was written off."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random

from simulation.supplied_law import CHANNELS, VENDOR_OF
from simulation.supplied_luck import Fate
from simulation.supplied_records import PlannedClaim, PlannedPurchase, Supplied
from simulation.supplied_till import Till
from transactional.suppliers.routing.estimate_rules import Outcome

COMPLAINT_DAYS = (0.05, 3.0)
CREDIT_DAYS = (0.7, 9.0)
CREDITED_IN_FULL = 0.8

Later = Callable[[datetime, Callable[[datetime], None]], None]


class Returns:
    """Plans what happens after a purchase's end; `later` is asked to do it, `learn` told of it."""

    def __init__(
        self,
        rng: Random,
        supplied: Supplied,
        till: Till,
        end: datetime,
        later: Later,
        learn: Callable[[int, Outcome], None],
    ) -> None:
        self._rng = rng
        self._made = supplied
        self._till = till
        self._end = end
        self._later = later
        self._learn = learn

    def perhaps_bad(self, place: int, refunded_at: datetime | None) -> None:
        """A delivered code may be bad; then its buyer complains, when they have money back at the latest."""
        purchase = self._made.purchases[place]
        law = CHANNELS[purchase.channel]
        if self._rng.random() >= law.defect or purchase.ended_at is None:
            return
        at = refunded_at or purchase.ended_at + timedelta(days=self._rng.uniform(*COMPLAINT_DAYS))
        self._later(at, partial(self._complained, place))

    def later(self, place: int, destiny: Fate) -> None:
        """A written-off purchase of which the supplier says more after days."""
        purchase = self._made.purchases[place]
        if purchase.ended_at is not None:
            at = purchase.ended_at + timedelta(days=destiny.after_days)
            self._later(at, partial(self._said_later, purchase, destiny))

    def _complained(self, place: int, at: datetime) -> None:
        purchase = self._made.purchases[place]
        claim = PlannedClaim(place, at, purchase.cost_fen)
        self._made.claims.append(claim)
        self._learn(purchase.channel, Outcome("defective", at))
        ends_at = at + timedelta(days=self._rng.uniform(*CREDIT_DAYS))
        self._later(ends_at, partial(self._answered, claim))

    def _answered(self, claim: PlannedClaim, at: datetime) -> None:
        purchase = self._made.purchases[claim.purchase]
        law = CHANNELS[purchase.channel]
        claim.ended_at = at
        if self._rng.random() >= law.recovered:
            claim.state = "rejected"
            return
        in_full = self._rng.random() < CREDITED_IN_FULL
        claim.state, claim.credited_fen = "accepted", purchase.cost_fen if in_full else purchase.cost_fen // 2
        self._till.move(VENDOR_OF[law.code], claim.credited_fen)
        self._learn(purchase.channel, Outcome("credited", at))

    def _said_later(self, purchase: PlannedPurchase, destiny: Fate, at: datetime) -> None:
        if destiny.after is None:
            return
        purchase.state, purchase.after_at = destiny.after, at
        if destiny.after == "late_failed":
            self._till.move(VENDOR_OF[CHANNELS[purchase.channel].code], purchase.cost_fen)
