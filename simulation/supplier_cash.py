"""What a planned history earned and lost with suppliers besides the cost of what it delivered: for the cash book."""

from collections.abc import Iterator

from simulation.cash_book import Cash
from simulation.supply import Supply


def cash(supply: Supply) -> Iterator[Cash]:
    """Losses by their day, what undoes them negative; and costs that a statement corrected."""
    supplied = supply.supplied
    for one in supplied.purchases:
        if one.ended_at and one.state in ("written_off", "late_failed", "late_succeeded"):
            yield Cash(one.ended_at, "supplier_losses", one.cost_fen)
            if one.after_at:
                yield Cash(one.after_at, "supplier_losses", -one.cost_fen)
    for claim in supplied.claims:
        if claim.ended_at and claim.credited_fen:
            yield Cash(claim.ended_at, "supplier_losses", -claim.credited_fen)
    for payment in supplied.payments:
        yield Cash(payment.at, "supplier_losses", payment.loss_fen)
    for statement in supply.statements:
        for done in statement.settled:
            if done.way == "accept":
                yield Cash(done.at, "cogs" if done.is_cost else "supplier_losses", done.difference_fen)
