"""What a planned history's purchases, credits, payments and settled differences post, by the shop's own rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from simulation.supplied_law import CHANNELS, VENDOR_OF, VENDORS
from simulation.supplied_records import PlannedClaim, PlannedPayment, PlannedPurchase, Supplied
from simulation.supplier_statements import PlannedStatement
from simulation.supply_rows import SupplyKeys
from transactional.ledger import supplier_rules as rules
from transactional.ledger.rules import Posting


@dataclass(frozen=True, slots=True)
class BoughtKeys:
    """Keys of purchases, claims and payments by their places, and of order items by unit."""

    purchases: Sequence[int]
    claims: Sequence[int]
    payments: Sequence[int]
    items: Mapping[int, int]


class SupplierPostings:
    """All of one history."""

    def __init__(self, supplied: Supplied, keys: SupplyKeys, bought: BoughtKeys) -> None:
        self._supplied = supplied
        self._keys = keys
        self._bought = bought

    def of_purchases(self) -> Iterator[Posting]:
        """In the order of purchases, each with all that became of it."""
        for key, one in zip(self._bought.purchases, self._supplied.purchases, strict=True):
            yield from self._of_purchase(key, one)

    def of_claims(self) -> Iterator[Posting]:
        for key, claim in zip(self._bought.claims, self._supplied.claims, strict=True):
            yield from self._of_claim(key, claim)

    def of_payments(self) -> Iterator[Posting]:
        for key, one in zip(self._bought.payments, self._supplied.payments, strict=True):
            yield from self._of_payment(key, one)

    def of_differences(self, statement: PlannedStatement, lines: Sequence[int]) -> Iterator[Posting]:
        """Those that the shop accepted; `lines` are keys by place."""
        for done in statement.settled:
            if done.way != "accept":
                continue
            supplier_id, channel_id = self._keys.whose(statement.channel)
            place = statement.judged[done.place].purchase_id
            item = None if place is None else self._bought.items[self._supplied.purchases[place].unit]
            prepaid = VENDOR_OF[CHANNELS[statement.channel].code].is_prepaid
            yield rules.statement_difference_accepted(
                lines[done.place],
                done.difference_fen,
                prepaid,
                item,
                done.at,
                component="cogs" if done.is_cost else "supplier_losses",
                supplier_id=supplier_id,
                channel_id=channel_id,
            )

    def _of_purchase(self, key: int, one: PlannedPurchase) -> Iterator[Posting]:
        supplier_id, channel_id = self._keys.whose(one.channel)
        of = {"supplier_id": supplier_id, "channel_id": channel_id}
        item = self._bought.items[one.unit]
        yield rules.purchase_submitted(key, one.set_aside_fen, one.prepaid, one.at, **of)
        if one.ended_at is None:
            return
        if one.succeeded:
            more_fen = one.cost_fen - one.set_aside_fen
            yield rules.purchase_cost_settled(key, more_fen, one.prepaid, one.ended_at, **of)
        elif one.state == "failed":
            yield rules.purchase_failed(key, one.cost_fen, one.prepaid, one.ended_at, **of)
        else:
            yield rules.purchase_written_off(key, one.cost_fen, item, one.ended_at, **of)
        if one.state == "late_failed" and one.after_at:
            yield rules.written_off_purchase_failed(key, one.cost_fen, one.prepaid, item, one.after_at, **of)
        if one.state == "late_succeeded" and one.after_at:
            yield rules.written_off_purchase_delivered(key, one.cost_fen, item, one.after_at, **of)

    def _of_claim(self, key: int, claim: PlannedClaim) -> Iterator[Posting]:
        if claim.credited_fen is None or claim.ended_at is None:
            return
        purchase = self._supplied.purchases[claim.purchase]
        supplier_id, channel_id = self._keys.whose(purchase.channel)
        item, of = self._bought.items[purchase.unit], {"supplier_id": supplier_id, "channel_id": channel_id}
        yield rules.purchase_credited(key, claim.credited_fen, purchase.prepaid, item, claim.ended_at, **of)

    def _of_payment(self, key: int, one: PlannedPayment) -> Iterator[Posting]:
        supplier_id = self._keys.suppliers[one.vendor]
        prepaid = next(vendor.is_prepaid for vendor in VENDORS if vendor.key == one.vendor)
        pay = rules.prepaid_topped_up if one.kind == "top_up" else rules.statement_paid
        yield pay(key, one.paid_fen, one.at, supplier_id=supplier_id)
        yield rules.exchange_difference(key, one.loss_fen, prepaid, one.at, supplier_id=supplier_id)
