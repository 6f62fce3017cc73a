"""What becomes of a paid unit: delivered at once, late or not yet, refunded before or after; and goodwill."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from simulation.planned import PlannedUnit
from transactional.orders.historic import HistoricRefund

SLOW, VERY_SLOW = 0.035, 0.005
OUT_OF_STOCK = 0.008
GIVEN_BACK = 0.018
GIVEN_BACK_IN_PART = 0.25
GOODWILL = 0.012
STILL_WAITING = 0.06
"""Share of the last day's orders that wait for delivery when the history ends."""


class Aftermath:
    """Chance decides; nothing happens after `end`, the last instant of the history."""

    def __init__(self, rng: Random, end: datetime) -> None:
        self._rng = rng
        self._end = end

    def delivery(self, paid_at: datetime) -> datetime | None:
        """When an order paid now is delivered; None when it is not yet."""
        luck = self._rng.random()
        if paid_at > self._end - timedelta(days=1) and luck < STILL_WAITING:
            return None
        if luck > 1 - VERY_SLOW:
            at = paid_at + timedelta(minutes=self._rng.randint(180, 1200))
        elif luck > 1 - VERY_SLOW - SLOW:
            at = paid_at + timedelta(seconds=self._rng.randint(60, 5400))
        else:
            at = paid_at + timedelta(seconds=self._rng.randint(2, 30))
        return at if at <= self._end else None

    def of_unit(self, unit: PlannedUnit, method: str, paid_at: datetime, delivered_at: datetime | None) -> PlannedUnit:
        """The unit as it stands at the end."""
        net_fen = unit.net_fen
        luck = self._rng.random()
        if luck < OUT_OF_STOCK:
            at = paid_at + timedelta(minutes=self._rng.randint(1, 5))
            return _refunded(unit, self._refund(net_fen, method, "out of stock", False, at))
        if delivered_at is None:
            return unit
        handed_over = replace(unit, state="delivered", delivered_at=delivered_at)
        if luck > 1 - GIVEN_BACK:
            at = delivered_at + timedelta(minutes=self._rng.randint(20, 8000))
            if at <= self._end:
                return self._given_back(handed_over, net_fen, method, at)
        return handed_over

    def _given_back(self, unit: PlannedUnit, net_fen: int, method: str, at: datetime) -> PlannedUnit:
        if self._rng.random() < GIVEN_BACK_IN_PART:
            return _refunded(unit, self._refund(net_fen // 2, method, "partly usable", True, at), "delivered")
        return _refunded(unit, self._refund(net_fen, method, "code did not work", True, at))

    def _refund(self, amount_fen: int, method: str, reason: str, earned: bool, at: datetime) -> HistoricRefund:
        days = 0 if method == "wallet" else self._rng.randint(1, 3)
        paid_out_at = at + timedelta(days=days)
        out = paid_out_at if paid_out_at <= self._end else None
        return HistoricRefund(amount_fen, method, reason, earned, at, out)

    def goodwill(self, paid_at: datetime) -> tuple[int, datetime]:
        """Fen (mostly 0) given to the customer's wallet, and when."""
        if self._rng.random() >= GOODWILL:
            return 0, paid_at
        return 100 * self._rng.randint(1, 6), paid_at + timedelta(minutes=self._rng.randint(30, 3000))


def _refunded(unit: PlannedUnit, back: HistoricRefund, end_state: str = "refunded") -> PlannedUnit:
    """The money is on its way until it is paid out."""
    return replace(unit, state=end_state if back.paid_out_at else "refund_pending", refunds=(back,))
