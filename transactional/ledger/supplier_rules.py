"""Postings of purchases from suppliers: prepaid or on account, in flight, failed, unknown, settled, made good. Pure.

Each names its supplier and channel where they are known; balances by supplier are sums of these entries.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from transactional.ledger.rules import Account, Component, Entry, Line, Posting, priced, without_zeros

SUPPLIER_ACCOUNTS = (Account.SUPPLIER_PREPAID, Account.SUPPLIER_PAYABLE)
"""The accounts that a supplier's balance is made of: what lies with it, and what it is owed."""


def _from(prepaid: bool) -> Account:
    return Account.SUPPLIER_PREPAID if prepaid else Account.SUPPLIER_PAYABLE


def _moved(
    reference: str,
    event: str,
    accounts: tuple[Account, Account],
    amount_fen: int,
    at: datetime,
    of: tuple[int | None, int | None],
    lines: Iterable[Line] = (),
    item: int | None = None,
) -> Posting:
    """From the second account to the first; `of` is (supplier, channel).

    Entries name the order item that their lines are about, so that documents and ledger agree item by item.
    """
    supplier, channel = of
    signed = zip(accounts, (amount_fen, -amount_fen), strict=True)
    entries = (Entry(account, fen, None, item, supplier, channel) for account, fen in signed)
    return Posting(reference, event, at, without_zeros(entries), priced(lines))


def _loss(
    amount_fen: int,
    item: int | None,
    of: tuple[int | None, int | None],
    kind: str = "purchase",
    component: Component = "supplier_losses",
) -> Line:
    return Line(kind, component, amount_fen, item, supplier_id=of[0], channel_id=of[1])


def prepaid_topped_up(top_up_id: int, amount_fen: int, at: datetime, *, supplier_id: int | None = None) -> Posting:
    """Money is deposited with a supplier."""
    accounts = (Account.SUPPLIER_PREPAID, Account.BANK)
    return _moved(f"supplier-top-up:{top_up_id}", "prepaid_topped_up", accounts, amount_fen, at, (supplier_id, None))


def statement_paid(statement_id: int, amount_fen: int, at: datetime, *, supplier_id: int | None = None) -> Posting:
    """What a supplier was owed is paid."""
    accounts = (Account.SUPPLIER_PAYABLE, Account.BANK)
    return _moved(f"statement-paid:{statement_id}", "statement_paid", accounts, amount_fen, at, (supplier_id, None))


def purchase_submitted(
    purchase_id: int,
    cost_fen: int,
    prepaid: bool,
    at: datetime,
    *,
    supplier_id: int | None = None,
    channel_id: int | None = None,
) -> Posting:
    """The cost is set aside while the outcome is open."""
    accounts = (Account.PURCHASES_IN_FLIGHT, _from(prepaid))
    return _moved(f"purchase:{purchase_id}", "purchase_submitted", accounts, cost_fen, at, (supplier_id, channel_id))


def purchase_cost_settled(
    purchase_id: int,
    difference_fen: int,
    prepaid: bool,
    at: datetime,
    *,
    supplier_id: int | None = None,
    channel_id: int | None = None,
) -> Posting:
    """It succeeded for another amount than was set aside: `difference_fen` more in flight (negative: less)."""
    accounts = (Account.PURCHASES_IN_FLIGHT, _from(prepaid))
    of = (supplier_id, channel_id)
    return _moved(f"purchase-cost:{purchase_id}", "purchase_cost_settled", accounts, difference_fen, at, of)


def purchase_failed(
    purchase_id: int,
    cost_fen: int,
    prepaid: bool,
    at: datetime,
    *,
    supplier_id: int | None = None,
    channel_id: int | None = None,
) -> Posting:
    """Failed for sure: what was set aside goes back."""
    accounts = (_from(prepaid), Account.PURCHASES_IN_FLIGHT)
    of = (supplier_id, channel_id)
    return _moved(f"purchase-failed:{purchase_id}", "purchase_failed", accounts, cost_fen, at, of)


def purchase_written_off(
    purchase_id: int,
    cost_fen: int,
    order_item_id: int | None,
    at: datetime,
    *,
    supplier_id: int | None = None,
    channel_id: int | None = None,
) -> Posting:
    """Its outcome will not be learnt."""
    accounts = (Account.SUPPLIER_LOSSES, Account.PURCHASES_IN_FLIGHT)
    reference, of = f"purchase-written-off:{purchase_id}", (supplier_id, channel_id)
    lines = [_loss(cost_fen, order_item_id, of)]
    return _moved(reference, "purchase_written_off", accounts, cost_fen, at, of, lines, order_item_id)


def written_off_purchase_failed(
    purchase_id: int,
    cost_fen: int,
    prepaid: bool,
    order_item_id: int | None,
    at: datetime,
    *,
    supplier_id: int | None = None,
    channel_id: int | None = None,
) -> Posting:
    """A written-off purchase turned out to have failed: the supplier owes nothing, the loss is none."""
    accounts = (_from(prepaid), Account.SUPPLIER_LOSSES)
    reference, of = f"purchase-late-failed:{purchase_id}", (supplier_id, channel_id)
    lines = [_loss(-cost_fen, order_item_id, of)]
    return _moved(reference, "purchase_late_failed", accounts, cost_fen, at, of, lines, order_item_id)


def written_off_purchase_delivered(
    purchase_id: int,
    cost_fen: int,
    order_item_id: int | None,
    at: datetime,
    *,
    supplier_id: int | None = None,
    channel_id: int | None = None,
) -> Posting:
    """A written-off purchase was delivered after all: the code is stock."""
    accounts = (Account.CARD_INVENTORY, Account.SUPPLIER_LOSSES)
    reference, of = f"purchase-late-delivered:{purchase_id}", (supplier_id, channel_id)
    lines = [_loss(-cost_fen, order_item_id, of)]
    return _moved(reference, "purchase_late_delivered", accounts, cost_fen, at, of, lines, order_item_id)


def purchase_succeeded_after_refund(
    purchase_id: int,
    cost_fen: int,
    at: datetime,
    *,
    supplier_id: int | None = None,
    channel_id: int | None = None,
) -> Posting:
    """The order was refunded meanwhile: the code is stock."""
    accounts = (Account.CARD_INVENTORY, Account.PURCHASES_IN_FLIGHT)
    reference, of = f"purchase-to-stock:{purchase_id}", (supplier_id, channel_id)
    return _moved(reference, "purchase_succeeded_after_refund", accounts, cost_fen, at, of)


def purchase_credited(
    claim_id: int,
    amount_fen: int,
    prepaid: bool,
    order_item_id: int | None,
    at: datetime,
    *,
    supplier_id: int | None = None,
    channel_id: int | None = None,
) -> Posting:
    """A supplier gives money back for a bad code that it sold: less is owed, or the prepaid balance grows."""
    accounts = (_from(prepaid), Account.SUPPLIER_LOSSES)
    reference, of = f"purchase-credit:{claim_id}", (supplier_id, channel_id)
    lines = [_loss(-amount_fen, order_item_id, of, "purchase_credit")]
    return _moved(reference, "purchase_credited", accounts, amount_fen, at, of, lines, order_item_id)


def statement_difference_accepted(
    line_id: int,
    difference_fen: int,
    prepaid: bool,
    order_item_id: int | None,
    at: datetime,
    *,
    component: Literal["cogs", "supplier_losses"] = "supplier_losses",
    supplier_id: int | None = None,
    channel_id: int | None = None,
) -> Posting:
    """The supplier's statement is right: it took `difference_fen` more than the ledger says (negative: less).

    `component` is "cogs" when the cost of a delivered good is learnt to be another, a loss otherwise.
    """
    accounts = (Account(component), _from(prepaid))
    reference, of = f"statement-line:{line_id}", (supplier_id, channel_id)
    lines = [_loss(difference_fen, order_item_id, of, "statement_line", component)]
    return _moved(reference, "statement_difference_accepted", accounts, difference_fen, at, of, lines, order_item_id)


def exchange_difference(
    settlement_id: int, loss_fen: int, prepaid: bool, at: datetime, *, supplier_id: int | None = None
) -> Posting:
    """Settled at another rate than booked: `loss_fen` more in the shop's currency (negative: less)."""
    accounts, of = (Account.SUPPLIER_LOSSES, _from(prepaid)), (supplier_id, None)
    lines = [_loss(loss_fen, None, of)]
    return _moved(f"exchange:{settlement_id}", "exchange_difference", accounts, loss_fen, at, of, lines)
