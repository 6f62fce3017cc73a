"""How much of a unit may be refunded, and out of which account it comes. Pure."""

from dataclasses import dataclass
from typing import Literal

from transactional.ledger.rules import Account

Refusal = Literal["too_much", "part_of_undelivered"]


@dataclass(frozen=True, slots=True)
class Unit:
    """A fulfilment: what it cost, what was refunded of it, what of it is earned.

    `unearned_fen` of a delivered membership is for the days to come; 0 of other delivered goods.
    """

    fulfilment_id: int
    net_fen: int
    refunded_fen: int
    delivered: bool
    membership: bool
    unearned_fen: int = 0

    @property
    def left_fen(self) -> int:
        return self.net_fen - self.refunded_fen


@dataclass(frozen=True, slots=True)
class Part:
    """A sum to give back, all of it earned or all of it not, and the account that it comes out of."""

    fulfilment_id: int
    amount_fen: int
    earned: bool
    unearned: Account = Account.UNEARNED_SALES


def parts_of(unit: Unit, amount_fen: int | None) -> tuple[Part, ...] | Refusal:
    """The sums that a refund of a unit consists of; `amount_fen` None: all that is left. Empty when nothing is left."""
    amount = unit.left_fen if amount_fen is None else amount_fen
    if amount > unit.left_fen:
        return "too_much"
    if not unit.delivered:
        if amount != unit.net_fen:
            return "part_of_undelivered"
        account = Account.UNEARNED_MEMBERSHIP if unit.membership else Account.UNEARNED_SALES
        return _nonzero(Part(unit.fulfilment_id, amount, False, account))
    unearned = min(amount, unit.unearned_fen) if unit.membership else 0
    return _nonzero(
        Part(unit.fulfilment_id, unearned, False, Account.UNEARNED_MEMBERSHIP),
        Part(unit.fulfilment_id, amount - unearned, True),
    )


def _nonzero(*parts: Part) -> tuple[Part, ...]:
    return tuple(part for part in parts if part.amount_fen)
