"""Codes of the simulated shop that turn out bad, and batches whose cost is known late: what becomes of their money."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from mingsuan import money
from simulation.cash_book import Cash
from simulation.planned import CostHistory, PlannedBatch, PlannedOrder, Stock

BAD = 0.004
SPOILAGES = 9
UNKNOWN_AT_FIRST, WRONG_AT_FIRST = 0.04, 0.02
SLOWEST_INVOICE_HOURS = 140
INVOICE_UNDER_WAY = 0.25
"""Share of the last batches whose cost is unknown at first: their suppliers are slow at the end of the history."""
CREDITED = 0.7


@dataclass(frozen=True, slots=True)
class BadCode:
    """A delivered code that its customer could not use, and that is replaced at an instant."""

    unit: int
    sku: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Spoilage:
    """Codes on a shelf that are found to be worthless: taken out of sale together, or each reported as bad."""

    sku: int
    count: int
    is_void: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class BatchCredit:
    """What a supplier gave back for bad codes of a batch."""

    batch: int
    amount_fen: int
    at: datetime


def bad_codes(rng: Random, orders: Iterable[PlannedOrder], end: datetime) -> list[BadCode]:
    """Some of the codes that were delivered and not refunded."""
    found = []
    for unit in (unit for order in orders for unit in order.units()):
        if unit.delivered_at and not unit.refunds and not unit.is_membership and rng.random() < BAD:
            at = unit.delivered_at + timedelta(minutes=rng.randint(15, 6000))
            found += [BadCode(unit.number, unit.sku, at)] if at <= end else []
    return found


def spoilages(rng: Random, skus: int, first: datetime, end: datetime) -> list[Spoilage]:
    """A few losses in stock, spread over the history."""
    length = (end - first) / (SPOILAGES + 1)
    return [
        Spoilage(rng.randrange(skus), rng.randint(1, 3), number % 2 == 0, first + length * (number + 1))
        for number in range(SPOILAGES)
    ]


def batch_credits(rng: Random, stock: Stock, end: datetime) -> list[BatchCredit]:
    """Most bad codes are made good by their supplier some days later."""
    given = []
    for defect in stock.defects:
        batch, place = defect.bad
        at = defect.at + timedelta(days=rng.randint(2, 12), minutes=rng.randint(0, 600))
        if rng.random() < CREDITED and at <= end:
            given.append(BatchCredit(batch, stock.batches[batch].costs_fen[place], at))
    return given


def with_late_costs(rng: Random, stock: Stock, end: datetime) -> Stock:
    """The same stock, but the costs of some batches are unknown or wrong at first; some stay unknown.

    Batches that lost codes are left alone, so that a correction concerns codes sold and in stock.
    """
    lost = {place[0] for defect in stock.defects for place in (defect.bad, defect.replacement) if place}
    lost |= {place[0] for void in stock.voids for place in void.places}
    late = (batch if number in lost else _late(rng, batch, end) for number, batch in enumerate(stock.batches))
    return replace(stock, batches=tuple(late))


def _late(rng: Random, batch: PlannedBatch, end: datetime) -> PlannedBatch:
    luck = rng.random()
    learnt_at = batch.bought_at + timedelta(hours=rng.randint(5, SLOWEST_INVOICE_HOURS))
    is_recent = batch.bought_at > end - timedelta(hours=SLOWEST_INVOICE_HOURS)
    if luck < (INVOICE_UNDER_WAY if is_recent else UNKNOWN_AT_FIRST):
        is_learnt = learnt_at <= end
        return replace(batch, late=CostHistory(None, learnt_at if is_learnt else None))
    if not is_recent and luck < UNKNOWN_AT_FIRST + WRONG_AT_FIRST and learnt_at <= end:
        first_fen = money.split(batch.total_cost_fen + rng.randint(50, 900), [1] * len(batch.costs_fen))
        right_fen = money.split(batch.total_cost_fen, first_fen)  # as the shop spreads a corrected cost
        return replace(batch, costs_fen=tuple(right_fen), late=CostHistory(tuple(first_fen), learnt_at))
    return batch


def cash(stock: Stock, given: Iterable[BatchCredit], delivered: dict[int, datetime]) -> Iterator[Cash]:
    """Losses less credits, and costs learnt after the delivery; `delivered` says when each unit was."""
    for defect in stock.defects:
        batch, place = defect.replacement or defect.bad
        yield Cash(defect.at, "card_losses", stock.batches[batch].costs_fen[place])
    for void in stock.voids:
        yield Cash(void.at, "card_losses", sum(stock.batches[batch].costs_fen[place] for batch, place in void.places))
    for credit in given:
        yield Cash(credit.at, "card_losses", -credit.amount_fen)
    for unit, (batch, place) in stock.handed_out.items():
        late = stock.batches[batch].late
        if late and late.learnt_at and late.learnt_at > delivered[unit]:
            first_fen = late.first_costs_fen[place] if late.first_costs_fen else 0
            yield Cash(late.learnt_at, "cogs", stock.batches[batch].costs_fen[place] - first_fen)


def cost_differences(batch: PlannedBatch) -> Sequence[int]:
    """What each code of a batch cost more than was known at first; negative: less."""
    first_fen = batch.late.first_costs_fen if batch.late else batch.costs_fen
    return [cost - (first_fen[place] if first_fen else 0) for place, cost in enumerate(batch.costs_fen)]
