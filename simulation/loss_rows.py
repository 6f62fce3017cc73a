"""What became of a planned history's codes besides being sold, into rows: defects, write-offs, credits, late costs."""

from collections.abc import Iterator, Mapping

from simulation.bad_codes import cost_differences
from simulation.card_rows import WrittenCards
from simulation.plan import Plan
from simulation.planned import Place
from simulation.written import Written
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.ledger import bulk
from transactional.ledger.rules import Posting
from transactional.ledger.stock_rules import batch_cost_corrected, batch_credited, code_lost

DEFECT = ("id", "card_id", "batch_id", "fulfilment_id", "replacement_card_id", "cost_fen", "reason", "reported_at")
CREDIT = ("id", "batch_id", "amount_fen", "reason", "credited_at")
CORRECTION = ("id", "batch_id", "difference_fen", "reason", "corrected_at")
Sold = tuple[int, int, int]
"""Order item, fulfilment and customer of a unit."""


class LossRows:
    """Writes them with their postings, after the cards that they are about."""

    def __init__(self, connection: Connection, plan: Plan, written: Written, cards: WrittenCards) -> None:
        self._connection = connection
        self._plan = plan
        self._stock = plan.stock
        self._written = written
        self._cards = cards
        self._sold = sold_units(plan, written)

    def write(self) -> None:
        postings = [*self._defects(), *self._voids(), *self._credits(), *self._corrections()]
        bulk.write(self._connection, postings, self._plan.zone)

    def _cost_fen(self, place: Place) -> int:
        return self._stock.batches[place[0]].costs_fen[place[1]]

    def _defects(self) -> Iterator[Posting]:
        defects = self._stock.defects
        keys = reserve_ids(self._connection, "card_defect", len(defects))
        rows = (
            (
                key,
                self._cards.cards[one.bad],
                self._cards.batches[one.bad[0]],
                self._written.fulfilments[one.unit] if one.unit else None,
                self._cards.cards[one.replacement] if one.replacement else None,
                self._cost_fen(one.bad),
                "code did not work" if one.unit else "found bad in stock",
                one.at,
            )
            for key, one in zip(keys, defects, strict=True)
        )
        copy_rows(self._connection, "card_defect", DEFECT, rows)
        for key, one in zip(keys, defects, strict=True):
            about = self._sold[one.unit] if one.unit else None
            yield code_lost(f"defect:{key}", self._cost_fen(one.replacement or one.bad), one.at, about)

    def _voids(self) -> Iterator[Posting]:
        for void in self._stock.voids:
            first = min(self._cards.cards[place] for place in void.places)
            yield code_lost(f"void:{first}", sum(map(self._cost_fen, void.places)), void.at)

    def _credits(self) -> Iterator[Posting]:
        given = self._plan.batch_credits
        keys = reserve_ids(self._connection, "batch_credit", len(given))
        rows = (
            (key, self._cards.batches[one.batch], one.amount_fen, "bad code", one.at)
            for key, one in zip(keys, given, strict=True)
        )
        copy_rows(self._connection, "batch_credit", CREDIT, rows)
        for key, one in zip(keys, given, strict=True):
            yield batch_credited(key, one.amount_fen, one.at)

    def _corrections(self) -> Iterator[Posting]:
        """Codes sold by then cost more or less from that day on, those in stock are worth more or less."""
        learnt = [
            (place, batch, batch.late.learnt_at)
            for place, batch in enumerate(self._stock.batches)
            if batch.late and batch.late.learnt_at
        ]
        keys = reserve_ids(self._connection, "batch_cost_correction", len(learnt))
        rows = (
            (key, self._cards.batches[place], sum(cost_differences(batch)), "the supplier's invoice", at)
            for key, (place, batch, at) in zip(keys, learnt, strict=True)
        )
        copy_rows(self._connection, "batch_cost_correction", CORRECTION, rows)
        units = {place: unit for unit, place in self._stock.handed_out.items()}
        delivered_at = self._plan.shopped.delivered()
        for key, (number, batch, at) in zip(keys, learnt, strict=True):
            in_stock_fen, sold = 0, []
            for place, difference_fen in enumerate(cost_differences(batch)):
                unit = units.get((number, place))
                if unit and delivered_at[unit] < at:
                    sold.append((*self._sold[unit], difference_fen))
                else:
                    in_stock_fen += difference_fen
            yield batch_cost_corrected(key, in_stock_fen, 0, sold, at)


def sold_units(plan: Plan, written: Written) -> Mapping[int, Sold]:
    """Of each unit, by its number."""
    found = {}
    for order in plan.shopped.orders:
        keys = written.orders[order.order_no]
        for item, line in zip(keys.items, order.items, strict=True):
            for unit in line.units:
                found[unit.number] = (item, written.fulfilments[unit.number], keys.customer_id)
    return found
