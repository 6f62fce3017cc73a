"""Postings of memberships, commissions, advertising, couriers, and draws. Pure."""

from datetime import datetime

from transactional.ledger.rules import MONEY_IN, Account, Component, Entry, Line, Posting, priced, without_zeros


def membership_released(
    period_id: int, released_fen: int, amount_fen: int, customer_id: int, order_item_id: int, at: datetime
) -> Posting:
    """Another part of a membership is earned; `released_fen` before it makes the reference unique."""
    of = (customer_id, order_item_id)
    entries = (
        Entry(Account.UNEARNED_MEMBERSHIP, amount_fen, *of),
        Entry(Account.MEMBERSHIP_INCOME, -amount_fen, *of),
    )
    lines = (Line("membership", "membership_income", amount_fen, order_item_id, None, customer_id),)
    reference = f"membership:{period_id}:{released_fen}"
    return Posting(reference, "membership_released", at, without_zeros(entries), priced(lines))


def slot_sold(reference: str, customer_id: int, method: str, amount_fen: int, at: datetime) -> Posting:
    """A place sold ahead, such as an advertisement, is earned over time."""
    entries = (
        Entry(MONEY_IN[method], amount_fen, customer_id),
        Entry(Account.UNEARNED_OTHER, -amount_fen, customer_id),
    )
    return Posting(f"slot:{reference}", "slot_sold", at, without_zeros(entries))


def slot_released(reference: str, amount_fen: int, at: datetime) -> Posting:
    """Another part of it is earned."""
    entries = (Entry(Account.UNEARNED_OTHER, amount_fen), Entry(Account.OTHER_INCOME, -amount_fen))
    lines = (Line("slot", "other_income", amount_fen),)
    return Posting(f"slot-released:{reference}", "slot_released", at, without_zeros(entries), priced(lines))


def commission_earned(
    commission_id: int, customer_id: int, order_item_id: int | None, amount_fen: int, at: datetime
) -> Posting:
    """A referrer earned a commission on a purchase."""
    return _commission(f"commission:{commission_id}", "commission_earned", customer_id, order_item_id, amount_fen, at)


def commission_clawed_back(
    commission_id: int, customer_id: int, order_item_id: int | None, amount_fen: int, at: datetime
) -> Posting:
    """The purchase was refunded: so is the commission."""
    reference = f"commission-back:{commission_id}"
    return _commission(reference, "commission_clawed_back", customer_id, order_item_id, -amount_fen, at)


def _commission(
    reference: str, event: str, customer_id: int, item: int | None, amount_fen: int, at: datetime
) -> Posting:
    entries = (
        Entry(Account.COMMISSIONS, amount_fen, customer_id, item),
        Entry(Account.COMMISSION_PAYABLE, -amount_fen, customer_id, item),
    )
    lines = (Line("commission", "commissions", amount_fen, item, None, customer_id),)
    return Posting(reference, event, at, without_zeros(entries), priced(lines))


def advertised(spend_id: int, amount_fen: int, at: datetime) -> Posting:
    """Advertising was paid."""
    return _spent(f"spend:{spend_id}", "advertised", Account.MARKETING, "marketing", amount_fen, None, at)


def courier_paid(line_id: int, amount_fen: int, order_item_id: int | None, at: datetime) -> Posting:
    """A courier's charge."""
    account = Account.DELIVERY_COSTS
    return _spent(f"courier:{line_id}", "courier_paid", account, "delivery_costs", amount_fen, order_item_id, at)


def _spent(
    reference: str,
    event: str,
    account: Account,
    component: Component,
    amount_fen: int,
    order_item_id: int | None,
    at: datetime,
) -> Posting:
    entries = (Entry(account, amount_fen, None, order_item_id), Entry(Account.BANK, -amount_fen, None, order_item_id))
    lines = (Line(event, component, amount_fen, order_item_id),)
    return Posting(reference, event, at, without_zeros(entries), priced(lines))


def stake_taken(entry_id: int, customer_id: int, method: str, amount_fen: int, at: datetime) -> Posting:
    """A customer paid for a chance in a draw; it is nobody's income until the draw is decided."""
    entries = (Entry(MONEY_IN[method], amount_fen, customer_id), Entry(Account.DRAW_STAKES, -amount_fen, customer_id))
    return Posting(f"stake:{entry_id}", "stake_taken", at, without_zeros(entries))


def draw_decided(draw_id: int, amount_fen: int, at: datetime) -> Posting:
    """In the paid mode, the stakes of a decided draw are income."""
    entries = (Entry(Account.DRAW_STAKES, amount_fen), Entry(Account.DRAW_INCOME, -amount_fen))
    lines = (Line("draw", "draw_income", amount_fen),)
    return Posting(f"draw-decided:{draw_id}", "draw_decided", at, without_zeros(entries), priced(lines))


def stake_returned(entry_id: int, customer_id: int, amount_fen: int, at: datetime) -> Posting:
    """In the refundable mode, a losing stake becomes wallet credit."""
    entries = (
        Entry(Account.DRAW_STAKES, amount_fen, customer_id),
        Entry(Account.CUSTOMER_WALLET, -amount_fen, customer_id),
    )
    return Posting(f"stake-returned:{entry_id}", "stake_returned", at, without_zeros(entries))


def stake_set_off(entry_id: int, order_id: int, customer_id: int, amount_fen: int, at: datetime) -> Posting:
    """A losing stake pays a part of buying the item."""
    entries = (
        Entry(Account.DRAW_STAKES, amount_fen, customer_id),
        Entry(Account.UNEARNED_SALES, -amount_fen, customer_id),
    )
    return Posting(f"stake-set-off:{entry_id}", "stake_set_off", at, without_zeros(entries), (), order_id)


def prize_handed_over(prize_id: int, cost_fen: int, from_stock: bool, at: datetime) -> Posting:
    """A winner got the prize, from the card pool or bought for the purpose."""
    credit = Account.CARD_INVENTORY if from_stock else Account.BANK
    entries = (Entry(Account.DRAW_PRIZES, cost_fen), Entry(credit, -cost_fen))
    lines = (Line("prize", "draw_prizes", cost_fen),)
    return Posting(f"prize:{prize_id}", "prize_handed_over", at, without_zeros(entries), priced(lines))
