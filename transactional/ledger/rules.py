"""From a business event to its postings: what a posting is, and the events of a sale.

With `stock_rules`, `gateway_rules`, `supplier_rules` and `other_rules` the only place that knows which account an event
touches; the service, the importers and the simulation all post through these. Pure. Amounts are fen, debit positive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

COMPONENTS = (
    "gross_sales",
    "discounts",
    "refunds",
    "draw_income",
    "membership_income",
    "other_income",
    "cogs",
    "payment_fees",
    "delivery_costs",
    "supplier_losses",
    "card_losses",
    "chargebacks",
    "commissions",
    "marketing",
    "goodwill",
    "draw_prizes",
)
Component = Literal[
    "gross_sales",
    "discounts",
    "refunds",
    "draw_income",
    "membership_income",
    "other_income",
    "cogs",
    "payment_fees",
    "delivery_costs",
    "supplier_losses",
    "card_losses",
    "chargebacks",
    "commissions",
    "marketing",
    "goodwill",
    "draw_prizes",
]


class Account(StrEnum):
    """Codes of the chart of accounts that postings use."""

    BANK = "bank"
    GATEWAY_RECEIVABLE = "gateway_receivable"
    CARD_INVENTORY = "card_inventory"
    SUPPLIER_PREPAID = "supplier_prepaid"
    PURCHASES_IN_FLIGHT = "purchases_in_flight"
    CUSTOMER_WALLET = "customer_wallet"
    UNEARNED_SALES = "unearned_sales"
    UNEARNED_MEMBERSHIP = "unearned_membership"
    UNEARNED_OTHER = "unearned_other"
    SUPPLIER_PAYABLE = "supplier_payable"
    REFUND_PAYABLE = "refund_payable"
    WITHDRAWALS_PAYABLE = "withdrawals_payable"
    COMMISSION_PAYABLE = "commission_payable"
    DRAW_STAKES = "draw_stakes"
    UNAPPLIED_RECEIPTS = "unapplied_receipts"
    SALES = "sales"
    DRAW_INCOME = "draw_income"
    MEMBERSHIP_INCOME = "membership_income"
    OTHER_INCOME = "other_income"
    DISCOUNTS = "discounts"
    REFUNDS = "refunds"
    COGS = "cogs"
    PAYMENT_FEES = "payment_fees"
    DELIVERY_COSTS = "delivery_costs"
    SUPPLIER_LOSSES = "supplier_losses"
    CARD_LOSSES = "card_losses"
    CHARGEBACKS = "chargebacks"
    COMMISSIONS = "commissions"
    MARKETING = "marketing"
    GOODWILL = "goodwill"
    DRAW_PRIZES = "draw_prizes"


MONEY_IN: dict[str, Account] = {
    "wallet": Account.CUSTOMER_WALLET,
    "wechat": Account.GATEWAY_RECEIVABLE,
    "alipay": Account.GATEWAY_RECEIVABLE,
    "unionpay": Account.GATEWAY_RECEIVABLE,
    "bank": Account.BANK,
}
"""Account that a payment method debits when an order is paid, and credits when it is paid back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One signed amount on one account."""

    account: Account
    amount_fen: int
    customer_id: int | None = None
    order_item_id: int | None = None
    supplier_id: int | None = None
    channel_id: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A document line: an amount of income or expense, positive in its own direction."""

    kind: str
    component: Component
    amount_fen: int
    order_item_id: int | None = None
    fulfilment_id: int | None = None
    customer_id: int | None = None
    supplier_id: int | None = None
    channel_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """A ledger transaction to be written: its entries sum to zero, none is zero."""

    reference: str
    event: str
    effective_at: datetime
    entries: tuple[Entry, ...]
    lines: tuple[Line, ...] = ()
    order_id: int | None = None

    def __post_init__(self) -> None:
        if sum(entry.amount_fen for entry in self.entries) != 0:
            raise ValueError(f"posting {self.reference} does not sum to zero: {self.entries}")
        if self.effective_at.tzinfo is None:
            raise ValueError(f"posting {self.reference} has a naive instant")

    def __bool__(self) -> bool:
        """An event without money posts nothing."""
        return bool(self.entries)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A fulfilment that was handed over: its share of the line, its cost (None when unknown) and where that lay.

    Supplier and channel are those that a purchase for it was made from.
    """

    fulfilment_id: int
    order_item_id: int
    order_id: int
    customer_id: int
    gross_fen: int
    discount_fen: int
    cost_fen: int | None
    delivered_at: datetime
    cost_from: Account = Account.CARD_INVENTORY
    supplier_id: int | None = None
    channel_id: int | None = None


def order_paid(
    payment_id: int,
    order_id: int,
    customer_id: int,
    method: str,
    net_fen: int,
    at: datetime,
    membership_fen: int = 0,
) -> Posting:
    """Money arrives; nothing is earned yet. `membership_fen` of it is for memberships, earned over time."""
    entries = (
        Entry(MONEY_IN[method], net_fen, customer_id),
        Entry(Account.UNEARNED_SALES, membership_fen - net_fen, customer_id),
        Entry(Account.UNEARNED_MEMBERSHIP, -membership_fen, customer_id),
    )
    return Posting(f"payment:{payment_id}", "order_paid", at, without_zeros(entries), (), order_id)


def fee_charged(
    payment_id: int, order_id: int, customer_id: int, fees: Sequence[tuple[int, int]], at: datetime
) -> Posting:
    """The gateway's fee for a payment; `fees` is (order item, fen) for each line, already split to the fen."""
    total = sum(fee for _, fee in fees)
    entries = (
        *(Entry(Account.PAYMENT_FEES, fee, customer_id, item) for item, fee in fees),
        Entry(Account.GATEWAY_RECEIVABLE, -total, customer_id),
    )
    lines = tuple(Line("payment_fee", "payment_fees", fee, item, None, customer_id) for item, fee in fees)
    return Posting(f"fee:{payment_id}", "fee_charged", at, without_zeros(entries), priced(lines), order_id)


def item_delivered(unit: Delivered) -> Posting:
    """Revenue and its discount are earned, and a known cost leaves the inventory."""
    of = (unit.customer_id, unit.order_item_id)
    cost = unit.cost_fen or 0
    whose = (unit.supplier_id, unit.channel_id)
    entries = (
        Entry(Account.UNEARNED_SALES, unit.gross_fen - unit.discount_fen, *of),
        Entry(Account.DISCOUNTS, unit.discount_fen, *of),
        Entry(Account.SALES, -unit.gross_fen, *of),
        Entry(Account.COGS, cost, *of, *whose),
        Entry(unit.cost_from, -cost, *of, *whose),
    )
    about = (unit.order_item_id, unit.fulfilment_id, unit.customer_id)
    lines = (
        Line("delivery", "gross_sales", unit.gross_fen, *about),
        Line("delivery", "discounts", unit.discount_fen, *about),
        Line("delivery", "cogs", cost, *about, *whose),
    )
    return Posting(
        f"delivery:{unit.fulfilment_id}",
        "item_delivered",
        unit.delivered_at,
        without_zeros(entries),
        priced(lines),
        unit.order_id,
    )


def refund_granted(
    refund_id: int,
    unit: Delivered,
    amount_fen: int,
    earned: bool,
    at: datetime,
    unearned: Account = Account.UNEARNED_SALES,
) -> Posting:
    """The shop owes money back: out of `unearned` before delivery, as a reduction of revenue after it."""
    of = (unit.customer_id, unit.order_item_id)
    debit = Account.REFUNDS if earned else unearned
    entries = (Entry(debit, amount_fen, *of), Entry(Account.REFUND_PAYABLE, -amount_fen, *of))
    lines = (
        (Line("refund", "refunds", amount_fen, unit.order_item_id, unit.fulfilment_id, unit.customer_id),)
        if earned
        else ()
    )
    return Posting(f"refund:{refund_id}", "refund_granted", at, without_zeros(entries), priced(lines), unit.order_id)


def refund_paid_out(
    refund_id: int, order_id: int, customer_id: int, method: str, amount_fen: int, at: datetime
) -> Posting:
    """The money goes back the way it came."""
    entries = (
        Entry(Account.REFUND_PAYABLE, amount_fen, customer_id),
        Entry(MONEY_IN[method], -amount_fen, customer_id),
    )
    return Posting(f"refund-paid:{refund_id}", "refund_paid_out", at, without_zeros(entries), (), order_id)


def codes_bought(batch_id: int, total_cost_fen: int, at: datetime, *, supplier_id: int | None = None) -> Posting:
    """A batch of codes enters the inventory and is owed to its supplier."""
    entries = (
        Entry(Account.CARD_INVENTORY, total_cost_fen, supplier_id=supplier_id),
        Entry(Account.SUPPLIER_PAYABLE, -total_cost_fen, supplier_id=supplier_id),
    )
    return Posting(f"batch:{batch_id}", "codes_bought", at, without_zeros(entries))


def batch_paid(batch_id: int, total_cost_fen: int, at: datetime, *, supplier_id: int | None = None) -> Posting:
    """The supplier of a batch is paid."""
    entries = (
        Entry(Account.SUPPLIER_PAYABLE, total_cost_fen, supplier_id=supplier_id),
        Entry(Account.BANK, -total_cost_fen, supplier_id=supplier_id),
    )
    return Posting(f"batch-paid:{batch_id}", "supplier_paid", at, without_zeros(entries))


def wallet_credited(
    reference: str, customer_id: int, amount_fen: int, source: Literal["bank", "goodwill"], at: datetime
) -> Posting:
    """An operator's credit: money received at the bank, or goodwill at the shop's expense."""
    entries = (
        Entry(Account.BANK if source == "bank" else Account.GOODWILL, amount_fen, customer_id),
        Entry(Account.CUSTOMER_WALLET, -amount_fen, customer_id),
    )
    lines = (Line("wallet_credit", "goodwill", amount_fen, None, None, customer_id),) if source == "goodwill" else ()
    return Posting(f"credit:{reference}", "wallet_credited", at, without_zeros(entries), lines)


def without_zeros(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Entries that carry money."""
    return tuple(entry for entry in entries if entry.amount_fen != 0)


def priced(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Document lines that carry money."""
    return tuple(line for line in lines if line.amount_fen != 0)
