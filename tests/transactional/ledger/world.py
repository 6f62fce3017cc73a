"""A tiny shop without a database: things that exist, and the postings of whatever happens to them.

Its books are counted from the things alone and never look at a posting.
"""

from collections import Counter
from dataclasses import dataclass, field
from itertools import count

from transactional.ledger.rules import Account


@dataclass
class Code:
    cost: int
    state: str = "available"


@dataclass
class Unit:
    """One bought thing: a code, or a membership whose price is earned bit by bit."""

    number: int
    order: int
    item: int
    customer: int
    method: str
    gross: int
    discount: int
    is_membership: bool
    code: Code | None = None
    delivered: bool = False
    released: int = 0
    taken_back: int = 0
    unearned_back: int = 0

    @property
    def net(self) -> int:
        return self.gross - self.discount

    @property
    def unearned(self) -> int:
        """What of its price is neither earned nor given back."""
        if self.is_membership:
            return self.net - self.released - self.unearned_back
        return 0 if self.delivered else self.net - self.unearned_back


@dataclass
class Purchase:
    number: int
    cost: int
    prepaid: bool
    state: str = "open"
    is_priced: bool = False


@dataclass
class Owed:
    """A refund, receipt, slot, stake, share or commission that is still open."""

    number: int
    amount: int
    customer: int
    method: str = ""
    done: int = 0


@dataclass
class World:
    """Everything that there is. `cash`, `gateway`, `suppliers` are what bank, gateways and suppliers would tell."""

    codes: list[Code] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    purchases: list[Purchase] = field(default_factory=list)
    refunds: list[Owed] = field(default_factory=list)
    withdrawals: list[Owed] = field(default_factory=list)
    receipts: list[Owed] = field(default_factory=list)
    slots: list[Owed] = field(default_factory=list)
    stakes: list[Owed] = field(default_factory=list)
    shares: list[Owed] = field(default_factory=list)
    commissions: list[Owed] = field(default_factory=list)
    wallets: Counter[int] = field(default_factory=Counter)
    cash: int = 0
    gateway: int = 0
    prepaid: int = 0
    payable: int = 0
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def books(self) -> dict[Account, int]:
        """What each control account must hold, debit positive."""
        return {
            Account.BANK: self.cash,
            Account.GATEWAY_RECEIVABLE: self.gateway,
            Account.CARD_INVENTORY: sum(code.cost for code in self.codes if code.state == "available"),
            Account.SUPPLIER_PREPAID: self.prepaid,
            Account.SUPPLIER_PAYABLE: -self.payable,
            Account.PURCHASES_IN_FLIGHT: sum(each.cost for each in self.purchases if each.state == "open"),
            Account.CUSTOMER_WALLET: -sum(self.wallets.values()),
            Account.UNEARNED_SALES: -sum(unit.unearned for unit in self.units if not unit.is_membership),
            Account.UNEARNED_MEMBERSHIP: -sum(unit.unearned for unit in self.units if unit.is_membership),
            Account.UNEARNED_OTHER: -sum(slot.amount - slot.done for slot in self.slots),
            Account.REFUND_PAYABLE: -sum(each.amount for each in self.refunds),
            Account.WITHDRAWALS_PAYABLE: -sum(each.amount for each in self.withdrawals),
            Account.COMMISSION_PAYABLE: -sum(each.amount for each in self.commissions),
            Account.DRAW_STAKES: -sum(each.amount for each in self.stakes),
            Account.UNAPPLIED_RECEIPTS: -sum(each.amount for each in self.receipts),
        }

    def money(self, method: str, customer: int, amount: int) -> None:
        """Money comes in (or, negative, goes back) by a method."""
        if method == "wallet":
            self.wallets[customer] -= amount
        elif method == "bank":
            self.cash += amount
        else:
            self.gateway += amount

    def supplier(self, prepaid: bool, amount: int) -> None:
        """A supplier takes an amount from what was prepaid, or writes it on the bill; negative: gives it back."""
        if prepaid:
            self.prepaid -= amount
        else:
            self.payable += amount
