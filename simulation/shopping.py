"""What simulated customers order on their dates, how they pay, and what becomes of it. Stock and costs come after."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from random import Random

from simulation.aftermath import Aftermath
from simulation.baskets import Baskets, Line
from simulation.planned import CreditSource, PlannedCredit, PlannedCustomer, PlannedItem, PlannedOrder, PlannedUnit
from simulation.purse import Purse
from simulation.seasons import moment
from transactional.orders.numbers import ALPHABET, RANDOM_SIGNS
from transactional.orders.rules import state_of

ABANDONED = 0.03
ANOTHER_THE_SAME_DAY = 0.02
TOP_UP_STEP_FEN = 5000
GATEWAY_FEE_PERMILLE = 6
UNPAID_ORDERS_LIVE = timedelta(days=1)
ORDERS_COMPLETE_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Shopped:
    """All orders in the order of time, credits of wallets, and the wallets' balances at the end by customer."""

    orders: tuple[PlannedOrder, ...]
    credits: tuple[PlannedCredit, ...]
    balances_fen: tuple[int, ...]

    def delivered(self) -> dict[int, datetime]:
        """When each unit that was handed over was, by its number."""
        units = (unit for order in self.orders for unit in order.units())
        return {unit.number: unit.delivered_at for unit in units if unit.delivered_at}


class Shopping:
    """Turns occasions into orders. `end` is the last instant of the history."""

    def __init__(self, rng: Random, baskets: Baskets, aftermath: Aftermath, zone: tzinfo, end: datetime) -> None:
        self._rng = rng
        self._baskets = baskets
        self._aftermath = aftermath
        self._zone = zone
        self._end = end
        self._credits: list[PlannedCredit] = []
        self._credited: Counter[int] = Counter()
        self._units = 0

    def shop(self, customers: Iterable[PlannedCustomer]) -> Shopped:
        """Everything that the customers do."""
        orders: list[PlannedOrder] = []
        balances: list[int] = []
        for customer in customers:
            purse = Purse()
            for place, day in enumerate(customer.occasions):
                orders += self._occasion(customer, purse, day, place == 0)
            balances.append(purse.final_fen)
        orders.sort(key=lambda order: (order.ordered_at, order.customer))
        return Shopped(tuple(orders), tuple(self._credits), tuple(balances))

    def _occasion(self, customer: PlannedCustomer, purse: Purse, day: date, first: bool) -> Iterator[PlannedOrder]:
        at = moment(self._rng, day, self._zone)
        before = at - timedelta(minutes=self._rng.randint(1, 30))
        if self._rng.random() < ABANDONED and before.date() == day:
            yield self._unpaid(customer, self._baskets.fill(customer, day, first), before)
        yield self._paid(customer, purse, self._baskets.fill(customer, day, first), at)
        after = at + timedelta(minutes=self._rng.randint(10, 60))
        if self._rng.random() < ANOTHER_THE_SAME_DAY and (after + timedelta(minutes=10)).date() == day:
            yield self._paid(customer, purse, self._baskets.fill(customer, day, False), after)

    def _unpaid(self, customer: PlannedCustomer, lines: Sequence[Line], at: datetime) -> PlannedOrder:
        given_up = at < self._end - UNPAID_ORDERS_LIVE
        events = [("placed", at)] + [("cancelled", at + UNPAID_ORDERS_LIVE)] * given_up
        items = self._items(lines, "cancelled" if given_up else "waiting")
        state = "cancelled" if given_up else "pending_payment"
        return PlannedOrder(customer.number, self._order_no(at), at, state, items, None, None, 0, tuple(events))

    def _paid(self, customer: PlannedCustomer, purse: Purse, lines: Sequence[Line], at: datetime) -> PlannedOrder:
        net_fen = sum(line.gross_fen - line.discount_fen for line in lines)
        paid_at = at + timedelta(seconds=self._rng.randint(4, 240))
        if customer.pays_by == "wallet":
            self._pay_from(purse, customer.number, net_fen, at, paid_at)
        items = tuple(
            PlannedItem(
                item.sku,
                tuple(self._aftermath.of_unit(unit, customer.pays_by, paid_at, delivered_at) for unit in item.units),
            )
            for delivered_at in [self._aftermath.delivery(paid_at)]
            for item in self._items(lines, "waiting")
        )
        self._settle(customer, purse, items, paid_at)
        fee_fen = 0 if customer.pays_by == "wallet" else (net_fen * GATEWAY_FEE_PERMILLE + 500) // 1000
        events = events_of(at, paid_at, [unit for item in items for unit in item.units])
        state = state_at([unit for item in items for unit in item.units], self._end)
        number = self._order_no(at)
        return PlannedOrder(customer.number, number, at, state, items, customer.pays_by, paid_at, fee_fen, events)

    def _items(self, lines: Sequence[Line], state: str) -> tuple[PlannedItem, ...]:
        return tuple(
            PlannedItem(
                line.sku,
                tuple(
                    PlannedUnit(self._next_unit(), line.sku, line.unit_price_fen, discount, state, None)
                    for discount in line.unit_discounts_fen
                ),
            )
            for line in lines
        )

    def _next_unit(self) -> int:
        self._units += 1
        return self._units

    def _order_no(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y%m%d}" + "".join(self._rng.choices(ALPHABET, k=RANDOM_SIGNS))

    def _pay_from(self, purse: Purse, customer: int, net_fen: int, at: datetime, paid_at: datetime) -> None:
        """Tops the wallet up with round sums before it pays."""
        missing_fen = purse.missing(net_fen, at)
        if missing_fen:
            round_fen = -(-missing_fen // TOP_UP_STEP_FEN) * TOP_UP_STEP_FEN
            self._credit(purse, customer, round_fen, "bank", at - timedelta(minutes=self._rng.randint(1, 5)))
        purse.pay(net_fen, paid_at)

    def _settle(self, customer: PlannedCustomer, purse: Purse, items: Iterable[PlannedItem], paid_at: datetime) -> None:
        """Refunds go back the way the money came; now and then the shop says sorry."""
        for back in (back for item in items for unit in item.units for back in unit.refunds):
            if back.method == "wallet" and back.paid_out_at:
                purse.credit(back.amount_fen, back.paid_out_at)
        amount_fen, at = self._aftermath.goodwill(paid_at)
        if amount_fen and at <= self._end:
            self._credit(purse, customer.number, amount_fen, "goodwill", at)

    def _credit(self, purse: Purse, customer: int, amount_fen: int, source: CreditSource, at: datetime) -> None:
        self._credited[customer] += 1
        reference = f"simulation:{customer}:{self._credited[customer]}"
        self._credits.append(PlannedCredit(reference, customer, amount_fen, source, at))
        purse.credit(amount_fen, at)


def state_at(units: Sequence[PlannedUnit], end: datetime) -> str:
    """State of a paid order with these units at the end of the history."""
    if any(not back.paid_out_at for unit in units for back in unit.refunds):
        return "refund_pending"
    state = state_of(True, [unit.state for unit in units])
    done = max((unit.delivered_at for unit in units if unit.delivered_at), default=None)
    return "completed" if state == "delivered" and done and done < end - ORDERS_COMPLETE_AFTER else state


def events_of(at: datetime, paid_at: datetime, units: Sequence[PlannedUnit]) -> tuple[tuple[str, datetime], ...]:
    """Events of a paid order, by time."""
    delivered = {unit.delivered_at for unit in units if unit.delivered_at}
    refunded = {back.refunded_at for unit in units for back in unit.refunds}
    later = [("delivered", when) for when in delivered] + [("refunded", when) for when in refunded]
    return (("placed", at), ("paid", paid_at), *sorted(later, key=lambda event: event[1]))
