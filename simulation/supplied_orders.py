"""What purchases make of the orders that they were for: delivered when the code came, refunded when it was bad."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from simulation.planned import PlannedItem, PlannedOrder, PlannedUnit
from simulation.shopping import Shopped, events_of, state_at
from simulation.supplied_records import PlannedClaim, PlannedPurchase, Supplied
from transactional.orders.historic import HistoricRefund

PAID_OUT_AFTER = timedelta(days=2)
BAD, UNWANTED = "code did not work", "no longer wanted"


def supplied_orders(shopped: Shopped, supplied: Supplied, end: datetime) -> Shopped:
    """The orders with their units as the purchases left them; refunds of bad codes are in the wallets."""
    bought = supplied.deliveries()
    bad = {supplied.purchases[claim.purchase].unit: claim for claim in supplied.claims}
    balances = list(shopped.balances_fen)
    orders = []
    for order in shopped.orders:
        now = order
        if any(unit.number in supplied.wanted for unit in order.units()):
            now = _Restated(order, supplied.wanted, bought, bad, end).order()
        orders.append(now)
        if order.method == "wallet":
            balances[order.customer] += _more_refunded_fen(order, now)
    return replace(shopped, orders=tuple(orders), balances_fen=tuple(balances))


def _more_refunded_fen(before: PlannedOrder, now: PlannedOrder) -> int:
    pairs = zip(before.units(), now.units(), strict=True)
    return sum(back.amount_fen for old, unit in pairs if not old.refunds for back in unit.refunds)


class _Restated:
    """One paid order."""

    def __init__(
        self,
        order: PlannedOrder,
        wanted: Collection[int],
        bought: Mapping[int, PlannedPurchase],
        bad: Mapping[int, PlannedClaim],
        end: datetime,
    ) -> None:
        self._order, self._wanted, self._bought, self._bad, self._end = order, wanted, bought, bad, end

    def order(self) -> PlannedOrder:
        order = self._order
        items = tuple(PlannedItem(item.sku, tuple(map(self._unit, item.units))) for item in order.items)
        units = [unit for item in items for unit in item.units]
        paid_at = order.paid_at or order.ordered_at
        events = events_of(order.ordered_at, paid_at, units)
        return replace(order, items=items, state=state_at(units, self._end), events=events)

    def _unit(self, unit: PlannedUnit) -> PlannedUnit:
        if unit.number not in self._wanted:
            return unit
        purchase = self._bought.get(unit.number)
        if purchase is None:
            return replace(unit, state="waiting", delivered_at=None)
        claim = self._bad.get(unit.number)
        if unit.refunds:
            refunds = tuple(replace(back, reason=BAD if claim else UNWANTED) for back in unit.refunds)
            return replace(unit, delivered_at=purchase.ended_at, refunds=refunds)
        delivered = replace(unit, state="delivered", delivered_at=purchase.ended_at)
        return self._given_back(delivered, claim.opened_at) if claim else delivered

    def _given_back(self, unit: PlannedUnit, at: datetime) -> PlannedUnit:
        method = self._order.method or ""
        paid_out_at = at if method == "wallet" else at + PAID_OUT_AFTER
        out = paid_out_at if paid_out_at <= self._end else None
        refund = HistoricRefund(unit.net_fen, method, BAD, True, at, out)
        return replace(unit, state="refunded" if out else "refund_pending", refunds=(refund,))
