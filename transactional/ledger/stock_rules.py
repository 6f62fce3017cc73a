"""Postings of the card pool: bad, void and expired codes, suppliers' credits for them, corrected costs. Pure."""

from collections.abc import Sequence
from datetime import datetime

from transactional.ledger.rules import Account, Entry, Line, Posting, priced, without_zeros


def code_lost(reference: str, cost_fen: int, at: datetime, about: tuple[int, int, int] | None = None) -> Posting:
    """A code is worth nothing: void, expired or found bad in stock; or it replaced a bad one that was delivered.

    `about` is (order item, fulfilment, customer) of a replacement. Unknown cost posts nothing.
    """
    item, fulfilment, customer = about or (None, None, None)
    entries = (
        Entry(Account.CARD_LOSSES, cost_fen, customer, item),
        Entry(Account.CARD_INVENTORY, -cost_fen, customer, item),
    )
    lines = (Line("code_lost", "card_losses", cost_fen, item, fulfilment, customer),)
    return Posting(reference, "code_lost", at, without_zeros(entries), priced(lines))


def batch_credited(
    credit_id: int, amount_fen: int, at: datetime, prepaid: bool = False, *, supplier_id: int | None = None
) -> Posting:
    """A supplier gives money back for bad codes: less is owed, or the prepaid balance grows."""
    debit = Account.SUPPLIER_PREPAID if prepaid else Account.SUPPLIER_PAYABLE
    entries = (
        Entry(debit, amount_fen, supplier_id=supplier_id),
        Entry(Account.CARD_LOSSES, -amount_fen, supplier_id=supplier_id),
    )
    lines = (Line("batch_credit", "card_losses", -amount_fen, supplier_id=supplier_id),)
    return Posting(f"batch-credit:{credit_id}", "batch_credited", at, without_zeros(entries), priced(lines))


def batch_cost_corrected(
    correction_id: int,
    in_stock_fen: int,
    lost_fen: int,
    delivered: Sequence[tuple[int, int, int, int]],
    at: datetime,
    *,
    supplier_id: int | None = None,
) -> Posting:
    """A cost learnt late: codes in stock are worth more or less, lost and delivered ones cost more or less, from today.

    `delivered` is (order item, fulfilment, customer, difference in fen) for each code that was sold.
    """
    total = in_stock_fen + lost_fen + sum(fen for *_, fen in delivered)
    entries = (
        Entry(Account.CARD_INVENTORY, in_stock_fen, supplier_id=supplier_id),
        Entry(Account.CARD_LOSSES, lost_fen, supplier_id=supplier_id),
        *(Entry(Account.COGS, fen, customer, item, supplier_id) for item, _, customer, fen in delivered),
        Entry(Account.SUPPLIER_PAYABLE, -total, supplier_id=supplier_id),
    )
    lines = (
        Line("cost_correction", "card_losses", lost_fen, supplier_id=supplier_id),
        *(
            Line("cost_correction", "cogs", fen, item, unit, customer, supplier_id)
            for item, unit, customer, fen in delivered
        ),
    )
    reference = f"batch-cost:{correction_id}"
    return Posting(reference, "batch_cost_corrected", at, without_zeros(entries), priced(lines))
