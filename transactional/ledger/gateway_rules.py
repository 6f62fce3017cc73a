"""Postings of gateways and wallets beside the sale itself: fees, receipts that fit nowhere, sharing, disputes. Pure."""

from collections.abc import Container, Sequence
from datetime import datetime

from transactional.ledger.rules import MONEY_IN, Account, Entry, Line, Posting, priced, without_zeros


def fee_corrected(
    reference: str, order_id: int | None, customer_id: int | None, fees: Sequence[tuple[int | None, int]], at: datetime
) -> Posting:
    """The bill's fee less the estimate, dated by the bill; negative when a fee is returned on a refund.

    `fees` is (order item, difference in fen) for each line, split to the fen.
    """
    total = sum(fee for _, fee in fees)
    entries = (
        *(Entry(Account.PAYMENT_FEES, fee, customer_id, item) for item, fee in fees),
        Entry(Account.GATEWAY_RECEIVABLE, -total, customer_id),
    )
    lines = tuple(Line("payment_fee", "payment_fees", fee, item, None, customer_id) for item, fee in fees)
    return Posting(reference, "fee_corrected", at, without_zeros(entries), priced(lines), order_id)


def receipt_unapplied(receipt_id: int, method: str, amount_fen: int, at: datetime) -> Posting:
    """Money came that matches no order or amount; it is owed to whoever sent it."""
    entries = (Entry(MONEY_IN[method], amount_fen), Entry(Account.UNAPPLIED_RECEIPTS, -amount_fen))
    return Posting(f"receipt:{receipt_id}", "receipt_unapplied", at, without_zeros(entries))


def receipt_applied(
    receipt_id: int, order_id: int, customer_id: int, net_fen: int, at: datetime, membership_fen: int = 0
) -> Posting:
    """Staff found the order that a receipt was for."""
    entries = (
        Entry(Account.UNAPPLIED_RECEIPTS, net_fen, customer_id),
        Entry(Account.UNEARNED_SALES, membership_fen - net_fen, customer_id),
        Entry(Account.UNEARNED_MEMBERSHIP, -membership_fen, customer_id),
    )
    reference = f"receipt-applied:{receipt_id}"
    return Posting(reference, "receipt_applied", at, without_zeros(entries), (), order_id)


def receipt_returned(receipt_id: int, method: str, amount_fen: int, at: datetime) -> Posting:
    """The gateway paid an unapplied receipt back."""
    entries = (Entry(Account.UNAPPLIED_RECEIPTS, amount_fen), Entry(MONEY_IN[method], -amount_fen))
    return Posting(f"receipt-returned:{receipt_id}", "receipt_returned", at, without_zeros(entries))


def profit_shared(share_id: int, order_id: int, shares: Sequence[tuple[int, int]], at: datetime) -> Posting:
    """The gateway paid a part of the money to a partner (分账). `shares` is (order item, fen), split to the fen."""
    return _shared(f"profit-share:{share_id}", "profit_shared", order_id, shares, at)


def profit_share_returned(share_id: int, order_id: int, shares: Sequence[tuple[int, int]], at: datetime) -> Posting:
    """The partner gave a share back, before a refund. `shares` is (order item, fen returned)."""
    back = [(item, -fen) for item, fen in shares]
    return _shared(f"profit-share-returned:{share_id}", "profit_share_returned", order_id, back, at)


def _shared(reference: str, event: str, order_id: int, shares: Sequence[tuple[int, int]], at: datetime) -> Posting:
    entries = (
        *(Entry(Account.COMMISSIONS, fen, None, item) for item, fen in shares),
        Entry(Account.GATEWAY_RECEIVABLE, -sum(fen for _, fen in shares)),
    )
    lines = tuple(Line("profit_share", "commissions", fen, item) for item, fen in shares)
    return Posting(reference, event, at, without_zeros(entries), priced(lines), order_id)


def charged_back(
    chargeback_id: int,
    order_id: int,
    customer_id: int,
    parts: Sequence[tuple[int, int, int, bool]],
    fee_fen: int,
    at: datetime,
    memberships: Container[int] = (),
) -> Posting:
    """The gateway took money back after a dispute, with a fee.

    `parts` is (order item, fulfilment, fen, earned): what was earned is a loss, the rest was never the shop's. Of the
    fulfilments in `memberships` the rest lies in unearned memberships; a running one has two parts.
    """
    total = sum(fen for _, _, fen, _ in parts)
    entries = (
        *(
            Entry(Account.CHARGEBACKS if earned else unearned_of(unit in memberships), fen, customer_id, item)
            for item, unit, fen, earned in parts
        ),
        Entry(Account.PAYMENT_FEES, fee_fen, customer_id),
        Entry(Account.GATEWAY_RECEIVABLE, -total - fee_fen, customer_id),
    )
    lines = (
        *(
            Line("chargeback", "chargebacks", fen, item, unit, customer_id)
            for item, unit, fen, earned in parts
            if earned
        ),
        Line("chargeback", "payment_fees", fee_fen, None, None, customer_id),
    )
    reference = f"chargeback:{chargeback_id}"
    return Posting(reference, "charged_back", at, without_zeros(entries), priced(lines), order_id)


def unearned_of(is_membership: bool) -> Account:
    """Where the price of something not yet earned lies."""
    return Account.UNEARNED_MEMBERSHIP if is_membership else Account.UNEARNED_SALES


def gateway_settled(settlement_id: int, amount_fen: int, at: datetime) -> Posting:
    """The gateway paid out to the shop's bank account."""
    entries = (Entry(Account.BANK, amount_fen), Entry(Account.GATEWAY_RECEIVABLE, -amount_fen))
    return Posting(f"settlement:{settlement_id}", "gateway_settled", at, without_zeros(entries))


def wallet_topped_up(payment_id: int, customer_id: int, method: str, amount_fen: int, at: datetime) -> Posting:
    """A customer puts money into the wallet."""
    entries = (
        Entry(MONEY_IN[method], amount_fen, customer_id),
        Entry(Account.CUSTOMER_WALLET, -amount_fen, customer_id),
    )
    return Posting(f"top-up:{payment_id}", "wallet_topped_up", at, without_zeros(entries))


def top_up_fee(payment_id: int, customer_id: int, fee_fen: int, at: datetime) -> Posting:
    """The gateway's fee for a top-up: no line of an order bears it."""
    of = (Entry(Account.PAYMENT_FEES, fee_fen, customer_id), Entry(Account.GATEWAY_RECEIVABLE, -fee_fen, customer_id))
    lines = (Line("payment_fee", "payment_fees", fee_fen, None, None, customer_id),)
    return Posting(f"fee:{payment_id}", "fee_charged", at, without_zeros(of), priced(lines))


def top_up_charged_back(
    chargeback_id: int, customer_id: int, from_wallet_fen: int, lost_fen: int, fee_fen: int, at: datetime
) -> Posting:
    """The gateway took a top-up back: what is left of it in the wallet goes, what was spent is a loss."""
    total = from_wallet_fen + lost_fen + fee_fen
    entries = (
        Entry(Account.CUSTOMER_WALLET, from_wallet_fen, customer_id),
        Entry(Account.CHARGEBACKS, lost_fen, customer_id),
        Entry(Account.PAYMENT_FEES, fee_fen, customer_id),
        Entry(Account.GATEWAY_RECEIVABLE, -total, customer_id),
    )
    lines = (
        Line("chargeback", "chargebacks", lost_fen, None, None, customer_id),
        Line("chargeback", "payment_fees", fee_fen, None, None, customer_id),
    )
    return Posting(f"chargeback:{chargeback_id}", "charged_back", at, without_zeros(entries), priced(lines))


def withdrawal_requested(withdrawal_id: int, customer_id: int, amount_fen: int, at: datetime) -> Posting:
    """Money leaves the wallet when its withdrawal is asked for, so that it cannot be spent meanwhile."""
    entries = (
        Entry(Account.CUSTOMER_WALLET, amount_fen, customer_id),
        Entry(Account.WITHDRAWALS_PAYABLE, -amount_fen, customer_id),
    )
    return Posting(f"withdrawal:{withdrawal_id}", "withdrawal_requested", at, without_zeros(entries))


def withdrawal_paid(part_id: int, customer_id: int, method: str, amount_fen: int, at: datetime) -> Posting:
    """A part of a withdrawal reached the customer: refunded by the gateway that it came with, or paid by the bank."""
    entries = (
        Entry(Account.WITHDRAWALS_PAYABLE, amount_fen, customer_id),
        Entry(MONEY_IN[method], -amount_fen, customer_id),
    )
    return Posting(f"withdrawal-paid:{part_id}", "withdrawal_paid", at, without_zeros(entries))


def withdrawal_returned(part_id: int, customer_id: int, amount_fen: int, at: datetime) -> Posting:
    """A part of a withdrawal was refused or failed: it is in the wallet again."""
    entries = (
        Entry(Account.WITHDRAWALS_PAYABLE, amount_fen, customer_id),
        Entry(Account.CUSTOMER_WALLET, -amount_fen, customer_id),
    )
    return Posting(f"withdrawal-returned:{part_id}", "withdrawal_returned", at, without_zeros(entries))


def balance_lapsed(reference: str, customer_id: int, amount_fen: int, at: datetime) -> Posting:
    """A dormant wallet balance becomes the shop's, where the law allows it."""
    entries = (
        Entry(Account.CUSTOMER_WALLET, amount_fen, customer_id),
        Entry(Account.OTHER_INCOME, -amount_fen, customer_id),
    )
    lines = (Line("lapsed_balance", "other_income", amount_fen, None, None, customer_id),)
    return Posting(f"lapsed:{reference}", "balance_lapsed", at, without_zeros(entries), priced(lines))
