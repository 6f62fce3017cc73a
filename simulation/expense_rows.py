"""A planned history's chargebacks, commissions, advertising, couriers and places into rows and postings."""

from collections.abc import Iterator

from simulation import statement_rows
from simulation.plan import Plan
from simulation.written import Written
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.ledger import bulk
from transactional.ledger.gateway_rules import charged_back
from transactional.ledger.other_rules import (
    commission_clawed_back,
    commission_earned,
    slot_released,
    slot_sold,
)
from transactional.ledger.rules import Posting
from transactional.payments.dispute_rules import Disputed, taken_back

CHARGEBACK = ("id", "payment_id", "amount_fen", "fee_fen", "gateway_reference", "reason", "charged_back_at")
DENIED = "the holder of the account denies the payment"


class ExpenseRows:
    """Writes them after the orders that they are about."""

    def __init__(self, connection: Connection, plan: Plan, written: Written) -> None:
        self._connection = connection
        self._plan = plan
        self._expenses = plan.expenses
        self._written = written

    def write(self) -> None:
        to, spent, zone = self._connection, self._expenses, self._plan.zone
        stated = [
            *statement_rows.ad_spends(to, spent.ad_spends, zone),
            *statement_rows.courier_charges(to, spent.courier_charges, self._written, zone),
        ]
        postings = [*self._chargebacks(), *self._commissions(), *stated, *self._places()]
        bulk.write(self._connection, postings, zone)

    def _chargebacks(self) -> Iterator[Posting]:
        lost = self._plan.chargebacks
        keys = reserve_ids(self._connection, "chargeback", len(lost))
        payments = [self._written.orders[one.order.order_no].payment_id for one in lost]
        rows = (
            (key, payment, one.amount_fen, one.fee_fen, one.gateway_reference, DENIED, one.at)
            for key, payment, one in zip(keys, payments, lost, strict=True)
        )
        copy_rows(self._connection, "chargeback", CHARGEBACK, rows)
        for key, one in zip(keys, lost, strict=True):
            order = self._written.orders[one.order.order_no]
            units = [
                Disputed(self._written.fulfilments[unit.number], item, unit.net_fen, waits=False)
                for item, line in zip(order.items, one.order.items, strict=True)
                for unit in line.units
            ]
            taken = taken_back(units, one.amount_fen).parts
            parts = [(part.order_item_id, part.fulfilment_id, part.amount_fen, part.earned) for part in taken]
            yield charged_back(key, order.id, order.customer_id, parts, one.fee_fen, one.at)

    def _commissions(self) -> Iterator[Posting]:
        for key, one in enumerate(self._expenses.commissions, 1):
            item = self._written.orders[one.order.order_no].items[one.line - 1]
            of = (key, self._written.customers[one.referrer], item, one.amount_fen)
            yield commission_earned(*of, one.earned_at)
            if one.back_at:
                yield commission_clawed_back(*of, one.back_at)

    def _places(self) -> Iterator[Posting]:
        for one in self._expenses.places:
            customer = self._written.customers[one.customer]
            yield slot_sold(one.reference, customer, "bank", one.amount_fen, one.sold_at)
            for number, (at, amount_fen) in enumerate(one.earned, 1):
                yield slot_released(f"{one.reference}:{number}", amount_fen, at)
