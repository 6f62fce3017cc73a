"""Postings of purchases from suppliers: prepaid or on account, in flight, failed, unknown, settled. Pure."""

from datetime import datetime

from transactional.ledger.rules import Account, Component, Entry, Line, Posting, priced, without_zeros


def _from(prepaid: bool) -> Account:
    return Account.SUPPLIER_PREPAID if prepaid else Account.SUPPLIER_PAYABLE


def _moved(
    reference: str, event: str, debit: Account, credit: Account, amount_fen: int, at: datetime, *lines: Line
) -> Posting:
    entries = (Entry(debit, amount_fen), Entry(credit, -amount_fen))
    return Posting(reference, event, at, without_zeros(entries), priced(lines))


def _loss(amount_fen: int, item: int | None, component: Component = "supplier_losses") -> Line:
    return Line("purchase", component, amount_fen, item)


def prepaid_topped_up(top_up_id: int, amount_fen: int, at: datetime) -> Posting:
    """Money is deposited with a supplier."""
    reference = f"supplier-top-up:{top_up_id}"
    return _moved(reference, "prepaid_topped_up", Account.SUPPLIER_PREPAID, Account.BANK, amount_fen, at)


def statement_paid(statement_id: int, amount_fen: int, at: datetime) -> Posting:
    """A supplier's statement is paid."""
    reference = f"statement-paid:{statement_id}"
    return _moved(reference, "statement_paid", Account.SUPPLIER_PAYABLE, Account.BANK, amount_fen, at)


def purchase_submitted(purchase_id: int, cost_fen: int, prepaid: bool, at: datetime) -> Posting:
    """The cost is set aside while the outcome is open."""
    reference = f"purchase:{purchase_id}"
    return _moved(reference, "purchase_submitted", Account.PURCHASES_IN_FLIGHT, _from(prepaid), cost_fen, at)


def purchase_failed(purchase_id: int, cost_fen: int, prepaid: bool, at: datetime) -> Posting:
    """Failed for sure: what was set aside goes back."""
    reference = f"purchase-failed:{purchase_id}"
    return _moved(reference, "purchase_failed", _from(prepaid), Account.PURCHASES_IN_FLIGHT, cost_fen, at)


def purchase_written_off(purchase_id: int, cost_fen: int, order_item_id: int | None, at: datetime) -> Posting:
    """Its outcome will not be learnt."""
    accounts = (Account.SUPPLIER_LOSSES, Account.PURCHASES_IN_FLIGHT)
    reference = f"purchase-written-off:{purchase_id}"
    return _moved(reference, "purchase_written_off", *accounts, cost_fen, at, _loss(cost_fen, order_item_id))


def written_off_purchase_failed(
    purchase_id: int, cost_fen: int, prepaid: bool, order_item_id: int | None, at: datetime
) -> Posting:
    """A written-off purchase turned out to have failed: the supplier owes nothing, the loss is none."""
    accounts = (_from(prepaid), Account.SUPPLIER_LOSSES)
    reference = f"purchase-late-failed:{purchase_id}"
    return _moved(reference, "purchase_late_failed", *accounts, cost_fen, at, _loss(-cost_fen, order_item_id))


def written_off_purchase_delivered(purchase_id: int, cost_fen: int, order_item_id: int | None, at: datetime) -> Posting:
    """A written-off purchase was delivered after all: the code is stock."""
    accounts = (Account.CARD_INVENTORY, Account.SUPPLIER_LOSSES)
    reference = f"purchase-late-delivered:{purchase_id}"
    return _moved(reference, "purchase_late_delivered", *accounts, cost_fen, at, _loss(-cost_fen, order_item_id))


def purchase_succeeded_after_refund(purchase_id: int, cost_fen: int, at: datetime) -> Posting:
    """The order was refunded meanwhile: the code is stock."""
    reference = f"purchase-to-stock:{purchase_id}"
    accounts = (Account.CARD_INVENTORY, Account.PURCHASES_IN_FLIGHT)
    return _moved(reference, "purchase_succeeded_after_refund", *accounts, cost_fen, at)


def exchange_difference(settlement_id: int, loss_fen: int, prepaid: bool, at: datetime) -> Posting:
    """Settled at another rate than booked: `loss_fen` more in the shop's currency (negative: less)."""
    reference = f"exchange:{settlement_id}"
    accounts = (Account.SUPPLIER_LOSSES, _from(prepaid))
    return _moved(reference, "exchange_difference", *accounts, loss_fen, at, _loss(loss_fen, None))
